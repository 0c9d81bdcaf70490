"""A journal in memory: for runs that need not outlive their process, and for tests."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from strands_cli.errors import SessionExistsError, SessionNotFoundError
from strands_cli.kernel.journal import Conflict
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session import format as lines


class MemoryJournal:
    """A list of entries."""

    def __init__(self, session_id: str) -> None:
        self._id = session_id
        self._entries: list[Entry] = []
        self._sum = ""
        self._live: set[str] = set()

    @property
    def session_id(self) -> str:
        return self._id

    async def load(self) -> list[Entry]:
        return list(self._entries)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        if expect != len(self._entries):
            raise Conflict(self._entries[expect:])
        _, entries, self._sum = lines.encode(drafts, expect, self._sum)
        self._entries += entries
        return entries

    async def sync(self) -> None:
        return None

    async def tail(self, after: int) -> list[Entry]:
        return self._entries[after:]

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[str]:
        driver = uuid.uuid4().hex
        self._live.add(driver)
        try:
            yield driver
        finally:
            self._live.discard(driver)

    async def alive(self, driver: str) -> bool:
        return driver in self._live


class MemorySessionRepository:
    """Sessions that end with their process."""

    def __init__(self) -> None:
        self._journals: dict[str, MemoryJournal] = {}

    async def create(self, session_id: str, opened: Draft) -> MemoryJournal:
        if session_id in self._journals:
            raise SessionExistsError(f"session {session_id!r} exists", hint="Choose another id, or resume it.")
        journal = self._journals[session_id] = MemoryJournal(session_id)
        await journal.append((opened,), expect=0)
        return journal

    async def open(self, session_id: str) -> MemoryJournal:
        try:
            return self._journals[session_id]
        except KeyError:
            raise SessionNotFoundError(
                f"no session {session_id!r}", hint="It may have ended with its process."
            ) from None

    async def ids(self) -> list[str]:
        return list(self._journals)

    async def delete(self, session_id: str) -> None:
        await self.open(session_id)
        del self._journals[session_id]
