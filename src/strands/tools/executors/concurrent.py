"""Where code written against the Strands Agents SDK finds this executor."""

from . import ConcurrentToolExecutor

__all__ = ["ConcurrentToolExecutor"]
