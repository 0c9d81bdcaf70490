"""Where an agent is: what it waits for, which tools are open, and who works on it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

from strands.interrupt import InterruptState

if TYPE_CHECKING:
    from strands._core.recorder import OpenTurn


class CallUnderWay(Protocol):
    """A call of an agent.

    Attributes:
        under_way: The tool uses that are to run now and have not come to rest.
    """

    under_way: set[str]

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
