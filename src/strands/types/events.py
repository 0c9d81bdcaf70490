"""Events that a tool's stream may yield."""

from __future__ import annotations

from typing import Any, cast

from strands.interrupt import Interrupt
from strands.types.content import Message
from strands.types.event_loop import Metrics, StopReason, Usage
from strands.types.tool_use import ToolResult, ToolUse


class TypedEvent(dict[str, Any]):
    """An event as a dictionary, with a type."""

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        super().__init__(data or {})

    @property
    def is_callback_event(self) -> bool:
        """Whether callers of the agent are told of it."""
        return True

    def as_dict(self) -> dict[str, Any]:
        """Return it as a plain dictionary."""
        return dict(self)

    def prepare(self, invocation_state: dict[str, Any]) -> None:
        """Add what callers of the agent are told of the invocation."""


class ModelStopReason(TypedEvent):
    """The end of a model's answer: `event["stop"]` is its stop reason, message, usage and metrics."""

    def __init__(self, stop_reason: StopReason, message: Message, usage: Usage, metrics: Metrics) -> None:
        super().__init__({"stop": (stop_reason, message, usage, metrics)})

    @property
    def stop_reason(self) -> StopReason:
        """Why the answer ended."""
        return cast(StopReason, self["stop"][0])

    @property
    def message(self) -> Message:
        """The answer."""
        return cast(Message, self["stop"][1])

    @property
    def usage(self) -> Usage:
        """The tokens it took."""
        return cast(Usage, self["stop"][2])

    @property
    def metrics(self) -> Metrics:
        """The milliseconds it took."""
        return cast(Metrics, self["stop"][3])

    @property
    def is_callback_event(self) -> bool:
        return False


class ToolResultEvent(TypedEvent):
    """The result of a tool, as the last thing its stream yields."""

    def __init__(
        self, tool_result: ToolResult, exception: Exception | None = None, *, backgrounded: bool = False
    ) -> None:
        super().__init__({"type": "tool_result", "tool_result": tool_result})
        self.exception = exception
        self.backgrounded = backgrounded

    @property
    def is_callback_event(self) -> bool:
        return False

    @property
    def tool_result(self) -> ToolResult:
        return cast(ToolResult, self["tool_result"])

    @property
    def tool_use_id(self) -> str:
        return self.tool_result["toolUseId"]


class ToolStreamEvent(TypedEvent):
    """Something a tool yields on the way to its result."""

    def __init__(self, tool_use: ToolUse, tool_stream_data: Any) -> None:
        super().__init__({"type": "tool_stream", "tool_stream_event": {"tool_use": tool_use, "data": tool_stream_data}})

    @property
    def tool_use_id(self) -> str:
        """The call that yields it."""
        return cast(str, self["tool_stream_event"]["tool_use"]["toolUseId"])


class ToolInterruptEvent(TypedEvent):
    """A tool stops to ask.

    Args:
        tool_use: The call.
        interrupts: Its questions.
    """

    def __init__(self, tool_use: ToolUse, interrupts: list[Interrupt]) -> None:
        super().__init__({"tool_interrupt_event": {"tool_use": tool_use, "interrupts": interrupts}})

    @property
    def tool_use_id(self) -> str:
        """The call that asks."""
        return cast(str, self["tool_interrupt_event"]["tool_use"]["toolUseId"])

    @property
    def interrupts(self) -> list[Interrupt]:
        """Its questions."""
        return cast("list[Interrupt]", self["tool_interrupt_event"]["interrupts"])
