"""Looking out: the runs at work in an event loop learn what others write, such as that they are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import islice
from typing import ClassVar, Protocol
from weakref import WeakKeyDictionary

WATCH_SECONDS = 0.2
"""How often a run that waits for answers, or for its agents, looks at its journal; one `stat` each."""

AT_ONCE = 100
"""How many runs that only work are looked at in one round, so that a thousand of them cost no more than that."""


class Looker(Protocol):
    """A run at work."""

    @property
    def waiting(self) -> bool:
        """Whether it waits for an answer."""
        ...

    async def look(self) -> None:
        """Look at the journal once."""
        ...


class Watch:
    """Has the runs of one event loop look at their journals, by one timer for all."""

    _all: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Watch]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._runs: dict[Looker, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._round: asyncio.Task[None] | None = None

    @classmethod
    def here(cls) -> Watch:
        """Return the one of the running event loop."""
        loop = asyncio.get_running_loop()
        found = cls._all.get(loop)
        if found is None:
            found = cls._all[loop] = Watch()
        return found

    def add(self, run: Looker) -> None:
        """Have a run look from now on."""
        self._runs[run] = None
        if self._timer is None and self._round is None:
            self._again()

    def remove(self, run: Looker) -> None:
        """The run is at rest."""
        self._runs.pop(run, None)  # the timer stays: the next run would need one
        if not self._runs and self._round is not None and self._round is not asyncio.current_task():
            self._round.cancel()

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if not self._runs:
            return
        self._round = asyncio.ensure_future(self._look(self._turn()))
        self._round.add_done_callback(self._ended)

    def _ended(self, done: asyncio.Task[None]) -> None:
        self._round = None
        if self._runs:
            self._again()

    def _turn(self) -> list[Looker]:
        """Return whose turn it is: all that wait, and the next of those that work."""
        working = list(islice((run for run in self._runs if not run.waiting), AT_ONCE))
        for run in working:
            self._runs[run] = self._runs.pop(run)  # to the end of the queue
        return [*(run for run in self._runs if run.waiting), *working]

    async def _look(self, runs: Iterable[Looker]) -> None:
        await asyncio.gather(*(run.look() for run in runs))
