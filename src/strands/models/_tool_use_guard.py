"""Watches the tool uses of a reply while it streams: unique ids, arguments always, the right stop reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.types.exceptions import ModelUnavailableError

from ._content import ToolIds

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent


class ToolGuard:
    """Passes the events of one reply on.

    Args:
        messages: The conversation that the reply answers.
        provider: Whom to name in an error.
    """

    def __init__(self, messages: Messages, provider: str) -> None:
        self._ids = ToolIds(messages)
        self._provider = provider
        self._open = False
        self._said = False  # whether the open tool use has arguments
        self._used = False
        self.stopped = False

    def start(self, tool_use_id: str | None, name: str) -> StreamEvent:
        """Return the event that begins a tool use."""
        self._open, self._said, self._used = True, False, True
        unique = self._ids.unique(tool_use_id)
        return {"contentBlockStart": {"start": {"toolUse": {"toolUseId": unique, "name": name}}}}

    def arguments(self, text: str) -> StreamEvent:
        """Return the event for a piece of a tool use's arguments."""
        self._said = self._said or bool(text.strip())
        return {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}}}

    def stop(self) -> list[StreamEvent]:
        """Return the events that end a block; a tool use without arguments gets an empty object."""
        empty, self._open = self._open and not self._said, False
        return [*([self.arguments("{}")] if empty else []), {"contentBlockStop": {}}]

    def finish(self, stop_reason: str, **extra: Any) -> list[StreamEvent]:
        """Return the event that ends the message."""
        self.stopped = True
        if stop_reason in ("end_turn", "tool_use"):
            stop_reason = "tool_use" if self._used else "end_turn"
        stop: Any = {"stopReason": stop_reason, **extra}
        return [{"messageStop": stop}]

    def check_end(self) -> None:
        """Say so when the stream ended too early.

        Raises:
            ModelUnavailableError: It did.
        """
        if not self.stopped:
            raise ModelUnavailableError(f"{self._provider} broke off in the middle of its reply.")
