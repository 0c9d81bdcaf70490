"""Events that a tool's stream may yield."""

from __future__ import annotations

from typing import Any, cast

from strands.types.content import Message
from strands.types.event_loop import Metrics, StopReason, Usage
from strands.types.tools import ToolResult, ToolUse


class TypedEvent(dict[str, Any]):
    """An event as a dictionary, with a type."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as a plain dictionary."""
        return dict(self)


class ModelStopReason(TypedEvent):
    """The end of a model's answer: `event["stop"]` is its stop reason, message, usage and metrics."""

    def __init__(self, stop_reason: StopReason, message: Message, usage: Usage, metrics: Metrics) -> None:
        super().__init__({"stop": (stop_reason, message, usage, metrics)})


class ToolResultEvent(TypedEvent):
    """The result of a tool, as the last thing its stream yields."""

    def __init__(self, tool_result: ToolResult, exception: Exception | None = None) -> None:
        super().__init__({"type": "tool_result", "tool_result": tool_result})
        self.exception = exception

    @property
    def tool_result(self) -> ToolResult:
        return cast(ToolResult, self["tool_result"])

    @property
    def tool_use_id(self) -> str:
        return self.tool_result["toolUseId"]


class ToolStreamEvent(TypedEvent):
    """Something a tool yields on the way to its result."""

    def __init__(self, tool_use: ToolUse, tool_stream_data: Any) -> None:
        super().__init__({"tool_stream_event": {"tool_use": tool_use, "data": tool_stream_data}})
