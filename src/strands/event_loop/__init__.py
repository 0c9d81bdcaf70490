"""What governs the agent's loop from outside: retries of model calls."""

from importlib import import_module
from typing import Any

from .retry import ModelRetryStrategy

__all__ = ["ModelRetryStrategy"]


def __getattr__(name: str) -> Any:
    """Import a module of this package when somebody asks for it."""
    if name in ("event_loop", "pieces", "streaming"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
