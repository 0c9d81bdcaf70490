"""Threads for sync tools: they never block the event loop, and a hop costs little."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_LIMIT = min(64, (os.cpu_count() or 1) * 5 + 8)
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", contextvars.Context, Callable[[], Any]]


async def in_thread(function: Callable[[], T]) -> T:
    """Run a function in a worker thread, with the caller's context variables, and return its result.

    Args:
        function: What to run.

    Returns:
        Its result.

    Raises:
        BaseException: Whatever it raises. When the caller is cancelled the function still runs to its end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    _pool.submit((loop, future, contextvars.copy_context(), function))
    return await future


class _Pool:
    """Daemon threads that are made when there is work for them, and kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads = 0

    def submit(self, job: _Job) -> None:
        self._jobs.put(job)
        if not self._idle.acquire(blocking=False) and self._threads < self._limit:
            self._threads += 1
            threading.Thread(target=self._work, name="strands-tool", daemon=True).start()

    def _work(self) -> None:
        while True:
            loop, future, context, function = self._jobs.get()
            if not future.cancelled():
                _deliver(loop, future, *_outcome(context, function))
            del loop, future, context, function
            self._idle.release()


def _outcome(context: contextvars.Context, function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return context.run(function), None
    except StopIteration as error:
        return None, RuntimeError(f"a tool raised StopIteration: {error}")
    except BaseException as error:
        return None, error


def _deliver(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], value: Any, error: BaseException | None
) -> None:
    try:
        loop.call_soon_threadsafe(_settle, future, value, error)
    except RuntimeError:
        return  # the loop was closed while the tool ran; nobody waits for the result


def _settle(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)


def _after_fork() -> None:
    global _pool
    _pool = _Pool(_LIMIT)


_pool = _Pool(_LIMIT)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
