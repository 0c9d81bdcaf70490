"""Lists, inboxes and what is due: every store says the same, a database by as many queries for few as for many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from math import inf
from pathlib import Path
from typing import Any, TypeVar

import pytest

from strands import SessionManager
from strands.journal.by_deadline import questions_by_deadline
from strands.journal.database import Database, Row, Transaction, TransactionLayer
from strands.journal.entries import Draft
from strands.journal.find import Page, QuestionSummary, due, find, open_questions
from strands.journal.memory import MemoryRepository
from strands.journal.protocol import Repository
from strands.journal.sql import SqlRepository
from strands.journal.sqlite import SqliteDatabase
from strands_cli.kernel.state import State
from strands_cli.session import answers
from strands_cli.session.repository import store_at
from support.databases import ReplyLost
from support.postgres import close_all, fresh_url, needs_postgres

T = TypeVar("T")

NOW = time.time()


@pytest.fixture(params=["memory", "files", "sqlite", pytest.param("postgres", marks=needs_postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    if request.param == "postgres":
        yield store_at(fresh_url())
        close_all()
        return
    places = {"files": str(tmp_path / "files"), "sqlite": f"sqlite:///{tmp_path}/runs.db"}
    yield MemoryRepository() if request.param == "memory" else store_at(places[request.param])


def entry(kind: str, key: str = "", at: float = NOW, **data: Any) -> Draft:
    return Draft(kind, key, data, at)


def asked(key: str, at: float = NOW, **data: Any) -> Draft:
    return entry("asked", key, at, prompt="?", **data)


def opening(at: float = NOW, workflow: str = "w") -> Draft:
    return entry("opened", at=at, format=1, workflow=workflow, pattern="chain", spec={}, inputs={})


PAST, LATER = NOW - 60, NOW + 3600
SESSIONS: dict[str, list[Draft]] = {
    "new": [],
    "paused": [asked("q"), asked("r", deadline=LATER), entry("paused")],
    "half": [asked("q"), asked("r"), entry("paused"), entry("answered", "q", value=1)],
    "answered": [asked("q"), entry("paused"), entry("answered", "q", value=1)],
    "late": [asked("q", deadline=PAST), entry("paused")],
    "closed": [asked("q"), entry("closed")],
    "cancelled": [asked("q"), entry("paused"), entry("cancelled")],
    "failed": [entry("failed", error="x")],
    "asking": [entry("leased", driver="gone"), asked("q")],
    "again": [asked("q"), entry("paused"), entry("answered", "q", value=1), entry("leased", driver="gone")],
    "expired": [asked("q", deadline=PAST), entry("paused"), entry("expired", "q")],
    "deleted": [asked("q"), entry("deleted")],
}


async def begin(store: Repository) -> None:
    for number, (name, rest) in enumerate(SESSIONS.items()):
        await store.create(name, opening(NOW + number), rest[:1])
        journal = await store.open(name)
        for count, draft in enumerate(rest[1:], 2):
            await journal.append([draft], expect=count)


def test_every_store_tells_the_same(store: Repository) -> None:
    async def check() -> None:
        await begin(store)
        page = await find(store)
        told = {each.id: (each.rest, each.waits_for, each.asked) for each in page.items}
        assert told == {
            "new": ("interrupted", (), 0),
            "paused": ("paused", ("q", "r"), 2),
            "half": ("paused", ("r",), 2),
            "answered": ("paused", (), 1),
            "late": ("paused", (), 1),
            "closed": ("completed", (), 1),
            "cancelled": ("cancelled", (), 1),
            "failed": ("failed", (), 0),
            "asking": ("interrupted", ("q",), 1),
            "again": ("interrupted", (), 1),
            "expired": ("paused", (), 1),
        }
        assert [each.id for each in page.items] == [name for name in reversed(SESSIONS) if name != "deleted"]
        assert not any(each.driven for each in page.items)
        questions = (await open_questions(store)).items
        assert [(each.session_id, each.id) for each in sorted(questions)] == [
            ("asking", "q"),
            ("half", "r"),
            ("paused", "q"),
            ("paused", "r"),
        ]
        assert sorted(each.session_id for each in await due(store)) == ["answered", "expired", "half", "late"]

    asyncio.run(check())


def test_an_answer_by_a_clock_that_is_ahead_is_due_at_once(store: Repository) -> None:
    async def check() -> None:
        journal = await store.create("s", opening())
        await journal.append([asked("q"), asked("r", deadline=LATER), entry("paused")], expect=1)
        assert await due(store) == []
        await journal.append([entry("answered", "q", at=LATER + 1, value=1)], expect=4)
        assert [each.session_id for each in await due(store)] == ["s"]

    asyncio.run(check())


def test_a_list_says_what_the_journals_do(store: Repository) -> None:
    asyncio.run(begin(store))
    manager = SessionManager(repository=store)
    for status in (None, "running", "interrupted", "paused", "answered", "failed", "completed", "cancelled"):
        lines = manager.summaries(status=status)
        sessions = manager.list_sessions(status=status)
        assert [each["id"] for each in lines] == [each.id for each in sessions]
        assert [each["status"] for each in lines] == [each.status for each in sessions]
        assert [each["questions"] for each in lines] == [[q.id for q in each.questions] for each in sessions]
    assert [each["id"] for each in manager.summaries(limit=2)] == ["expired", "again"]
    assert [each.id for each in manager.list_sessions(limit=2, offset=1)] == ["again", "asking"]
    assert manager.summaries(workflow="other") == []
    assert {each.id for each in manager.list_waiting_sessions()} == {"paused", "half", "asking"}


def test_a_session_that_is_driven_is_running(store: Repository) -> None:
    async def check() -> None:
        journal = await store.create("s", opening())
        async with journal.lease() as driver:
            await journal.append([entry("leased", driver=driver)], expect=1)
            (told,) = (await find(store)).items
            assert told.driven
        (told,) = (await find(store)).items
        assert not told.driven

    asyncio.run(check())


def test_pages_come_to_all_of_them_once(store: Repository) -> None:
    async def check() -> None:
        for number in range(7):
            at = NOW + number // 3  # several begin at one moment
            questions = [asked("q", at), asked("r", at)]
            await store.create(
                f"s{number}", opening(at, "w" if number % 2 else "v"), [*questions, entry("paused", at=at)]
            )
        for kwargs, expected in (({}, 7), ({"workflow": "w"}, 3)):
            seen, after, more = [], "", True
            while more:
                page = await find(store, limit=2, after=after, **kwargs)
                assert len(page.items) <= 2
                seen += [each.id for each in page.items]
                after, more = page.after, bool(page.after)
            assert len(seen) == len(set(seen)) == expected
        inbox = [(each.session_id, each.id) for each in await all_of(open_questions, store, 3)]
        assert len(inbox) == len(set(inbox)) == 14

    asyncio.run(check())


async def all_of(query: Callable[..., Awaitable[Page[QuestionSummary]]], store: Repository, limit: int) -> list[Any]:
    """Return what the pages of a list have, one after the other."""
    found, after, more = list[QuestionSummary](), "", True
    while more:
        page = await query(store, limit=limit, after=after)
        assert len(page.items) <= limit
        found += page.items
        after, more = page.after, bool(page.after)
    return found


@pytest.mark.parametrize("many", [4, 40])
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_the_next_deadline_comes_first_and_what_has_none_last(store: Repository, many: int, limit: int) -> None:
    deadlines = [None, NOW + 9e8, NOW + 8e8, NOW + 9e8, NOW - 5]

    async def check() -> None:
        expected = []
        for number in range(many):
            at, until = NOW + number % 2, deadlines[number % 5]
            questions = [asked("q", at, **({} if until is None else {"deadline": until})), asked("r", at)]
            await store.create(f"s{number:02}", opening(at), [*questions, entry("paused", at=at)])
            expected += [(inf, at, f"s{number:02}", "r")]
            expected += [] if until == NOW - 5 else [(until or inf, at, f"s{number:02}", "q")]
        found = await all_of(questions_by_deadline, store, limit)
        assert [(each.deadline or inf, each.asked_at, each.session_id, each.id) for each in found] == sorted(expected)

    asyncio.run(check())


def test_a_list_of_many_asks_as_often_as_a_list_of_few(tmp_path: Path) -> None:
    async def check() -> None:
        database = ReplyLost(SqliteDatabase.at(tmp_path / "runs.db"))
        repository = SqlRepository(database)
        asks = []
        for many in (3, 40):
            for number in range(many):
                await repository.create(f"s{many}-{number}", opening(), [asked("q"), entry("paused")])
            database.reads = 0
            assert len((await repository.find(limit=50)).items) >= many
            await repository.open_questions()
            await repository.questions_by_deadline()
            await repository.due()
            asks.append(database.reads)
        assert asks == [4, 4]

    asyncio.run(check())


def test_the_row_of_a_session_says_what_the_fold_of_its_journal_does(store: Repository) -> None:
    async def check() -> None:
        await begin(store)
        for told in (await find(store)).items:
            state = State(await (await store.open(told.id)).load())
            assert told.tokens == sum(state.agent_tokens.values())
            assert told.waits_for == tuple(each.key for each in state.open_questions(time.time()))

    asyncio.run(check())


class Explaining(ReplyLost):
    """A database that asks for the plan of each statement before it runs it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.plans: list[str] = []

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        return self._database.write(lambda each: work(_Explained(each, self.plans)), durable=durable, single=single)

    def read(self, work: Callable[[Transaction], T]) -> T:
        return self._database.read(lambda each: work(_Explained(each, self.plans)))


class _Explained(TransactionLayer):
    def __init__(self, transaction: Transaction, plans: list[str]) -> None:
        super().__init__(transaction)
        self._plans = plans

    def execute(self, statement: str, *values: object) -> list[Row]:
        told = self._transaction.execute(f"explain query plan {statement}", *values)
        self._plans += [f"{detail} in {statement}" for *_, detail in told if str(detail).startswith("SCAN strands")]
        return super().execute(statement, *values)


def test_no_list_and_no_answer_looks_at_every_row(tmp_path: Path) -> None:
    async def check() -> None:
        database = Explaining(SqliteDatabase.at(tmp_path / "runs.db"))
        repository = SqlRepository(database)
        await begin(repository)
        await answers.give(await repository.open("paused"), "q", "yes", by="ann")
        await repository.find(rests=["paused"], workflow="w", after=f"{NOW!r} 1")
        await repository.open_questions(after=f"{NOW!r} 1 q")
        await repository.questions_by_deadline()
        await repository.questions_by_deadline(after=f"{NOW!r} {NOW!r} 1 q")
        await repository.due()
        await repository.resolve("pa")
        await repository.prune(before=NOW, statuses=["completed"], limit=10)
        await repository.delete("half")
        assert database.plans == []

    asyncio.run(check())
