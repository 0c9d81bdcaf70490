"""What every session repository must do when sessions are deleted: a part of `strands.journal.conformance`."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Coroutine
from typing import Any

from strands.journal.entries import FORMAT, Draft
from strands.journal.errors import SessionNotFoundError
from strands.journal.protocol import Repository


def draft(kind: str, key: str = "", **data: Any) -> Draft:
    """Return an entry to be."""
    return Draft(kind, key, data, time.time())


def opening() -> Draft:
    """Return the first entry of a session."""
    return draft("opened", format=FORMAT, workflow="w", pattern="chain", spec={}, inputs={})


class DeletionConformance(ABC):
    """The rules of deleting, one test each; a part of `JournalConformance`."""

    @abstractmethod
    def make_repository(self) -> Repository:
        """Return a repository over the same store at every call within one test."""

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run one test."""
        asyncio.run(coroutine)

    async def refused(self, what: Awaitable[object]) -> None:
        """Check that there is no such session for who still has its journal."""
        try:
            await what
        except SessionNotFoundError:
            return
        raise AssertionError("a deleted session was found")

    def test_who_has_the_journal_of_a_deleted_session_has_nothing(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("one", opening())
            other = await repository.open("one")
            await other.load()
            await repository.delete("one")
            for stale in (journal, other):
                await self.refused(stale.load())
                await self.refused(stale.tail(0))
                await self.refused(stale.append((draft("noted", "n"),), expect=1))
            await self.refused(repository.delete("one"))

        self.run(check())

    def test_nothing_of_a_deleted_session_gets_into_a_new_one_of_its_id(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            stale = await repository.create("one", opening())
            await stale.append((draft("noted", "n"),), expect=1)
            await repository.delete("one")
            new = await repository.create("one", opening())
            for count in (1, 2):  # shorter than the old one was, and as long
                for durable in (False, True):
                    await self.refused(stale.append((draft("noted", "x"),), expect=2, durable=durable))
                await self.refused(stale.load())
                assert len(await (await repository.open("one")).load()) == count
                await new.append((draft("noted", "n"),), expect=count)

        self.run(check())

    def test_from_its_entry_on_a_session_is_deleted(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("one", opening())
            other = await repository.open("one")
            await other.load()
            await journal.append((draft("deleted"),), expect=1, durable=True)
            await self.refused(other.append((draft("noted", "n"),), expect=1))
            await self.refused(journal.append((draft("noted", "n"),), expect=2))
            for each in (journal, other):
                await self.refused(each.load())
            await repository.sweep()
            assert await repository.ids() == []
            await repository.create("one", opening())
            assert len(await (await repository.open("one")).load()) == 1

        self.run(check())

    def test_an_id_is_free_at_once_when_a_deletion_died_half_way(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("one", opening())
            await journal.append((draft("deleted"),), expect=1)
            new = await repository.create("one", opening())
            await repository.delete("one", expect=2)  # the deletion that was thought dead goes on
            assert len(await new.load()) == 1
            assert await repository.ids() == ["one"]

        self.run(check())
