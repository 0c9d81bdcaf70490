"""Where code written against the Strands Agents SDK finds the events of tools."""

from .events import ModelStopReason, ToolResultEvent, ToolStreamEvent, TypedEvent

__all__ = ["ModelStopReason", "ToolResultEvent", "ToolStreamEvent", "TypedEvent"]
