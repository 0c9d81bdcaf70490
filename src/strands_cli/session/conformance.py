"""What every session repository must do, as a test suite to inherit from.

Subclass `RepositoryConformance` in a test module under a name that begins with `Test` and implement
`make_repository`; pytest collects the rest.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any

from strands_cli.errors import AlreadyAnsweredError, SessionExistsError, SessionNotFoundError
from strands_cli.kernel.journal import FORMAT, Conflict, Journal
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Kind
from strands_cli.session import answers
from strands_cli.session.repository import SessionRepository


def draft(kind: Kind, key: str = "", **data: Any) -> Draft:
    """Return an entry to be."""
    return Draft(kind, key, data, time.time())


def opening() -> Draft:
    """Return the first entry of a session."""
    return draft("opened", format=FORMAT, workflow="w", pattern="chain", spec={}, inputs={})


class RepositoryConformance(ABC):
    """The rules of `SessionRepository` and `Journal`, one test each."""

    @abstractmethod
    def make_repository(self) -> SessionRepository:
        """Return a repository over the same store at every call within one test."""

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run one test."""
        asyncio.run(coroutine)

    async def begun(self, repository: SessionRepository | None = None) -> Journal:
        """Return the journal of a new session."""
        return await (repository or self.make_repository()).create(f"s-{uuid.uuid4().hex}", opening())

    def test_a_new_session_holds_its_opening(self) -> None:
        async def check() -> None:
            journal = await self.begun()
            (entry,) = await journal.load()
            assert (entry.seq, entry.kind, entry.data["workflow"]) == (0, "opened", "w")

        self.run(check())

    def test_an_id_is_taken_once(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            await repository.create("one", opening())
            try:
                await repository.create("one", opening())
            except SessionExistsError:
                return
            raise AssertionError("the id was given twice")

        self.run(check())

    def test_an_unknown_session_is_not_found(self) -> None:
        async def check() -> None:
            for name in ("nothing", "..", "a/b", "", "x" * 300, "ａ", "nul\0"):
                try:
                    await (await self.make_repository().open(name)).load()
                except SessionNotFoundError:
                    continue
                raise AssertionError(f"{name!r} was found")

        self.run(check())

    def test_sessions_are_listed_and_deleted(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            for name in ("a", "b"):
                await repository.create(name, opening())
            assert sorted(await repository.ids()) == ["a", "b"]
            await repository.delete("a")
            assert await repository.ids() == ["b"]
            await repository.create("a", opening())

        self.run(check())

    def test_entries_are_numbered_without_gaps_and_come_back_as_written(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await self.begun(repository)
            data = {"text": "ünï ✓ \u2028 \x00 " + "x" * 100_000, "nested": [{"a": None, "b": 1.5, "c": [True, False]}]}
            await journal.append((draft("noted", "a", **data), draft("noted", "b", lone="\ud800")), expect=1)
            await journal.append((draft("noted", "c/d#2"),), expect=3)
            await journal.sync()
            entries = await (await repository.open(journal.session_id)).load()
            assert [entry.seq for entry in entries] == [0, 1, 2, 3]
            assert entries[1].data == data
            assert entries[2].data == {"lone": "\ud800"}
            assert entries[3].key == "c/d#2"

        self.run(check())

    def test_a_stale_writer_is_told_what_it_missed_and_writes_nothing(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            one = await self.begun(repository)
            other = await repository.open(one.session_id)
            await other.load()
            await one.load()
            await one.append((draft("noted", "first"),), expect=1)
            try:
                await other.append((draft("noted", "second"),), expect=1)
            except Conflict as conflict:
                assert [entry.key for entry in conflict.entries] == ["first"]
            else:
                raise AssertionError("a stale write went through")
            await other.append((draft("noted", "second"),), expect=2)
            assert [entry.key for entry in await one.tail(2)] == ["second"]
            assert await one.tail(3) == []

        self.run(check())

    def test_one_question_has_one_winning_answer(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await self.begun(repository)
            await journal.append((draft("asked", "q", prompt="?"),), expect=1)

            async def answer(who: str) -> bool:
                handle = await repository.open(journal.session_id)
                try:
                    await answers.give(handle, "q", who, by=who)
                except AlreadyAnsweredError as error:
                    assert who not in str(error).split("by")[1].split("at")[0]
                    return False
                return True

            won = await asyncio.gather(*(answer(f"w{number}") for number in range(32)))
            assert won.count(True) == 1
            state = State(await (await repository.open(journal.session_id)).load())
            winner = state.answer("q")
            assert winner is not None and winner.value == winner.by == f"w{won.index(True)}"

        self.run(check())

    def test_a_driver_is_alive_while_its_block_runs(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await self.begun(repository)
            async with journal.lease() as driver:
                assert await journal.alive(driver)
                assert await (await repository.open(journal.session_id)).alive(driver)
            assert not await journal.alive(driver)

        self.run(check())
