"""The one bridge from sync to async: everything is written once, as a coroutine, and run here for sync callers."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end and return what it returns.

    The calling thread keeps one event loop for all its calls, so clients that belong to a loop stay usable from call
    to call. When a loop is already running in this thread, the coroutine runs in a thread of its own.

    Args:
        coroutine: What to run.

    Returns:
        The coroutine's result.

    Raises:
        BaseException: Whatever the coroutine raises; on Ctrl-C it is cancelled first and may clean up.
    """
    return _run_elsewhere(coroutine) if _in_a_loop() else _run_on(_thread_loop(), coroutine)


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _OwnLoop(threading.local):
    """A thread's event loop; closed when the thread or the process ends."""

    loop: asyncio.AbstractEventLoop | None = None

    def close(self) -> None:
        loop, self.loop = self.loop, None
        if loop is not None and not loop.is_running() and not loop.is_closed():
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


class _Closer:
    """Closes its loop when the thread that owns it is gone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __del__(self) -> None:
        if not self._loop.is_running() and not self._loop.is_closed():
            self._loop.close()


_own = _OwnLoop()
atexit.register(_own.close)


def _thread_loop() -> asyncio.AbstractEventLoop:
    if _own.loop is None or _own.loop.is_closed():
        _own.loop = asyncio.new_event_loop()
        _own.__dict__["closer"] = _Closer(_own.loop)
    return _own.loop


def _run_on(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    except BaseException:
        if not task.done():
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
        raise


def _run_elsewhere(coroutine: Coroutine[Any, Any, T]) -> T:
    outcome: list[Any] = []
    failure: list[BaseException] = []
    context = contextvars.copy_context()

    def body() -> None:
        try:
            outcome.append(context.run(asyncio.run, coroutine))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=body, name="strands-sync", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    result: T = outcome[0]
    return result
