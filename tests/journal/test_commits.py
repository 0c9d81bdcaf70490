"""How often a database commits, and waits for the disk, while a workflow runs: what is known together is one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from strands import Workflow
from strands.journal.database import Database, DatabaseLayer, Row, Transaction, TransactionLayer
from strands.journal.locate import database_at
from strands.journal.sql import SqlRepository
from support.driving import spec
from support.postgres import close_all, fresh_url, needs_postgres

T = TypeVar("T")


class Counting(DatabaseLayer):
    """A database whose commits, syncs and statements are counted."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.commits = self.flushes = self.statements = 0

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        self.commits += 1
        self.flushes += durable
        return super().write(work, durable=durable, single=single)

    def sync(self) -> None:
        self.flushes += 1
        super().sync()

    def _within(self, transaction: Transaction) -> Transaction:
        return _Counted(transaction, self)


class _Counted(TransactionLayer):
    def __init__(self, transaction: Transaction, counting: Counting) -> None:
        super().__init__(transaction)
        self._counting = counting

    def execute(self, statement: str, *values: object) -> list[Row]:
        self._counting.statements += 1
        return super().execute(statement, *values)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counting]:
    url = f"sqlite:///{tmp_path}/runs.db" if request.param == "sqlite" else fresh_url()
    yield Counting(database_at(url)[0])
    if request.param == "postgres":
        close_all()


def chain(database: Counting, steps: list[dict[str, Any]]) -> Workflow:
    return Workflow.from_dict(spec("chain", {"steps": steps}), offline=True, repository=SqlRepository(database))


def used(database: Counting, act: Callable[[], Any]) -> tuple[int, int, int]:
    before = database.commits, database.flushes, database.statements
    act()
    return database.commits - before[0], database.flushes - before[1], database.statements - before[2]


def test_a_step_is_one_commit_and_one_flush(database: Counting) -> None:
    def run(steps: int) -> tuple[int, int, int]:
        workflow = chain(database, [{"agent": "a", "input": f"{n}"} for n in range(steps)])
        return used(database, lambda: workflow.run().success or pytest.fail("it did not come to its end"))

    run(1)
    few, many = run(3), run(13)
    assert many[0] - few[0] == 10
    if database.joins_statements:
        assert many[2] - few[2] == 10
    else:
        assert many[1] - few[1] == 10


def test_a_pause_an_answer_and_going_on_are_five_commits(database: Counting) -> None:
    workflow = chain(database, [{"type": "hitl", "prompt": "Go?"}, {"agent": "a", "input": "{{ hitl_response }}"}])
    ids: list[str] = []
    paused = used(database, lambda: ids.append(workflow.run().session_id or ""))
    ended = used(database, lambda: asyncio.run(workflow.resume_async(ids[0], "yes")))
    assert (paused[0], ended[0]) == (2, 3)
    if not database.joins_statements:  # of a server every commit is one
        assert (paused[1], ended[1]) == (2, 2)
