"""The one bridge from sync to async: everything is written once, as a coroutine, and run here for sync callers."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import selectors
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


class _Selector(selectors.DefaultSelector):
    """A selector that a forked child can close: what its parent listens to, in the same place, stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.pid = os.getpid()

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return super().unregister(fileobj) if os.getpid() == self.pid else self.get_key(fileobj)


class _Owned:
    """The event loop of one thread, closed when the thread or the process ends."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop() if os.name == "nt" else asyncio.SelectorEventLoop(_Selector())
        self._pid = os.getpid()

    @property
    def is_usable(self) -> bool:
        return self._pid == os.getpid() and not self.loop.is_closed()

    def end(self) -> None:
        """Close it, and what asynchronous generators have open in it."""
        if self.is_usable and not self.loop.is_running():
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.close()

    def close(self) -> None:
        if not self.loop.is_running() and not self.loop.is_closed():
            self.loop.close()

    def __del__(self) -> None:
        self.close()


class _Own(threading.local):
    owned: _Owned | None = None

    def end(self) -> None:
        owned, self.owned = self.owned, None
        if owned is not None:
            owned.end()


_own = _Own()
atexit.register(_own.end)


def _thread_loop() -> asyncio.AbstractEventLoop:
    owned = _own.owned
    if owned is None or not owned.is_usable:
        owned = _own.owned = _Owned()
    return owned.loop


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
