"""Where code written against the Strands Agents SDK finds the events of tools."""

from .events import ToolResultEvent, ToolStreamEvent, TypedEvent

__all__ = ["ToolResultEvent", "ToolStreamEvent", "TypedEvent"]
