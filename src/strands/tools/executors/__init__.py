"""How the tools of one message run: all at once, or one after the other."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence

Job = Callable[[], Awaitable[bool]]


class ToolExecutor(ABC):
    """Runs the tool calls of one message. A subclass decides the order."""

    @abstractmethod
    async def run(self, jobs: Sequence[Job]) -> None:
        """Run the jobs; each is called once and returns whether it finished, False when it stopped to ask."""


class ConcurrentToolExecutor(ToolExecutor):
    """All at once; a call that stops to ask leaves the others to finish."""

    async def run(self, jobs: Sequence[Job]) -> None:
        if len(jobs) == 1:
            await jobs[0]()
            return
        tasks = [asyncio.ensure_future(job()) for job in jobs]
        try:
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        except asyncio.CancelledError:
            await _stop(tasks)
            raise
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


class SequentialToolExecutor(ToolExecutor):
    """One after the other, in the order the model asked; stops at the first call that stops to ask."""

    async def run(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if not await job():
                return


async def _stop(tasks: Sequence[asyncio.Future[bool]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


__all__ = ["ConcurrentToolExecutor", "SequentialToolExecutor", "ToolExecutor"]
