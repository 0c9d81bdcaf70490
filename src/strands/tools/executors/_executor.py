"""Where code written against the Strands Agents SDK finds this executor."""

from . import ToolExecutor

__all__ = ["ToolExecutor"]
