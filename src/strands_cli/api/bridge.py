"""The bridge from sync to async: one place where a blocking call meets an event loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from strands._sync import run_alone

T = TypeVar("T")


def run_sync(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run what `start` returns to its end and return its result.

    A thread keeps one event loop, and with it its model clients, from call to call. Inside a running event loop (a
    notebook) it runs in a thread of ours.
    """
    return run_alone(start())


def run_resumable(start: Callable[[], Coroutine[Any, Any, T]], how: Callable[[], str]) -> T:
    """Run what `start` returns as `run_sync` does; Ctrl-C says what `how` returns: how to go on.

    Raises:
        KeyboardInterrupt: Somebody pressed Ctrl-C; what was finished is kept.
    """
    try:
        return run_sync(start)
    except KeyboardInterrupt:
        message = how()
        raise KeyboardInterrupt(message) from None
