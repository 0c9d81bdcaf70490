"""Faults to be found: stores and engines that break one promise, and keep all the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from simulation.disk import Disk, DiskJournal, DiskRepository
from simulation.ledger import BY_DRIVERS, REMINDING, is_by_time
from strands.journal.entries import Draft, Entry
from strands.journal.protocol import Conflict
from strands_cli.worker.engine import Drive, Engine, Wake

LateDrafts = Callable[[Sequence[Draft], Sequence[Entry]], bool]
"""Whether drafts are taken though there are these newer entries."""


class PlantedRepository(DiskRepository):
    """A store that breaks a promise in the journals that it opens."""

    def __init__(self, disk: Disk, journal: Callable[[DiskJournal], DiskJournal]) -> None:
        super().__init__(disk)
        self._journal = journal

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> DiskJournal:
        return self._journal(await super().create(session_id, opened, rest))

    async def open(self, session_id: str) -> DiskJournal:
        return self._journal(await super().open(session_id))


class TakesLate(DiskJournal):
    """Appends some drafts though the journal has moved on."""

    late: LateDrafts = staticmethod(lambda drafts, newer: False)

    def __init__(self, inner: DiskJournal) -> None:
        super().__init__(inner.disk, inner.session_id, inner.rows)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        try:
            return await super().append(drafts, expect=expect, durable=durable)
        except Conflict as conflict:
            if not type(self).late(drafts, conflict.entries):
                raise
            return await super().append(drafts, expect=expect + len(conflict.entries), durable=durable)


def _late(late: LateDrafts) -> Callable[[DiskJournal], DiskJournal]:
    return type("TakesSomeLate", (TakesLate,), {"late": staticmethod(late)})


def _kind(kind: str) -> LateDrafts:
    return lambda drafts, newer: drafts[-1].kind == kind and not is_by_time(drafts[-1]) and not _is_taken_over(newer)


def _is_taken_over(newer: Sequence[Entry]) -> bool:
    return any(entry.kind == "leased" for entry in newer)


def _by_time(drafts: Sequence[Draft], newer: Sequence[Entry]) -> bool:
    return is_by_time(drafts[0]) and any(is_by_time(entry) and entry.key == drafts[0].key for entry in newer)


def _reminding(drafts: Sequence[Draft], newer: Sequence[Entry]) -> bool:
    first = drafts[0]
    return first.kind in REMINDING and any((each.kind, each.key) == (first.kind, first.key) for each in newer)


def _of_stale_driver(drafts: Sequence[Draft], newer: Sequence[Entry]) -> bool:
    return _is_taken_over(newer) and all(draft.kind in BY_DRIVERS for draft in drafts)


class HidesTools(TakesLate):
    """Does not tell which tools were started."""

    async def load(self) -> list[Entry]:
        return [
            entry._replace(kind="noted", key="", data={"value": 0})
            if entry.kind == "started" and "of" in entry.data
            else entry
            for entry in await super().load()
        ]


class SyncsNothing(TakesLate):
    """Says that all is durable, and nothing is but the beginning."""

    async def sync(self) -> None:
        if len(self.rows.entries) == 1:
            await super().sync()


STORES: Mapping[str, Callable[[DiskJournal], DiskJournal]] = {
    "a lost wake-up": _late(_kind("paused")),
    "an answer recorded twice": _late(_kind("answered")),
    "a started tool run again unasked": HidesTools,
    "a stale driver's append": _late(_of_stale_driver),
    "a deadline fired twice": _late(_by_time),
    "a reminder fired twice": _late(_reminding),
    "an acknowledged entry lost": SyncsNothing,
}
"""What is wrong with a store, and what its journals are."""


ENGINE = "a forgetful engine"


class ForgetfulEngine:
    """An engine that loses some wakes for good: it believes that it has delivered them."""

    def __init__(self, inner: Engine, chance: Callable[[], float]) -> None:
        self._inner = inner
        self._chance = chance
        self._lost: set[Wake] = set()

    def enqueue(self, connection: Any, wake: Wake) -> bool:
        return self._inner.enqueue(connection, wake)

    async def submit(self, wake: Wake) -> None:
        if wake not in self._lost and self._chance() < 0.9:
            await self._inner.submit(wake)
        else:
            self._lost.add(wake)

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        await self._inner.work(drive, slots=slots, alive_as=alive_as)

    async def cancel(self, namespace: str, session_id: str) -> None:
        await self._inner.cancel(namespace, session_id)

    async def reap(self, alive: Collection[str]) -> int:
        return await self._inner.reap(alive)
