"""Whose turn an agent is that several callers want at once: one works, the others wait."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

from .messages import CANCELLED

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.types.tools import ToolContext

WORKING: ContextVar[tuple[Any, ...]] = ContextVar("agents at work as tools", default=())
"""The agents at work as tools around the code that runs, the outermost first."""

LOOK_AGAIN = 0.01
"""Seconds between two looks at an agent that is at work; callers may be in several event loops."""
_waiting: list[tuple[tuple[Any, ...], Any]] = []  # who works around each caller that waits, and for whom it waits


async def take(agent: Host, context: ToolContext[Any] | None) -> str | None:
    """Take an agent for one tool use as soon as it is free.

    Returns:
        None when it was taken; else what the model is told: the agent can never become free while this call waits,
        or the call was cancelled.
    """
    lock = agent.turn.lock
    if lock.acquire(blocking=False):
        return None
    around = _around(context)
    entry = (around, agent)
    _waiting.append(entry)
    try:
        while not (_first_of(entry) and lock.acquire(blocking=False)):
            if _waits_for_itself(around, agent):
                return f"Agent {agent.name!r} is busy: it waits for this very call. Do it without that agent."
            if context is not None and context.cancel_signal.is_set():
                return CANCELLED
            await asyncio.sleep(LOOK_AGAIN)
    finally:
        _waiting.remove(entry)
    return None


def enter(agent: Host, context: ToolContext[Any] | None) -> Token[tuple[Any, ...]]:
    """Note that an agent, which was taken, is at work; return what `WORKING.reset` takes."""
    return WORKING.set((*_around(context), agent))


def _around(context: ToolContext[Any] | None) -> tuple[Any, ...]:
    caller = context.agent if context is not None else None
    return (*WORKING.get(), *((caller,) if caller is not None else ()))


def _first_of(entry: tuple[tuple[Any, ...], Any]) -> bool:
    """Who came first is served first."""
    return next((each for each in list(_waiting) if each[1] is entry[1]), entry) is entry


def _waits_for_itself(around: tuple[Any, ...], wanted: Any) -> bool:
    """Return whether who has `wanted` waits, over however many others, for one who works around the caller."""
    reached = [wanted]
    for agent in reached:
        if any(agent is each for each in around):
            return True
        for others, next_wanted in list(_waiting):
            if any(agent is each for each in others) and not any(next_wanted is each for each in reached):
                reached.append(next_wanted)
    return False
