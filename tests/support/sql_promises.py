"""What every database that holds sessions must do, beside what every store does."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from strands.journal.blobs import LARGE
from strands.journal.errors import SessionDamagedError, SessionNotFoundError, StorageError
from strands.journal.sql import SqlRepository
from strands.journal.transfer import check_all
from strands_cli.kernel.state import State
from strands_cli.session import answers
from strands_cli.session.conformance import draft, opening
from support.answer_promises import AnswerPromises
from support.databases import Died, Dying, ReplyLost

FORKING = """
import asyncio, os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import store_at
store = store_at({url!r})
journal = asyncio.run(store.create("s", opening()))
mine = store.database.enter()
child = os.fork()
if not child:
    assert store.database.alive([mine]) == {{mine}}
    own = store.database.enter()
    assert own.partition(".")[0] != mine.partition(".")[0]
    asyncio.run(journal.append([draft("noted", "child")], expect=1))
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
asyncio.run(journal.load())
asyncio.run(journal.append([draft("noted", "parent")], expect=2, durable=True))
print([entry.key for entry in asyncio.run(journal.load())])
"""


class SqlPromises(AnswerPromises):
    """The rules of a store in a database, one test each.

    Attributes:
        url: Names the database.
    """

    url: str

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    def test_a_forked_child_has_a_connection_and_a_lease_of_its_own(self) -> None:
        code = FORKING.format(url=self.url)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.stdout == "['', 'child', 'parent']\n", done.stderr

    def test_an_append_whose_reply_was_lost_is_there_once(self) -> None:
        async def check() -> None:
            repository = SqlRepository(ReplyLost(self.make_repository().database))
            journal = await repository.create("one", opening(), [draft("asked", "q", prompt="?")])
            (entry,) = await journal.append([draft("noted", "n")], expect=2, durable=True)
            assert entry.seq == 2
            await answers.give(await repository.open("one"), "q", "yes", by="ann")
            kinds = [entry.kind for entry in await (await repository.open("one")).load()]
            assert kinds == ["opened", "asked", "noted", "answered"]
            await repository.delete("one")
            assert await repository.ids() == []

        self.run(check())

    def test_a_database_that_went_back_in_time_is_named_and_nothing_is_written(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("one", opening())
            for count in (1, 2, 3):
                await journal.append([draft("noted", f"n{count}")], expect=count)
            before = self.rows("select line from strands_entries where seq = 1")[0][0]
            sum_ = bytes(before)[-34:-2].decode()
            self.rows("delete from strands_entries where seq > 1")
            self.rows("update strands_sessions set count = 2, last_sum = ?", sum_)
            for _ in range(2):
                try:
                    await journal.append([draft("noted", "late")], expect=4, durable=True)
                except StorageError as error:
                    assert "has lost entries that it had confirmed" in error.message and "Resume" in error.hint
                else:
                    raise AssertionError("written behind what was lost")
            anew = await repository.open("one")
            assert [entry.key for entry in await anew.load()] == ["", "n1"]
            await anew.append([draft("noted", "on")], expect=2)

        self.run(check())

    def test_namespaces_know_nothing_of_each_other(self) -> None:
        async def check() -> None:
            one, other = self.make_repository("one"), self.make_repository("other")
            journal = await one.create("s", opening(), [draft("asked", "q", prompt="mine?")])
            try:
                await other.open("s")
            except SessionNotFoundError:
                pass
            else:
                raise AssertionError("another's session was found")
            theirs = await other.create("s", opening())
            await answers.give(journal, "q", "yes", by="ann")
            assert len(await theirs.load()) == 1
            await other.delete("s")
            assert await other.ids() == [] and await one.ids() == ["s"]
            assert len(await journal.load()) == 3

        self.run(check())

    def test_what_is_kept_beside_the_lines_says_nothing_that_anybody_said(self) -> None:
        async def check() -> None:
            journal = await self.make_repository().create("s", opening(), [draft("asked", "q", prompt="canary-1")])
            await answers.give(journal, "q", "canary-2", by="canary-3")
            await journal.append([draft("failed", "", error="canary-4")], expect=3)

        self.run(check())
        for table in ("sessions", "questions"):
            assert "canary" not in str(self.rows(f"select * from strands_{table}"))

    def test_any_text_is_a_key(self) -> None:
        async def check() -> None:
            asked = [draft("asked", key, prompt="?") for key in ("nul\0", "lone \ud800", 'json:"nul\\u0000"', "plain")]
            journal = await self.make_repository().create(
                "s", draft("opened", format=1, workflow="w\0", pattern="chain")
            )
            await journal.append(asked, expect=1)
            for each in asked:
                await answers.give(journal, each.key, "yes", by="ann")
            assert not State(await (await self.make_repository().open("s")).load()).open_questions()
            assert self.rows("select open from strands_sessions where kind = 'workflow'") == [(0,)]

        self.run(check())

    def test_one_damaged_session_hides_no_other(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            for name in ("whole", "damaged"):
                journal = await repository.create(name, opening())
                await journal.append([draft("noted", "n", text="what was written")], expect=1)
            line = bytes(self.rows("select line from strands_entries where session = ? and seq = 1", journal.no)[0][0])
            forged = line.replace(b"was", b"is!")
            self.rows("update strands_entries set line = ? where session = ? and seq = 1", forged, journal.no)
            assert await repository.ids() == ["damaged", "whole"]
            assert len(await (await repository.open("whole")).load()) == 2
            try:
                await (await repository.open("damaged")).load()
            except SessionDamagedError as error:
                assert "session 'damaged', entry 1: its checksum does not match" in error.message
            else:
                raise AssertionError("the damage was not noticed")

        self.run(check())

    def test_a_row_that_tells_of_other_lines_is_damage_that_is_named(self) -> None:
        faults = {
            "count = count + 1": "tells of 3 entries, and there are 2",
            "count = count - 1": "tells of 1 entries, and there are 2",
            "last_sum = 'other'": "another checksum",
        }

        async def refused(act: Callable[[], Coroutine[Any, Any, Any]], said: str) -> None:
            try:
                await asyncio.wait_for(act(), 20)
            except SessionDamagedError as error:
                assert said in error.message and "backup" in error.hint
            else:
                raise AssertionError("the damage was not noticed")

        async def check() -> None:
            repository = self.make_repository()
            for name, (fault, said) in zip("abc", faults.items(), strict=True):
                journal = await repository.create(name, opening())
                await journal.append([draft("noted", "n")], expect=1)
                self.rows(f"update strands_sessions set {fault} where id = ?", name)
                await refused(lambda held=journal: held.append([draft("noted", "m")], expect=2), said)  # type: ignore[misc]
                await refused((await repository.open(name)).load, said)
            journal = await repository.create("d", opening())
            await journal.append([draft("noted", "n")], expect=1)
            self.rows("delete from strands_entries where seq = 1 and session = ?", journal.no)
            await refused((await repository.open("d")).load, "tells of 2 entries, and there are 1")

        self.run(check())

    def test_what_was_redacted_is_gone_for_who_had_read_it(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("s", opening())
            await journal.append([draft("noted", "a", text="secret"), draft("noted", "b")], expect=1)
            stale = await repository.open("s")
            await stale.load()
            await journal.rewrite(
                lambda entry: {**entry.data, "text": "[gone]"} if entry.key == "a" else entry.data,
                [draft("redacted", "a")],
                expect=3,
            )
            assert b"secret" not in b"".join(bytes(line) for (line,) in self.rows("select line from strands_entries"))
            assert journal.size == len(await repository.export("s"))
            (news,) = await stale.tail(3)
            assert news.kind == "redacted" and (await stale.load())[1].data["text"] == "[gone]"
            await stale.append([draft("noted", "c")], expect=4)
            assert [entry.seq for entry in await journal.tail(4)] == [4]

        self.run(check())

    def test_who_dies_between_two_statements_leaves_all_or_nothing(self) -> None:
        async def check() -> None:
            for name, act in _ACTS.items():
                for left in range(30):
                    repository = self.make_repository(f"{name}-{left}")
                    await repository.create("s", opening(), [draft("asked", "q", prompt="?"), draft("paused")])
                    await repository.create("over", opening(), [draft("closed")])
                    before = await _content(repository)
                    dying = Dying(repository.database, left)
                    try:
                        await act(SqlRepository(dying, repository.namespace))
                    except Died:
                        assert await _content(repository) == before, f"{name} was half done after {left} statements"
                    assert [told.problem async for told in check_all(repository) if told.problem] == []
                    if dying.left >= 0:
                        break
                else:
                    raise AssertionError(f"{name} had no end")
                assert await _content(repository) != before

        self.run(check())

    def test_threads_and_loops_share_one_repository(self) -> None:
        repository = self.make_repository()
        self.run(_begun(repository, [f"s{number}" for number in range(4)]))
        failed: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for turn in range(3):
                    asyncio.run(_noted(repository, f"s{number % 4}", f"{number}/{turn}"))
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed

        async def check() -> None:
            for number in range(4):
                entries = await (await repository.open(f"s{number}")).load()
                assert [entry.seq for entry in entries] == list(range(7))

        self.run(check())

    def test_who_watches_many_sessions_asks_once_for_all(self) -> None:
        async def check() -> None:
            database = ReplyLost(self.make_repository().database)
            repository = SqlRepository(database)
            await _begun(repository, [f"s{number}" for number in range(40)])
            journals = [await repository.open(name) for name in await repository.ids()]
            for journal in journals:
                await journal.load()
            database.reads = 0
            assert await asyncio.gather(*(journal.tail(1) for journal in journals)) == [[]] * 40
            assert database.reads == 1

        self.run(check())


async def _content(repository: SqlRepository) -> dict[str, bytes]:
    return {name: await repository.export(name) for name in await repository.ids()}


async def _append(repository: SqlRepository) -> None:
    await (await repository.open("s")).append([draft("asked", "r"), draft("answered", "q", value="yes")], expect=3)


async def _large(repository: SqlRepository) -> None:
    await (await repository.open("s")).append([draft("noted", "n", value="x" * LARGE)], expect=3)


async def _answer(repository: SqlRepository) -> None:
    await answers.give(await repository.open("s"), "q", "yes", by="ann")


async def _fork(repository: SqlRepository) -> None:
    await repository.copy(await repository.open("s"), [opening(), draft("asked", "q", prompt="?")], "forked")


async def _redact(repository: SqlRepository) -> None:
    journal = await repository.open("s")
    await journal.load()
    await journal.rewrite(lambda entry: {**entry.data, "seen": True}, [draft("redacted", "x")], expect=3)


_ACTS: dict[str, Callable[[SqlRepository], Coroutine[Any, Any, object]]] = {
    "create": lambda repository: repository.create("new", opening(), [draft("asked", "q", prompt="?")]),
    "append": _append,
    "large": _large,
    "answer": _answer,
    "fork": _fork,
    "redact": _redact,
    "delete": lambda repository: repository.delete("s"),
    "prune": lambda repository: repository.prune(before=2**40, statuses=["completed"], limit=9),
}


async def _begun(repository: SqlRepository, names: Sequence[str]) -> None:
    for name in names:
        await repository.create(name, opening())


async def _noted(repository: SqlRepository, name: str, key: str) -> None:
    from strands.journal.protocol import Conflict

    journal = await repository.open(name)
    count = len(await journal.load())
    while True:
        try:
            await journal.append([draft("noted", key)], expect=count)
            return
        except Conflict as conflict:
            count += len(conflict.entries)
