"""What every store of journals must do, as a test suite to inherit from.

Subclass `JournalConformance` in a test module under a name that begins with `Test` and implement
`make_repository`; pytest collects the rest.
"""

from __future__ import annotations

import asyncio
import uuid

from strands.journal.conformance_deletion import DeletionConformance, draft, opening
from strands.journal.entries import Draft
from strands.journal.errors import SessionExistsError, SessionNotFoundError
from strands.journal.protocol import Conflict, Journal, Repository, copy_session, resolve_ids

__all__ = ["JournalConformance", "draft", "opening"]


class JournalConformance(DeletionConformance):
    """The rules of `Repository` and `Journal`, one test each."""

    async def begun(self, repository: Repository | None = None) -> Journal:
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

    def test_of_several_who_begin_one_session_one_does(self) -> None:
        async def check() -> None:
            async def begin(who: int) -> bool:
                try:
                    await self.make_repository().create("one", opening(), [draft("noted", "by", value=who)])
                except SessionExistsError:
                    return False
                return True

            won = await asyncio.gather(*(begin(who) for who in range(8)))
            assert won.count(True) == 1
            entries = await (await self.make_repository().open("one")).load()
            assert [entry.data.get("value") for entry in entries] == [None, won.index(True)]

        self.run(check())

    def test_a_copy_is_begun_with_all_that_it_holds(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            rest = [draft("started", "a", agent="x", lane="", prompt="p"), draft("asked", "q", prompt="?")]
            journal = await repository.create("copy", opening(), rest)
            for each in (journal, await repository.open("copy")):
                assert [(entry.seq, entry.kind, entry.key) for entry in await each.load()] == [
                    (0, "opened", ""),
                    (1, "started", "a"),
                    (2, "asked", "q"),
                ]
            await journal.append((draft("noted", "n"),), expect=3)

        self.run(check())

    def test_a_session_is_copied_under_another_id_and_stays_as_it_is(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            source = await self.begun(repository)
            await source.append((draft("asked", "q", prompt="?"), draft("paused")), expect=1, durable=True)
            before = await source.load()
            held = [Draft(*entry[1:]) for entry in before[:2]]
            copy = await copy_session(repository, await repository.open(source.session_id), held, "copy")
            await copy.append((draft("answered", "q", value="yes"),), expect=2)
            for reader in (self.make_repository(), repository):
                there = await (await reader.open("copy")).load()
                assert [(entry.seq, entry.kind, entry.key) for entry in there] == [
                    (0, "opened", ""),
                    (1, "asked", "q"),
                    (2, "answered", "q"),
                ]
                assert await (await reader.open(source.session_id)).load() == before

        self.run(check())

    def test_of_several_copies_under_one_id_there_is_one(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            source = await self.begun(repository)

            async def copy(who: int) -> bool:
                notes = [draft("noted", f"{who}/{number}") for number in range(5)]
                try:
                    await copy_session(repository, source, [opening(), *notes], "copy")
                except SessionExistsError:
                    return False
                return True

            won = await asyncio.gather(*(copy(who) for who in range(8)))
            assert won.count(True) == 1
            _, *notes = await (await self.make_repository().open("copy")).load()
            assert [entry.key for entry in notes] == [f"{won.index(True)}/{number}" for number in range(5)]
            await repository.delete("copy")
            assert await copy(9), "the id of a copy that was deleted is free"

        self.run(check())

    def test_what_was_deleted_is_not_copied(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            source = await self.begun(repository)
            (entry,) = await source.load()
            await repository.delete(source.session_id)
            await self.refused(copy_session(repository, source, [Draft(*entry[1:])], "copy"))
            await repository.create(source.session_id, opening())
            await self.refused(copy_session(repository, source, [Draft(*entry[1:])], "copy"))
            assert await repository.ids() == [source.session_id]

        self.run(check())

    def test_ids_are_found_by_how_they_begin(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            for name in ("ab", "a_c", "abc", "Abc", "a.c", "b"):
                await repository.create(name, opening())
            for prefix, ids in {
                "a": ["a.c", "a_c", "ab", "abc"],
                "ab": ["ab", "abc"],
                "abc": ["abc"],
                "A": ["Abc"],
                "a_": ["a_c"],
                "a.": ["a.c"],
            }.items():
                assert await resolve_ids(repository, prefix, 9) == ids
                assert await resolve_ids(repository, prefix) == ids[:2]
                assert await resolve_ids(repository, prefix, 1) == ids[:1]
            for nobody in ("", "c", "%", "_", "*", "../", "a/", "ａ", "nul\0", "\ud800", "x" * 300):
                assert await resolve_ids(repository, nobody) == [], f"{nobody!r} begins an id"

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

    def test_what_an_append_returns_is_what_is_read(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await self.begun(repository)
            given = {"tuple": (1, 2), "numbers": {1: "one", 2.5: "more"}, "empty": {}, "inner": [{"a": (None,)}]}
            (entry,) = await journal.append((draft("noted", "a", **given),), expect=1)
            assert entry.data == {
                "tuple": [1, 2],
                "numbers": {"1": "one", "2.5": "more"},
                "empty": {},
                "inner": [{"a": [None]}],
            }
            assert (await (await repository.open(journal.session_id)).load())[1] == entry
            given["inner"][0]["a"] = "changed afterwards"  # type: ignore[index]
            assert (await journal.load())[1].data["inner"] == [{"a": [None]}]

        self.run(check())

    def test_a_durable_append_is_an_append(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await self.begun(repository)
            await journal.append((draft("noted", "a"),), expect=1)
            both = await journal.append((draft("noted", "b"), draft("noted", "c")), expect=2, durable=True)
            assert [entry.seq for entry in both] == [2, 3]
            try:
                await journal.append((draft("noted", "d"),), expect=2, durable=True)
            except Conflict as conflict:
                assert [entry.key for entry in conflict.entries] == ["b", "c"]
            else:
                raise AssertionError("a stale write went through")
            several = [
                (await repository.open(journal.session_id)).append((draft("noted", str(n)),), expect=4, durable=True)
                for n in range(5)
            ]
            ended = await asyncio.gather(*several, return_exceptions=True)
            assert sum(isinstance(each, list) for each in ended) == 1
            assert len(await (await repository.open(journal.session_id)).load()) == 5

        self.run(check())

    def test_who_reads_changes_nothing_for_who_writes(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await self.begun(repository)
            for number in range(1, 5):
                reader = await repository.open(journal.session_id)
                assert len(await reader.load()) == number
                assert await repository.ids() == [journal.session_id]
                await journal.append((draft("noted", "n"),), expect=number)
                assert [entry.seq for entry in await reader.tail(number)] == [number]

        self.run(check())

    def test_a_journal_serves_several_event_loops_one_after_the_other(self) -> None:
        repository = self.make_repository()
        journals: list[Journal] = []

        async def begin() -> None:
            journals.append(await repository.create("one", opening()))

        async def go_on() -> None:
            count = len(await journals[0].load())
            await journals[0].append((draft("noted", "n"),), expect=count, durable=True)
            await journals[0].sync()

        for step in (begin, go_on, go_on):
            self.run(step())

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

    def test_a_driver_is_alive_while_its_block_runs(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await self.begun(repository)
            async with journal.lease() as driver:
                assert await journal.alive(driver)
                assert await (await repository.open(journal.session_id)).alive(driver)
                async with journal.lease() as other:
                    assert other != driver and await journal.alive(other)
                assert await journal.alive(driver) and not await journal.alive(other)
            assert not await journal.alive(driver)

        self.run(check())
