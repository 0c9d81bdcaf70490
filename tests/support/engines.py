"""Engines to try workers with: one that lives in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection

from strands.journal.database import Transaction
from strands_cli.worker.engine import Drive, Wake


class MemoryQueue:
    """What several engines of one process share: wakes that are queued, and wakes that are at work."""

    def __init__(self) -> None:
        self.queued: dict[Wake, float] = {}
        self.held: dict[Wake, str] = {}


class MemoryEngine:
    """An engine whose queue is gone with its process.

    Args:
        queue: The queue.
        again: Seconds after which a wake comes again that raised, or that nobody was fit for.
    """

    def __init__(self, queue: MemoryQueue, again: float = 0.2) -> None:
        self._queue = queue
        self._again = again

    def enqueue(self, transaction: Transaction, wake: Wake) -> bool:
        return False

    async def submit(self, wake: Wake) -> None:
        if wake not in self._queue.held:
            self._queue.queued.setdefault(wake, 0.0)

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        free, at_work = asyncio.Semaphore(slots), set[asyncio.Task[None]]()
        try:
            while True:
                await free.acquire()
                wake = await self._next()
                self._queue.held[wake] = alive_as
                task = asyncio.create_task(self._driven(drive, wake, free))
                at_work.add(task)
                task.add_done_callback(at_work.discard)
        finally:
            if at_work:
                await asyncio.wait(at_work)

    async def cancel(self, namespace: str, session_id: str) -> None:
        for wake in list(self._queue.queued):
            if wake[:2] == (namespace, session_id):
                del self._queue.queued[wake]

    async def reap(self, alive: Collection[str]) -> int:
        dead = [wake for wake, worker in self._queue.held.items() if worker not in alive]
        for wake in dead:
            del self._queue.held[wake]
            self._queue.queued[wake] = 0.0
        return len(dead)

    async def _next(self) -> Wake:
        while True:
            now = asyncio.get_running_loop().time()
            for wake, due in self._queue.queued.items():
                if due <= now:
                    del self._queue.queued[wake]
                    return wake
            await asyncio.sleep(0.01)

    async def _driven(self, drive: Drive, wake: Wake, free: asyncio.Semaphore) -> None:
        outcome = "raised"
        with contextlib.suppress(OSError):
            outcome = await drive(wake)
        del self._queue.held[wake]
        if outcome in ("raised", "unfit"):
            self._queue.queued[wake] = asyncio.get_running_loop().time() + self._again
        free.release()
