"""Watches the tool uses of a reply while it streams: unique ids, complete arguments, the right stop reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.types.exceptions import ModelUnavailableError

from ._content import ToolIds, is_object

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent


class ToolGuard:
    """Passes the events of one reply on.

    The end of a tool use with incomplete arguments is held back until the stop reason is known: the token limit
    explains it; anything else means that the reply is broken and none of its tools may run.

    Args:
        messages: The conversation that the reply answers.
        provider: Whom to name in an error.
    """

    def __init__(self, messages: Messages, provider: str) -> None:
        self._ids = ToolIds(messages)
        self._provider = provider
        self._name: str | None = None
        self._arguments: list[str] = []
        self._broken: list[tuple[str, str]] = []
        self._used = False
        self.stopped = False

    def start(self, tool_use_id: str | None, name: str) -> StreamEvent:
        """Return the event that begins a tool use."""
        self._name, self._arguments, self._used = name, [], True
        unique = self._ids.unique(tool_use_id)
        return {"contentBlockStart": {"start": {"toolUse": {"toolUseId": unique, "name": name}}}}

    def arguments(self, text: str) -> StreamEvent:
        """Return the event for a piece of a tool use's arguments."""
        self._arguments.append(text)
        return {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}}}

    def stop(self) -> list[StreamEvent]:
        """Return the events that end a block."""
        name, self._name = self._name, None
        if name is not None:
            text = "".join(self._arguments)
            if not text.strip():
                return [self.arguments("{}"), {"contentBlockStop": {}}]
            if not is_object(text):
                self._broken.append((name, text))
                return []
        return [{"contentBlockStop": {}}]

    def finish(self, stop_reason: str, **extra: Any) -> list[StreamEvent]:
        """Return the events that end the message.

        Raises:
            ModelUnavailableError: Arguments of a tool use are no JSON object.
        """
        self.stopped = True
        events: list[StreamEvent] = []
        if self._broken:
            name, text = self._broken[0]
            if stop_reason != "max_tokens":
                raise ModelUnavailableError(
                    f"{self._provider} sent arguments for the tool {name!r} that are no JSON object: {text[:200]!r}"
                )
            events = [{"contentBlockStop": {}} for _ in self._broken]
        if stop_reason in ("end_turn", "tool_use"):
            stop_reason = "tool_use" if self._used else "end_turn"
        stop: Any = {"stopReason": stop_reason, **extra}
        events.append({"messageStop": stop})
        return events

    def check_end(self) -> None:
        """Say so when the stream ended too early.

        Raises:
            ModelUnavailableError: It did.
        """
        if not self.stopped:
            raise ModelUnavailableError(f"{self._provider} broke off in the middle of its reply.")
