"""Time as an effect: one injected clock, so that deadlines and backoff can run on virtual time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol


class Clock(Protocol):
    """Where the engine gets time from."""

    def now(self) -> float:
        """Return Unix time in seconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class StoreClock:
    """Unix time by the clock of the store, which decides of deadlines on however many machines; else by the machine's.

    Args:
        clock: The machine's.
        journal: What is kept in the store.
    """

    def __init__(self, clock: Clock, journal: object) -> None:
        self._clock = clock
        self._ask: Callable[[], Awaitable[float]] | None = getattr(journal, "now", None)
        self._told: tuple[float, float, float] | None = None

    async def now(self) -> float:
        """Ask the store; return Unix time in seconds."""
        if self._ask is None:
            return self._clock.now()
        told = float(await self._ask())
        self._told = told, self._clock.now(), self._clock.monotonic()
        return told

    def about(self) -> float:
        """Return about what `now` would, by what the store said last.

        Of the machine's two clocks one stands still while it sleeps, and the other is set by people: the later counts.
        """
        if self._told is None:
            return self._clock.now()
        told, then, since = self._told
        return told + max(self._clock.now() - then, self._clock.monotonic() - since)


class Stopwatch:
    """Counts seconds, except while everything waits for people."""

    __slots__ = ("_clock", "_since", "_total")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: float | None = clock.monotonic()
        self._total = 0.0

    def run(self, working: bool) -> None:
        """Count from now on, or stop counting."""
        if working and self._since is None:
            self._since = self._clock.monotonic()
        elif not working and self._since is not None:
            self._total += self._clock.monotonic() - self._since
            self._since = None

    def seconds(self) -> float:
        return self._total + (self._clock.monotonic() - self._since if self._since is not None else 0.0)
