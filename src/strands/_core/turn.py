"""Where an agent is: what it waits for, which tools are open, who works on it, and the wish that it stops."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

from strands._event import LazyEvent
from strands.interrupt import InterruptState

if TYPE_CHECKING:
    from strands._core.recorder import OpenTurn


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
        parent_calls: The latest tool uses of other agents that it worked in, by idempotency key, with the id of its
            next message when each began.
        brought: The hooks, tools and model of the process in which the open turn was begun, by name.
        invocation: The call under way, or None.
        lock: Held by whoever works on it: calls that overlap would mix their messages.
    """

    __slots__ = ("brought", "interrupts", "invocation", "lock", "open", "parent_calls")

    def __init__(self) -> None:
        self.interrupts: InterruptState = InterruptState()
        self.open: OpenTurn | None = None
        self.parent_calls: tuple[tuple[str, int], ...] = ()
        self.brought: dict[str, Any] | None = None
        self.invocation: CallUnderWay | None = None
        self.lock: threading.Lock = threading.Lock()


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
