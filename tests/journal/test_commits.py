"""How often a database commits, and waits for the disk, while a workflow runs: what is known together is one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow
from strands.journal.entries import Draft
from strands.journal.locate import database_at
from strands.journal.sql import SqlRepository
from strands_cli.errors import SessionExistsError
from strands_cli.session.conformance import draft, opening
from support.databases import Counting
from support.driving import spec
from support.postgres import close_all, fresh_url, needs_postgres


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counting]:
    url = f"sqlite:///{tmp_path}/runs.db" if request.param == "sqlite" else fresh_url()
    yield Counting(database_at(url)[0])
    if request.param == "postgres":
        close_all()


def chain(database: Counting, steps: list[dict[str, Any]]) -> Workflow:
    return Workflow.from_dict(spec("chain", {"steps": steps}), offline=True, repository=SqlRepository(database))


def used(database: Counting, act: Callable[[], Any]) -> tuple[int, int, int]:
    before = database.writes, database.flushes, database.statements
    act()
    return database.writes - before[0], database.flushes - before[1], database.statements - before[2]


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


def test_a_session_is_begun_by_one_statement_where_one_can_change_several_tables(database: Counting) -> None:
    repository = SqlRepository(database)

    def begin(name: str, *rest: Draft) -> Callable[[], Any]:
        return lambda: asyncio.run(repository.create(name, opening(), rest))

    used(database, begin("first"))
    one, several = used(database, begin("second")), used(database, begin("third", draft("noted"), draft("queued")))
    assert one[0] == several[0] == 1
    if database.joins_statements:
        assert one[2] == several[2] == 1
    with pytest.raises(SessionExistsError):
        begin("second", draft("queued"))()
    assert [len(asyncio.run(loaded(repository, name))) for name in ("second", "third")] == [1, 3]


async def loaded(repository: SqlRepository, name: str) -> list[Any]:
    return list(await (await repository.open(name)).load())
