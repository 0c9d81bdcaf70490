"""Worker threads for sync tools and for the disk: they never block the event loop, and a hop costs little."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from sys import is_finalizing
from time import monotonic
from typing import Any, Generic, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)

_TOOLS = 128
_DISK = 16
_SETTLING = 0.01
"""Seconds for which those who waited for threads go on before the event loop may look around."""


async def in_thread(function: Callable[[], T]) -> T:
    """Run a function in a worker thread, with the caller's context variables, and return its result.

    Args:
        function: What to run.

    Returns:
        Its result.

    Raises:
        BaseException: Whatever it raises. When the caller is cancelled the function still runs to its end.
    """
    job = _started(_tools, function)
    try:
        return await job.future  # type: ignore[no-any-return]
    except asyncio.CancelledError:
        _tools.give_up(job)
        raise


def on_disk(function: Callable[[], T]) -> asyncio.Future[T]:
    """Start a function that waits for the disk in a worker thread; tools that block for long never hold it up.

    Args:
        function: What to run.

    Returns:
        A future of the running loop, with the function's result or what it raised. A function whose future was
        cancelled before its thread came to it does not run.
    """
    future: asyncio.Future[T] = _started(_disk, function).future
    return future


class PromptFuture(asyncio.Future):  # type: ignore[type-arg]
    """A future whose first waiter goes on at the moment when it is settled, not a round of the event loop later."""

    _first: tuple[Callable[[Any], object], contextvars.Context] | None = None

    def add_done_callback(self, fn: Callable[[Any], object], /, *, context: contextvars.Context | None = None) -> None:
        if self._first is None and not self.done():
            self._first = fn, contextvars.copy_context() if context is None else context
        else:
            super().add_done_callback(fn, context=context)

    def remove_done_callback(self, fn: Callable[[Any], object], /) -> int:
        if self._first is not None and self._first[0] == fn:
            self._first = None
            return 1 + super().remove_done_callback(fn)
        return super().remove_done_callback(fn)

    def cancel(self, msg: Any | None = None) -> bool:
        first, self._first = self._first, None
        if first is not None:  # who cancels may be the waiter itself, so this one is told later
            super().add_done_callback(first[0], context=first[1])
        return super().cancel(msg)

    def settle(self, value: Any, error: BaseException | None) -> None:
        """Set the result, or the exception; called by the event loop while no task runs."""
        first, self._first = self._first, None
        if error is None:
            self.set_result(value)
        else:
            self.set_exception(error)
        if first is not None:
            first[1].run(first[0], self)


class Shared(Generic[T]):
    """Work on the disk that several wait for: who stops waiting does not stop it.

    Args:
        function: What to run, as `on_disk` does.
        after: What the thread does once those who wait have been told, if it did not fail; it must not raise.

    Attributes:
        loop: The event loop that it was started in, and is waited for in.
        ended: Whether it has come to its end.
    """

    def __init__(self, function: Callable[[], T], after: Callable[[], None] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.ended = False
        self._waiting: list[PromptFuture] = []
        self._end: tuple[Any, BaseException | None] = None, None
        _started(_disk, function, self, after)

    def wait(self) -> asyncio.Future[T]:
        """Return a future, for one who waits, of the function's result or what it raised."""
        future = PromptFuture(loop=self.loop)
        if self.ended:
            future.settle(*self._end)
        else:
            self._waiting.append(future)
        return future

    def cancelled(self) -> bool:
        """It never is."""
        return False

    def settle(self, value: T, error: BaseException | None) -> None:
        """Tell all who wait."""
        self.ended, self._end = True, (value, error)
        self._tell()

    def _tell(self) -> None:
        try:
            while self._waiting:
                future = self._waiting.pop(0)
                if not future.done():
                    future.settle(*self._end)
        finally:
            if self._waiting:  # who was told raised what ends a program; the others are told all the same
                self.loop.call_soon(self._tell)


def in_background(function: Callable[[], None]) -> None:
    """Start a function that waits for the disk, from any thread; nobody waits for it, what it raises is logged."""
    _disk.submit(_Errand(function))


def _started(
    pool: _Pool,
    function: Callable[[], Any],
    shared: Shared[Any] | None = None,
    after: Callable[[], None] | None = None,
) -> _Job:
    loop = asyncio.get_running_loop()
    outbox = _outboxes.get(loop)
    if outbox is None:
        outbox = _outboxes[loop] = _Outbox(loop)
    future: Any = PromptFuture(loop=loop) if shared is None else shared
    job = _Job(outbox, future, contextvars.copy_context(), function, after)
    pool.submit(job)
    return job


