"""A tool call that may take only so long: it is given up, and whatever it comes to later counts for nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from strands.types.exceptions import ToolTimeoutError

if TYPE_CHECKING:
    from strands.types.tools import AgentTool

T = TypeVar("T")

GRACE_SECONDS = 1.0
"""How long work that was cancelled may take to end before nobody waits for it any more."""
_LOOK_SECONDS = 0.05


class CallSignal(threading.Event):
    """Set when its call was given up, or when `agents`, the signal of the whole agent, is set."""

    def __init__(self, agents: threading.Event) -> None:
        super().__init__()
        self._agents = agents

    def is_set(self) -> bool:
        return super().is_set() or self._agents.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        ends = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            rest = _LOOK_SECONDS if ends is None else min(_LOOK_SECONDS, ends - time.monotonic())
            if rest <= 0:
                break
            super().wait(rest)
        return self.is_set()


class Late(Exception):
    """Work took longer than it may."""


async def within(seconds: float, work: Coroutine[Any, Any, T], give_up: Callable[[], None]) -> T:
    """Return what `work` comes to; when it takes longer than `seconds`, call `give_up` and cancel it.

    Raises:
        Late: It took longer. It was cancelled, and may still run where it does not heed that.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        raise
    if not done:
        give_up()
        task.cancel()
        task.add_done_callback(_forget)
        await asyncio.wait({task}, timeout=GRACE_SECONDS)
        raise Late
    return task.result()


def gave_up(tool: AgentTool) -> ToolTimeoutError:
    """Return the error that says that a call of a tool took too long."""
    text = f"tool {tool.tool_name!r} took longer than {tool.timeout_seconds:g} seconds and was given up"
    return ToolTimeoutError(text if tool.read_only else f"{text}; it may or may not have happened")


def _forget(task: asyncio.Task[Any]) -> None:
    """Nobody wants to know what it came to, nor to read in the log that nobody asked."""
    if not task.cancelled():
        task.exception()
