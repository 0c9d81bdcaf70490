"""What governs the agent's loop from outside: retries of model calls."""

from .retry import ModelRetryStrategy

__all__ = ["ModelRetryStrategy"]