class _Job:
    """A function on its way through a thread.

    Attributes:
        future: What its caller waits for.
        began: A thread is at it, or was.
        ended: No thread is at it any more.
        lent: Nobody waits for it, so the pool may have another thread while it keeps this one.
    """

    __slots__ = ("_after", "_context", "_error", "_function", "_outbox", "_value", "began", "ended", "future", "lent")

    def __init__(
        self,
        outbox: _Outbox,
        future: Any,
        context: contextvars.Context,
        function: Callable[[], Any],
        after: Callable[[], None] | None = None,
    ) -> None:
        self._after = after
        self._outbox = outbox
        self.future = future
        self._context = context
        self._function = function
        self._value: Any = None
        self._error: BaseException | None = None
        self.began = self.ended = self.lent = False

    def work(self) -> None:
        if self.future.cancelled():
            return
        self.began = True
        try:
            self._value = self._context.run(self._function)
        except StopIteration as error:
            self._error = RuntimeError(f"a tool raised StopIteration: {error}")
        except BaseException as error:  # who waits for it raises it
            self._error = error

    def deliver(self) -> None:
        after = self._after if self._error is None else None
        self._outbox.put(self)
        if after is not None:
            after()

    def settle(self) -> None:
        if not self.future.cancelled():
            self.future.settle(self._value, self._error)


class _Errand:
    """A function that nobody waits for."""

    __slots__ = ("_function", "ended")

    lent = False

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self.ended = False

    def work(self) -> None:
        try:
            self._function()
        except Exception:  # nobody waits for it, and the thread has other work
            logger.exception("%r failed in the background", self._function)

    def deliver(self) -> None:
        pass


class _Outbox:
    """Finished jobs of one event loop; several that finish together wake it once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._done: deque[_Job] = deque()
        self._waking = False

    def put(self, job: _Job) -> None:
        self._done.append(job)
        loop = self._loop()
        if self._waking or loop is None:
            return
        self._waking = True
        try:
            loop.call_soon_threadsafe(self._settle)
        except RuntimeError:
            self._done.clear()  # the loop was closed while the tool ran; nobody waits for the result

    def _settle(self) -> None:
        self._waking = False
        until = monotonic() + _SETTLING
        try:
            while self._done:
                self._done.popleft().settle()
                if monotonic() > until:
                    break
        finally:
            loop = self._loop()
            if self._done and loop is not None and not self._waking:  # or who was told raised what ends a program
                self._waking = True
                loop.call_soon(self._settle)


class _Pool:
    """Daemon threads that are made when there is work for them, and kept.

    Args:
        name: What its threads are called.
        limit: How many there are at most.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._jobs: SimpleQueue[_Job | _Errand] = SimpleQueue()
        self._idle: deque[None] = deque()
        self._threads = 0
        self._lending = threading.Lock()

    def give_up(self, job: _Job) -> None:
        """Nobody waits for a job any more: while it keeps a thread, there may be one more."""
        if not job.began:
            return
        with self._lending:
            if not job.ended and not job.lent:
                job.lent = True
                self._limit += 1
        if job.ended:  # only now
            self._take_back(job)

    def _take_back(self, job: Any) -> None:
        with self._lending:
            if job.lent:
                job.lent = False
                self._limit -= 1

    def submit(self, job: _Job | _Errand) -> None:
        """Have a thread do it.

        Raises:
            RuntimeError: The interpreter ends: a thread that is started now never begins, and who starts it waits.
        """
        if is_finalizing():
            raise RuntimeError("the interpreter ends, so no thread can be started")
        try:
            self._idle.pop()
        except IndexError:
            if self._threads < self._limit and not self._begin():
                job.work()
                job.ended = True
                job.deliver()
                return
        self._jobs.put(job)

    def _begin(self) -> bool:
        """Start a thread; False if the system gives none and there is none, so that who asks has to do the work."""
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError as error:
            logger.warning("no thread for %s could be started: %s", self._name, error)
            return self._threads > 0
        self._threads += 1
        return True

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            job.work()
            job.ended = True
            if job.lent:
                self._take_back(job)
            job.deliver()
            del job  # what it held may take its time to go, so this thread is not idle before
            self._idle.append(None)


def _fresh_pools() -> None:
    global _tools, _disk
    _tools, _disk = _Pool("strands-tool", _TOOLS), _Pool("strands-disk", _DISK)


_outboxes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Outbox] = weakref.WeakKeyDictionary()
_tools: _Pool
_disk: _Pool
_fresh_pools()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh_pools)
