"""A journal in memory: for runs that need not outlive their process, and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from strands._ids import new_id
from strands.journal import lines
from strands.journal.entries import Draft, Entry
from strands.journal.errors import SessionExistsError, SessionNotFoundError
from strands.journal.protocol import Conflict


class MemoryJournal:
    """A list of entries.

    Attributes:
        live: The drivers that are alive.
    """

    def __init__(self, session_id: str) -> None:
        self._id = session_id
        self._entries: list[Entry] = []
        self._deleted = False
        self.live: dict[str, None] = {}

    @property
    def session_id(self) -> str:
        return self._id

    async def load(self) -> list[Entry]:
        self._check_there()
        return list(self._entries)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        self._check_there()
        if expect != len(self._entries):
            raise Conflict(self._entries[expect:])
        entries = lines.as_read(drafts, expect)
        self._entries += entries
        self._deleted = entries[-1].kind == "deleted" if entries else False
        return entries

    async def rewrite(
        self, change: Callable[[Entry], Mapping[str, Any]], drafts: Sequence[Draft], *, expect: int
    ) -> list[Entry]:
        entries = await self.append(drafts, expect=expect)
        self._entries[:expect] = [entry._replace(data=change(entry)) for entry in self._entries[:expect]]
        return entries

    async def sync(self) -> None:
        return None

    async def tail(self, after: int) -> list[Entry]:
        self._check_there()
        return self._entries[after:]

    def bury(self) -> None:
        """Be deleted for whoever still has this object."""
        self._deleted = True

    @property
    def is_deleted(self) -> bool:
        """Whether nothing more is read from it or written to it."""
        return self._deleted

    def _check_there(self) -> None:
        if self._deleted:
            raise _missing(self._id)

    def lease(self) -> AbstractAsyncContextManager[str]:
        return _Lease(self)

    async def alive(self, driver: str) -> bool:
        return driver in self.live


class _Lease:
    """Being a driver while the block runs."""

    __slots__ = ("_driver", "_journal")

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self._driver = new_id()

    async def __aenter__(self) -> str:
        self._journal.live[self._driver] = None
        return self._driver

    async def __aexit__(self, *exc_info: object) -> None:
        self._journal.live.pop(self._driver, None)


class MemoryRepository:
    """Sessions that end with their process."""

    def __init__(self) -> None:
        self._journals: dict[str, MemoryJournal] = {}
        self._beside: dict[str, MemoryJournal] = {}

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> MemoryJournal:
        there = self._journals.get(session_id)
        if there is not None and not there.is_deleted:
            raise SessionExistsError(f"session {session_id!r} exists", hint="Choose another id, or resume it.")
        journal = MemoryJournal(session_id)
        await journal.append((opened, *rest), expect=0)
        self._journals[session_id] = journal
        return journal

    async def open(self, session_id: str) -> MemoryJournal:
        journal = self._journals.get(session_id)
        if journal is None or journal.is_deleted:
            raise _missing(session_id)
        return journal

    async def beside(self, name: str, opened: Draft | None = None) -> MemoryJournal:
        """Return a journal that is none of the sessions, as `strands.journal.beside.beside` does."""
        if name not in self._beside:
            if opened is None:
                raise _missing(name)
            journal = MemoryJournal(name)
            await journal.append([opened], expect=0)
            self._beside.setdefault(name, journal)
        return self._beside[name]

    async def ids(self) -> list[str]:
        return [session_id for session_id, journal in self._journals.items() if not journal.is_deleted]

    async def delete(self, session_id: str, *, expect: int | None = None) -> None:
        journal = self._journals.get(session_id)
        if expect is None:
            (await self.open(session_id)).bury()
        elif journal is None or not journal.is_deleted:
            return
        del self._journals[session_id]

    async def sweep(self) -> None:
        for session_id, journal in list(self._journals.items()):
            if journal.is_deleted:
                del self._journals[session_id]


def _missing(session_id: str) -> SessionNotFoundError:
    return SessionNotFoundError(f"no session {session_id!r}", hint="It may have ended with its process.")
