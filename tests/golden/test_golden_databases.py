"""The databases of every schema that was released are migrated, list what they hold, and it goes on as it did then.

While a schema is not released its databases are recorded anew when it changes: `tests/golden/record_databases.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from golden import databases
from strands import SessionManager, Workflow
from strands.journal.database import Database
from strands.journal.migrations import steps
from strands.journal.postgres import PostgresDatabase
from strands.journal.sql import SqlRepository
from strands.journal.sqlite import SqliteDatabase
from strands.journal.transfer import check_all
from strands_cli.errors import StorageError
from strands_cli.session.repository import store_at
from support.postgres import close_all, cluster, needs_postgres, program

RECORDED = sorted((Path(__file__).parent / "databases").glob("*.*"))


@pytest.fixture(
    params=[
        pytest.param(each, marks=needs_postgres if each.suffix == ".sql" else (), id=each.name) for each in RECORDED
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    recorded: Path = request.param
    if recorded.suffix == ".db":
        shutil.copy(recorded, tmp_path / "golden.db")
        (tmp_path / "golden.db").chmod(0o600)
        yield f"sqlite:///{tmp_path}/golden.db"
        return
    name = f"golden_{uuid.uuid4().hex[:8]}"
    psql = [program("psql"), "-q", "-v", "ON_ERROR_STOP=1"]
    subprocess.run([*psql, cluster().url, "-c", f"create database {name}"], check=True, capture_output=True)
    url = cluster().url.replace("/postgres?", f"/{name}?")
    subprocess.run([*psql, url, "-f", str(recorded)], check=True, capture_output=True)
    yield f"{url}&schema=golden"
    close_all()


def answer(agent: Any) -> Any:
    (interrupt,) = agent.pending_interrupts
    return agent([{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}])


def test_a_database_of_an_earlier_build_is_migrated_listed_and_goes_on(store: str) -> None:
    repository: Any = store_at(store)
    repository.database.migrate()
    manager = SessionManager(store=store)
    assert {each.id: each.status for each in manager.list_sessions()} == databases.STATUSES
    assert [(each.session_id, each.id) for each in asyncio.run(repository.open_questions()).items] == [
        ("paused", "steps/1")
    ]
    assert {each.session_id for each in asyncio.run(repository.due())} == {"answered"}

    async def problems() -> list[str]:
        return [told.problem async for told in check_all(repository)]

    assert asyncio.run(problems()) == [""] * 4
    assert databases.workflow(store).resume("paused", "yes").success
    assert databases.workflow(store).resume("answered").success
    paid: list[int] = []
    assert str(answer(databases.agent(store, paid, "done"))).strip() == "done" and paid == [10]
    assert answer(databases.graph(store, "done")).status.value == "completed"
    assert {each.status for each in manager.list_sessions()} == {"completed", "cancelled"}
    manager.get_session("paused").delete()
    assert len(manager.prune(0)) == 3 and manager.list_sessions() == []


LATER = [*steps(), "alter table strands_sessions add column note text not null default '-'"]
"""The steps of a build to come: IDENTITY and the like are written as in those of this build."""


def of_a_later_build(store: str, tables: Sequence[str]) -> Database:
    if store.startswith("sqlite"):
        return SqliteDatabase(store.removeprefix("sqlite:///"), tables)
    return PostgresDatabase(store.partition("&schema=")[0], "golden", schema="golden", tables=tables)


def test_a_later_build_brings_the_tables_up_to_date_in_place(store: str) -> None:
    asyncio.run(store_at(store).ids())
    store_at(store).database.migrate()  # type: ignore[attr-defined]
    later, newest = of_a_later_build(store, LATER), len(LATER)
    with pytest.raises(StorageError, match=f"tables of version {newest - 1}, and this build needs {newest}") as refused:
        asyncio.run(SqlRepository(later).ids())
    assert "strands store migrate" in refused.value.hint
    failing = of_a_later_build(store, [*LATER, "alter table strands_nothing add column note text"])
    with pytest.raises(StorageError):
        failing.migrate()
    assert later.migrate() == (newest - 1, newest), "what failed has changed nothing"
    assert later.migrate() == (newest, newest)
    repository = SqlRepository(later)
    manager = SessionManager(repository=repository)
    assert {each.id: each.status for each in manager.list_sessions()} == databases.STATUSES
    assert Workflow.from_dict(databases.SPEC, repository=repository).resume("paused", "yes").success
    assert later.read(lambda each: each.execute("select distinct note from strands_sessions")) == [("-",)]
    with pytest.raises(StorageError, match=f"tables of version {newest}"):
        store_at(store).database.migrate()  # type: ignore[attr-defined]


def test_a_database_of_a_newer_build_is_refused_and_untouched(store: str) -> None:
    if store.startswith("sqlite"):
        path = Path(store.removeprefix("sqlite:///"))
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("update strands_schema set version = 99")
        before = path.read_bytes()
    else:
        import psycopg

        with psycopg.connect(store.partition("&schema=")[0], autocommit=True) as server:
            server.execute("update golden.strands_schema set version = 99")
            state = (
                "select count(*), sum(count), max(updated_at), (select max(version) from golden.strands_schema) from "
            )
            told = server.execute(f"{state} golden.strands_sessions").fetchall()
    for act in (
        lambda: SessionManager(store=store).list_sessions(),
        lambda: databases.workflow(store).run(topic="Ada"),
        lambda: store_at(store).database.migrate(),  # type: ignore[attr-defined]
    ):
        with pytest.raises(StorageError, match="tables of version 99") as refused:
            act()
        assert "nothing was touched" in refused.value.hint
    if store.startswith("sqlite"):
        assert path.read_bytes() == before
    else:
        with psycopg.connect(store.partition("&schema=")[0]) as server:
            assert server.execute(f"{state} golden.strands_sessions").fetchall() == told
