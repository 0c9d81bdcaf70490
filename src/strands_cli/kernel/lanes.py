"""Lanes: the concurrent paths of one run, and the moment when all of them wait for people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Generic, TypeVar

from strands_cli.kernel.types import Paused

T = TypeVar("T")

lane_name: ContextVar[str] = ContextVar("strands_lane", default="")
slots: ContextVar[tuple[asyncio.Semaphore, ...]] = ContextVar("strands_slots", default=())


class Questions:
    """What lanes wait for; a base that does nothing, for runs in which nobody is asked."""

    def at_rest(self) -> None:
        """Called, in the event loop, each time the last busy lane stops to wait."""

    async def settled(self) -> None:
        """Awaited when a lane has ended well: what it has held back is to be on record."""

    def working(self, at_work: bool) -> None:
        """Called with whether some lane is at work, as opposed to with a person, at each change."""


class Lanes:
    """Counts the lanes that can go on by themselves, and those that are with a person.

    Attributes:
        failures: Lane and error of each lane that failed; one that holds other lanes fails with the first of theirs.
        questions: Whom they wait for.
    """

    __slots__ = ("_asking", "busy", "failures", "questions")

    def __init__(self, questions: Questions) -> None:
        self.busy: int = 1
        self.failures: tuple[tuple[str, BaseException], ...] = ()
        self.questions: Questions = questions
        self._asking = 0

    def block(self, *, tell: bool = True) -> bool:
        """A lane ends, or stops to wait for something that no other lane brings.

        Args:
            tell: Call `at_rest` if it is the last busy one; else the caller does what is to be done then.

        Returns:
            Whether it was the last busy one.
        """
        self.busy -= 1
        self.questions.working(self.busy > self._asking)
        if self.busy == 0 and tell:
            self.questions.at_rest()
        return self.busy == 0

    def unblock(self) -> None:
        """A lane begins or goes on."""
        self.busy += 1
        self.questions.working(self.busy > self._asking)

    def ask(self, change: int) -> None:
        """A lane goes to a person (1) or comes back (-1); it still counts as busy."""
        self._asking += change
        self.questions.working(self.busy > self._asking)

    async def all(
        self,
        jobs: Mapping[str, Callable[[], Awaitable[T]]],
        after: Mapping[str, Sequence[str]] | None = None,
        *,
        named: bool = True,
        limit: int | None = None,
    ) -> dict[str, T]:
        """Run `jobs` as lanes, each once the jobs it comes `after` are done, until every one is at rest.

        Args:
            jobs: Name to a function that starts the job; with `named`, the name becomes the lane's.
            after: Name to the names it depends on.
            limit: How many agent calls the jobs may have in flight together.

        Returns:
            Name to result, in the order of `jobs`.

        Raises:
            Exception: The first failed job's, in the order of `jobs`, once all are at rest.
            Paused: No job failed and some wait for people.
        """
        if not jobs:
            return {}
        group = _Group(self, jobs, after or {}, named, limit)
        return await group.run()


class _Group(Generic[T]):
    def __init__(
        self,
        lanes: Lanes,
        jobs: Mapping[str, Callable[[], Awaitable[T]]],
        after: Mapping[str, Sequence[str]],
        named: bool,
        limit: int | None,
    ) -> None:
        self.lanes, self.jobs, self.named = lanes, jobs, named
        self.missing = {name: len(set(after.get(name, ()))) for name in jobs}
        self.dependents: dict[str, list[str]] = {}
        for name in jobs:
            for dependency in set(after.get(name, ())):
                self.dependents.setdefault(dependency, []).append(name)
        self.semaphore = asyncio.Semaphore(limit) if limit else None
        self.tasks: dict[str, asyncio.Task[T]] = {}
        self.running = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> dict[str, T]:
        for name, missing in self.missing.items():
            if missing == 0:
                self._start(name)
        self.lanes.block()  # the lane that runs this waits for its jobs, which count themselves
        try:
            await self.over
        except asyncio.CancelledError:
            # Every job writes its last entries before the journal is given up.
            for task in self.tasks.values():
                task.cancel()
            await asyncio.gather(*self.tasks.values(), return_exceptions=True)
            raise
        return self._results()

    def _start(self, name: str) -> None:
        self.lanes.unblock()  # before the task first runs: else the last busy lane could seem to wait for people
        self.running += 1
        task = self.tasks[name] = asyncio.ensure_future(self._lane(name))
        task.add_done_callback(lambda done: self._ended(name, done))

    async def _lane(self, name: str) -> T:
        if self.named:
            lane_name.set(name)
        if self.semaphore is not None:
            slots.set((*slots.get(), self.semaphore))
        result = await self.jobs[name]()
        await self.lanes.questions.settled()
        return result

    def _ended(self, name: str, task: asyncio.Task[T]) -> None:
        self.running -= 1
        if not task.cancelled() and task.exception() is None:
            for dependent in self.dependents.get(name, ()):
                self.missing[dependent] -= 1
                if self.missing[dependent] == 0:
                    self._start(dependent)
        if self.running == 0 and not self.over.done():
            # The lane that waits for the jobs counts again before the last job stops counting: it will go on.
            self.lanes.unblock()
            self.over.set_result(None)
        self.lanes.block()

    def _results(self) -> dict[str, T]:
        paused: list[str] = []
        failure: BaseException | None = None
        for name in self.jobs:
            error = self.tasks[name].exception() if name in self.tasks and not self.tasks[name].cancelled() else None
            if isinstance(error, Paused):
                paused += error.keys
            elif error is not None:
                failure = failure or error
                # A lane that holds others fails with their error, which they have noted under their own names.
                if all(known is not error for _, known in self.lanes.failures):
                    self.lanes.failures = (*self.lanes.failures, (name, error))
        if failure is not None:
            raise failure
        if paused:
            raise Paused(paused)
        return {name: self.tasks[name].result() for name in self.jobs}
