"""How the tools of one message run: all at once, so many at once, or one after the other."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

Job = Callable[[], Coroutine[Any, Any, bool]]


class ToolExecutor(ABC):
    """Runs the tool calls of one message. A subclass decides the order."""

    @abstractmethod
    async def run(self, jobs: Sequence[Job]) -> None:
        """Run the jobs; each is called once and returns whether it finished, False when it stopped to ask."""


class ConcurrentToolExecutor(ToolExecutor):
    """All at once, or so many at once; a call that stops to ask leaves the others to finish.

    Args:
        max_concurrency: How many calls of one message run at the same time, in the order that the model asked for
            them; None for all.

    Raises:
        ValueError: `max_concurrency` is not a whole number above 0.
    """

    def __init__(self, max_concurrency: int | None = None) -> None:
        whole = isinstance(max_concurrency, int) and not isinstance(max_concurrency, bool) and max_concurrency > 0
        if max_concurrency is not None and not whole:
            raise ValueError(f"max_concurrency is {max_concurrency!r}; it must be a whole number above 0, or None")
        self.max_concurrency = max_concurrency

    async def run(self, jobs: Sequence[Job]) -> None:
        if len(jobs) == 1:
            await jobs[0]()
            return
        most = self.max_concurrency
        work = jobs if most is None or most >= len(jobs) else _so_many_at_once(most, jobs)
        create_task = asyncio.get_running_loop().create_task
        tasks = [create_task(job()) for job in work]
        try:
            await _all_ended(tasks)
        except asyncio.CancelledError:
            await _stop(tasks)
            raise
        failed = [task for task in tasks if task.cancelled() or task.exception() is not None]
        if failed:
            failed[0].result()


class SequentialToolExecutor(ToolExecutor):
    """One after the other, in the order the model asked; stops at the first call that stops to ask."""

    async def run(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if not await job():
                return


def _so_many_at_once(most: int, jobs: Sequence[Job]) -> list[Job]:
    slots = asyncio.Semaphore(most)

    async def when_free(job: Job) -> bool:
        async with slots:
            return await job()

    return [partial(when_free, job) for job in jobs]


async def _all_ended(tasks: Sequence[asyncio.Future[bool]]) -> None:
    """As `asyncio.wait`, which costs more than a tool's own way through the loop."""
    left = len(tasks)
    if not left:
        return
    ended = asyncio.get_running_loop().create_future()

    def count(_: object) -> None:
        nonlocal left
        left -= 1
        if not left and not ended.done():
            ended.set_result(None)

    for task in tasks:
        task.add_done_callback(count)
    await ended


async def _stop(tasks: Sequence[asyncio.Future[bool]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


__all__ = ["ConcurrentToolExecutor", "SequentialToolExecutor", "ToolExecutor"]
