"""A store in memory that keeps what was synced, loses the rest with the power, and goes back in time when told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from simulation.machine import CLOCK, EPOCH
from strands.journal import lines
from strands.journal.entries import Draft, Entry
from strands.journal.errors import SessionExistsError, SessionNotFoundError, StorageError
from strands.journal.protocol import Conflict


@dataclass
class Rows:
    """What a store holds of one session.

    Attributes:
        content: Its lines, one for each of `entries`.
        sums: The sum of each line.
        synced: How many of them outlive a power loss.
        deleted: Nothing more is read from it or written to it.
    """

    content: list[bytes] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    sums: list[str] = field(default_factory=list)
    synced: int = 0
    deleted: bool = False

    def put(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Write at the end."""
        found = []
        for draft in drafts:
            last = self.sums[-1] if self.sums else ""
            line, (entry,), sum_ = lines.encode([draft], len(self.entries), last, read=lines.read_json)
            self.content.append(line)
            self.entries.append(entry)
            self.sums.append(sum_)
            found.append(entry)
        return found

    def cut(self, count: int) -> None:
        """Keep the first `count`."""
        for kept in (self.content, self.entries, self.sums):
            del kept[count:]
        self.synced = min(self.synced, count)


class Disk:
    """All sessions of a store.

    Args:
        is_alive: Whether the store takes a driver for alive.

    Attributes:
        sessions: Session id to what there is of it.
        commits: The session of each entry, in the order in which they were written.
    """

    def __init__(self, is_alive: Callable[[str], bool]) -> None:
        self.is_alive = is_alive
        self.sessions: dict[str, Rows] = {}
        self.commits: list[str] = []

    def lose_unsynced(self) -> None:
        """What was not synced is gone."""
        for id, rows in list(self.sessions.items()):
            rows.cut(rows.synced)
            if not rows.entries:
                rows.deleted = True
                del self.sessions[id]

    def go_back(self, count: int) -> None:
        """The last `count` entries were never written."""
        for _ in range(min(count, len(self.commits))):
            id = self.commits.pop()
            rows = self.sessions.get(id)
            if rows is None:
                continue
            rows.cut(len(rows.entries) - 1)
            if not rows.entries:
                rows.deleted = True
                del self.sessions[id]


class DiskRepository:
    """The sessions of a disk; see `Repository`."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> DiskJournal:
        if session_id in self.disk.sessions:
            raise SessionExistsError(f"session {session_id!r} exists")
        rows = self.disk.sessions[session_id] = Rows()
        journal = DiskJournal(self.disk, session_id, rows)
        await journal.append((opened, *rest), expect=0, durable=True)
        return journal

    async def open(self, session_id: str) -> DiskJournal:
        if session_id not in self.disk.sessions:
            raise SessionNotFoundError(f"no session {session_id!r}")
        return DiskJournal(self.disk, session_id, self.disk.sessions[session_id])

    async def ids(self) -> list[str]:
        return list(self.disk.sessions)

    async def delete(self, session_id: str, *, expect: int | None = None) -> None:
        rows = self.disk.sessions.get(session_id)
        if expect is not None and (rows is None or len(rows.entries) != expect or rows.entries[-1].kind != "deleted"):
            return
        if rows is None:
            raise SessionNotFoundError(f"no session {session_id!r}")
        rows.deleted = True
        del self.disk.sessions[session_id]

    async def now(self) -> float:
        return EPOCH + CLOCK.now

    async def sweep(self) -> None:
        for id, rows in list(self.disk.sessions.items()):
            if rows.entries and rows.entries[-1].kind == "deleted":
                await self.delete(id)


class DiskJournal:
    """One session of a disk, as far as this object knows it; see `Journal`."""

    def __init__(self, disk: Disk, session_id: str, rows: Rows) -> None:
        self.disk = disk
        self._id = session_id
        self.rows = rows
        self._known = 0
        self._sum = ""

    @property
    def session_id(self) -> str:
        return self._id

    async def load(self) -> list[Entry]:
        self._known = 0
        return await self.tail(0)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        newer = await self.tail(expect)
        if newer:
            raise Conflict(newer)
        entries = self.rows.put(drafts)
        self.disk.commits += [self._id] * len(entries)
        self._note()
        if durable:
            await self.sync()
        return entries

    async def sync(self) -> None:
        self.rows.synced = len(self.rows.entries)

    async def tail(self, after: int) -> list[Entry]:
        rows = self.rows
        if rows.deleted or (rows.entries and rows.entries[-1].kind == "deleted"):
            raise SessionNotFoundError(f"no session {self._id!r}")
        behind = self._known > len(rows.sums)
        if behind or after > len(rows.sums) or (self._known and rows.sums[self._known - 1] != self._sum):
            raise StorageError(f"the store of session {self._id!r} has lost entries that it had confirmed")
        self._note()
        return rows.entries[after:]

    def _note(self) -> None:
        self._known = len(self.rows.sums)
        self._sum = self.rows.sums[-1] if self.rows.sums else ""

    def lease(self) -> AbstractAsyncContextManager[str]:
        raise NotImplementedError("who drives is known to the world")

    async def now(self) -> float:
        return EPOCH + CLOCK.now

    async def alive(self, driver: str) -> bool:
        return self.disk.is_alive(driver)
