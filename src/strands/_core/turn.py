"""Where an agent is: what it waits for, which tools are open, who works on it, and the wish that it stops."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

from strands._event import LazyEvent
from strands.interrupt import InterruptState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strands._core.recorder import OpenTurn
    from strands.types.content import Messages


class CallUnderWay(Protocol):
    """A call of an agent.

    Attributes:
        under_way: The tool uses that are to run now and have not come to rest.
    """

    under_way: frozenset[str]

    def interrupt_model_call(self) -> None:
        """Wake the model call that is being waited for, if one is; safe from any thread."""


class Turn:
    """Where an agent is.

    Attributes:
        interrupts: Its questions, and the message whose tools wait for their answers.
        open: The message whose tools are unfinished though no call works on them, or None.
        noted: What is known of the tools of the newest message, where the agent's own state is their record, or None.
        parent_calls: The latest tool uses of other agents that it worked in, by idempotency key, with the id of its
            next message when each began.
        brought: The hooks, tools and model of the process in which the open turn was begun, by name.
        invocation: The call under way, or None.
        lock: Held by whoever works on it: calls that overlap would mix their messages.
    """

    __slots__ = ("brought", "interrupts", "invocation", "lock", "noted", "open", "parent_calls")

    def __init__(self) -> None:
        self.interrupts: InterruptState = InterruptState()
        self.open: OpenTurn | None = None
        self.noted: OpenTurn | None = None
        self.parent_calls: tuple[tuple[str, int], ...] = ()
        self.brought: dict[str, Any] | None = None
        self.invocation: CallUnderWay | None = None
        self.lock: threading.Lock = threading.Lock()

    def to_note(self) -> dict[str, Any]:
        """Return what the agent's state keeps of its tools: nothing, where something else is their record."""
        if self.noted is None:
            return {}
        from strands._core.recorder import raised_in

        for interrupt in self.interrupts.pending:
            tool_use_id = raised_in(interrupt)
            if tool_use_id is not None:  # it came to rest at its question
                self.noted.forget(tool_use_id)
        return {"under_way": self.noted.to_dict()}

    def take_note(self, kept: Mapping[str, Any]) -> None:
        """Take over what `to_note` returned."""
        if isinstance(kept.get("under_way"), dict):
            from strands._core.recorder import OpenTurn

            self.noted = OpenTurn.from_dict(kept["under_way"])

    def take_up(self, messages: Messages) -> None:
        """Go on from what was noted, if the history ends with the message that it is about."""
        from strands._core.messages import open_tool_use, tool_uses
        from strands._core.recorder import OpenTurn

        noted, message = self.noted, open_tool_use(messages)
        if noted is None or message is None or self.open is not None:
            return
        known = {*noted.started, *noted.finished, *noted.subagents}
        if known <= {use["toolUseId"] for use in tool_uses(message)}:
            self.open = OpenTurn.from_dict(noted.to_dict())
            self.open.message = message


class Cancellation(LazyEvent):
    """The wish that an agent stops: an event, set when it is to stop as soon as possible. It holds for one call.

    Attributes:
        message: What it says at last, or None.
        after_tools: It is to stop once the tools of the message at hand have run.
    """

    message: str | None = None
    after_tools: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether the agent is to stop, now or after the tools at hand."""
        return self.after_tools or self.is_set()

    def end(self) -> None:
        """Forget it: the call that it was for is over."""
        if self.is_set():
            self.clear()
        if self.message is not None or self.after_tools:
            self.message, self.after_tools = None, False
