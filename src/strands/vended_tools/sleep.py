"""Waiting."""

from __future__ import annotations

import math
from collections.abc import Coroutine
from threading import Event
from typing import Any

from strands._threads import in_thread
from strands.tools.decorator import DecoratedFunctionTool, tool
from strands.types.tools import ToolContext

DEFAULT_MAX_DURATION = 60.0


def make_sleep(
    *, max_duration: float = DEFAULT_MAX_DURATION, name: str = "sleep", description: str | None = None
) -> DecoratedFunctionTool[..., Coroutine[Any, Any, str]]:
    """Return a tool that waits; it stops waiting when the agent is cancelled.

    Args:
        max_duration: Seconds it waits at most.
        name: What a model calls it by.
        description: What a model is told about it.

    Raises:
        ValueError: `max_duration` is not a finite number above 0.
    """
    if isinstance(max_duration, bool) or not isinstance(max_duration, (int, float)) or not 0 < max_duration < math.inf:
        raise ValueError(f"max_duration is {max_duration!r}; give a positive, finite number of seconds")
    told = description or f"Wait for a number of seconds, at most {max_duration:g}."

    @tool(name=name, description=told, context=True, read_only=True)
    async def sleep_tool(duration: float, tool_context: ToolContext[Any] | None = None) -> str:
        """Wait.

        Args:
            duration: Seconds to wait.
        """
        _check(duration, max_duration)
        stop = Event() if tool_context is None else tool_context.cancel_signal
        if await in_thread(lambda: stop.wait(duration)):
            raise RuntimeError("the agent was cancelled while it waited")
        return f"Slept for {duration:g} seconds"

    return sleep_tool


def _check(duration: Any, most: float) -> None:
    if isinstance(duration, bool) or not isinstance(duration, (int, float)) or not math.isfinite(duration):
        raise ValueError(f"duration is {duration!r}; give a finite number of seconds")
    if duration < 0:
        raise ValueError(f"duration is {duration!r}; give a non-negative number of seconds")
    if duration > most:
        raise ValueError(f"duration is {duration!r}, which exceeds maximum {most:g}; wait several times")


sleep: DecoratedFunctionTool[..., Coroutine[Any, Any, str]] = make_sleep()
"""`make_sleep()`, ready to be given to an agent."""
