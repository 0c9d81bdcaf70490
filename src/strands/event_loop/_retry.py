"""Where code written against the Strands Agents SDK finds the retry strategy."""

from .retry import ModelRetryStrategy

__all__ = ["ModelRetryStrategy"]
