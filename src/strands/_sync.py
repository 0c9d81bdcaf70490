"""The one bridge from sync to async: everything is written once, as a coroutine, and run here for sync callers."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import selectors
import signal
import threading
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import Any, TypeVar

from strands._threads import in_background

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end and return what it returns.

    The calling thread keeps one event loop for all its calls, so clients that belong to a loop stay usable from call
    to call. When a loop is already running in this thread, the coroutine runs in a kept thread of ours.

    Args:
        coroutine: What to run.

    Returns:
        The coroutine's result.

    Raises:
        BaseException: Whatever the coroutine raises; on Ctrl-C it is cancelled first and may clean up.
    """
    return _run_elsewhere(coroutine) if in_event_loop() else _run_on(_thread_loop(), coroutine)


def run_alone(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine as `run` does, and leave nothing of it behind in the loop.

    The first Ctrl-C cancels it and lets it come to rest, a second one ends the wait at once. Its error is raised as if
    no event loop stood between.

    Raises:
        KeyboardInterrupt: Somebody pressed Ctrl-C.
        BaseException: Whatever the coroutine raises.
    """
    if in_event_loop():
        return _run_elsewhere(coroutine)
    loop = _thread_loop()
    others = asyncio.all_tasks(loop)
    task = loop.create_task(coroutine)
    try:
        with _Interrupts(loop, task) as interrupts:
            _wait(loop, task)
    finally:
        _cancel(loop, asyncio.all_tasks(loop) - others)
    if interrupts.seen and task.cancelled():
        raise KeyboardInterrupt
    return task.result()


def in_sync_call() -> bool:
    """Whether somebody waits in a thread, in `run` or `run_alone`, for what the running event loop does."""
    owned = _own.owned
    return owned is not None and owned.loop.is_running()


class _Interrupts:
    """Turns Ctrl-C into the cancellation of a task, in the main thread and where nobody else handles it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
        self.seen = 0
        self._loop = loop
        self._task = task
        self._before: Any = None

    def __enter__(self) -> _Interrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _stop(self, number: int, frame: Any) -> None:
        self.seen += 1
        if self.seen > 1 or self._task.done():
            raise KeyboardInterrupt
        self._task.cancel()
        self._loop.call_soon_threadsafe(lambda: None)  # a loop that waits for its files looks at the task again


def _wait(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    """Run the loop until a task is done; what the task raises stays in it."""
    loop.run_until_complete(asyncio.wait([task]))


def _cancel(loop: asyncio.AbstractEventLoop, tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks))


def in_event_loop() -> bool:
    """Return whether an event loop runs in this thread."""
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
        """A thread that ends cannot run a loop any more: another one closes what is open in it."""
        if not self.is_usable or self.loop.is_running():
            return self.close()
        loop = self.loop
        try:
            in_background(lambda: _ended(loop))
        except RuntimeError:  # the interpreter ends, no thread can be started
            self.close()


def _ended(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


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


class _Worker:
    """A thread with an event loop of its own, kept for the calls that come from within running loops."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="strands-sync", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread, with the caller's context variables, and wait for it."""
        context = contextvars.copy_context()
        done: SimpleQueue[asyncio.Task[T]] = SimpleQueue()
        begun: list[asyncio.Task[T]] = []

        def job() -> None:
            loop = self._loop = _thread_loop()
            task = context.run(loop.create_task, coroutine)
            begun.append(task)
            try:
                _wait(loop, task)
                _cancel(loop, asyncio.all_tasks(loop))
            finally:
                done.put(task)

        self._jobs.put(job)
        try:
            return done.get().result()
        except BaseException:
            if begun and self._loop is not None and not begun[0].done():
                self._loop.call_soon_threadsafe(begun[0].cancel)
                done.get()
            raise

    def end(self) -> None:
        self._jobs.put(None)
        self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job
        _own.end()


_PATIENCE = 1.0
"""Seconds that a process which ends waits for a thread to close what is open in its loop."""
_KEPT = 8
_workers: list[_Worker] = []


def _run_elsewhere(coroutine: Coroutine[Any, Any, T]) -> T:
    try:
        worker = _workers.pop()
    except IndexError:
        worker = _Worker()
    try:
        return worker.run(coroutine)
    finally:
        if len(_workers) < _KEPT:
            _workers.append(worker)
        else:
            worker.end()


def _end_workers() -> None:
    while _workers:
        _workers.pop().end()


atexit.register(_end_workers)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.clear)
