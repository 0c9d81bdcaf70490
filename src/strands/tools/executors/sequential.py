"""Where code written against the Strands Agents SDK finds this executor."""

from . import SequentialToolExecutor

__all__ = ["SequentialToolExecutor"]
