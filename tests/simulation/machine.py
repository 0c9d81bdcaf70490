"""The machines of a simulation, as far as a program sees them: their clocks, their chance, and no threads.

`install` has to be called before anything of the product is imported: from then on this process has no time and no
chance but those of the simulation. A system that gives no threads is one that the product runs on: what it would hand
to a thread it does at once.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

EPOCH = 1_700_000_000.0


class Died(BaseException):
    """The process is gone: nothing that it does from here on happens."""


class Process:
    """A process on one of the machines.

    Args:
        name: What the trace calls it.
        skew: How many seconds its clock is ahead.
        chance: What its delays are drawn from.
    """

    def __init__(self, name: str, skew: float, chance: random.Random) -> None:
        self.name = name
        self.skew = skew
        self.chance = chance
        self.alive = True
        self.stalled_until = 0.0
        self.loses_reply = False
        self.tasks: dict[asyncio.Task[Any], None] = {}

    def check(self) -> None:
        """Go no further in a process that is gone."""
        if not self.alive:
            raise Died

    async def reach(self, seconds: float = 0.0) -> None:
        """Wait for somebody outside; a stopped process waits until it is let go on."""
        self.check()
        if seconds:
            await asyncio.sleep(seconds)
        if CLOCK.now < self.stalled_until:
            await self.reach(self.stalled_until - CLOCK.now)
        self.check()

    def kill(self) -> None:
        """End it here and now."""
        self.alive = False
        for task in list(self.tasks):
            task.cancel()


class Clock:
    """The time of all machines, in seconds since the simulation began.

    Attributes:
        now: What it is.
        tick: How long it takes to ask for it.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.tick = 0.0

    def monotonic(self) -> float:
        self.now += self.tick
        return self.now

    def time(self) -> float:
        """Return Unix time as the process that asks believes it to be."""
        process = PROCESS.get()
        return EPOCH + self.monotonic() + (process.skew if process is not None else 0.0)


CLOCK = Clock()
PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class Timer:
    """Stands where an event loop waits for the system: time passes, and nothing else happens."""

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise AssertionError("all wait, and nobody for time to pass")
        CLOCK.now += timeout
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop on the simulation's time; the tasks of a process are known to it."""

    _selector: Timer

    def __init__(self) -> None:
        super().__init__()
        self._selector = Timer()
        self.set_task_factory(_begun)

    def time(self) -> float:
        return CLOCK.now

    def _process_events(self, events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def _begun(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
    process = PROCESS.get()
    if process is not None:
        process.tasks[task] = None
        task.add_done_callback(lambda done: process.tasks.pop(done, None))
    return task


def spawn(process: Process | None, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Begin a task of a process; None for what is outside of all."""
    context = contextvars.copy_context()
    context.run(PROCESS.set, process)
    return context.run(asyncio.ensure_future, work)


def outside(function: Callable[[], Any]) -> Any:
    """Call a function as a server does, whose clock is no machine's of those that ask it."""
    token = PROCESS.set(None)
    try:
        return function()
    finally:
        PROCESS.reset(token)


class Chance:
    """Bytes that the system gives."""

    def __init__(self) -> None:
        self.begin("")

    def begin(self, seed: str) -> None:
        """Begin anew."""
        self._seed, self._count = seed.encode(), 0
        random.seed(seed)

    def bytes(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            self._count += 1
            found += sha256(self._seed + b"%d" % self._count).digest()
        return found[:size]


CHANCE = Chance()


def install() -> None:
    """Let this process have no other time, chance or threads."""
    time.time = CLOCK.time
    time.monotonic = time.perf_counter = CLOCK.monotonic
    os.urandom = CHANCE.bytes
    threading.Thread.start = _no_thread  # type: ignore[method-assign, assignment]
    logging.disable(logging.CRITICAL)


def _no_thread(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
