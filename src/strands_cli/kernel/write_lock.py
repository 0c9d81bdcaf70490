"""Who writes to a journal in one event loop: one at a time, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque


class WriteLock:
    """A lock that is taken without waiting, and without a coroutine, while nobody has it; an `asyncio.Lock` is not.

    `if not lock.take(): await lock.turn()`, and then `give_back` whatever happens.
    """

    __slots__ = ("_waiting", "is_taken")

    def __init__(self) -> None:
        self.is_taken: bool = False
        self._waiting: deque[asyncio.Future[None]] | None = None

    def take(self) -> bool:
        """Take it if nobody has it; return whether that was so."""
        if self.is_taken:
            return False
        self.is_taken = True
        return True

    async def turn(self) -> None:
        """Wait until it is handed on to this caller."""
        if self._waiting is None:
            self._waiting = deque()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():  # it was handed on at that very moment
                self.give_back()
            raise

    def give_back(self) -> None:
        """Hand it on to who has waited longest, if anybody does."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
        self.is_taken = False
