"""DBOS delivers: the public suite of engines on a PostgreSQL of this machine's own."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from strands.journal.database import Database, Transaction
from strands.journal.locate import database_at
from strands_cli.worker.conformance import EngineConformance
from strands_cli.worker.engine import DriveOutcome, Engine, EngineNotReadyError, Wake, open_engine
from support.postgres import close_all, cluster, fresh_url, needs_postgres, server

dbos = pytest.importorskip("dbos", reason="dbos is not installed: pip install 'strands-cli[dbos]'")
pytestmark = [needs_postgres, pytest.mark.filterwarnings("default")]


@cache
def migrated() -> str:
    """Return the URL of a store in which DBOS has its tables."""
    dbos.DBOS.migrate(server())
    return fresh_url()


def options(**more: str) -> dict[str, str]:
    """Return the options of a queue of one's own."""
    return {"queue": f"q{uuid.uuid4().hex[:8]}", "poll": "0.1", "unfit": "1", **more}


@pytest.mark.slow
class TestDbos(EngineConformance):
    @pytest.fixture(autouse=True)
    def fresh(self) -> Iterator[None]:
        self.store = migrated()
        self.options = options()
        yield
        close_all()

    def make_engine(self) -> Engine:
        return open_engine("dbos", self.store, self.options)

    def in_another_process(self) -> tuple[str, str, Mapping[str, str]]:
        return "strands_cli.worker.dbos:open_engine", self.store, self.options

    def database(self) -> Database:
        return database_at(self.store)[0]

    def restart(self) -> None:
        if not os.environ.get("STRANDS_TEST_POSTGRES"):
            cluster().stop()
            cluster().start()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_thousand_wakes_are_driven_once_each() -> None:
    suite = TestDbos()
    suite.store, suite.options, suite.many = migrated(), options(), 10_000
    suite.test_many_wakes_are_driven_once_each()
    close_all()


def test_a_wake_that_is_queued_with_an_answer_is_driven_until_it_comes_to_something() -> None:
    outcomes: list[DriveOutcome] = ["unfit", "completed"]
    driven: list[Wake] = []

    async def check() -> None:
        over = asyncio.Event()

        async def drive(wake: Wake) -> DriveOutcome:
            driven.append(wake)
            if len(driven) == 1:
                raise OSError("the store cannot be reached")
            if len(driven) == 3:
                over.set()
            return outcomes.pop(0)

        engine = open_engine("dbos", migrated(), options(poll="0.05", unfit="0.1"))
        wake = Wake("tenant/a", f"s-{uuid.uuid4().hex}", "12")
        database, _ = database_at(migrated())
        assert database.write(lambda transaction: engine.enqueue(transaction, wake))
        worker = asyncio.create_task(engine.work(drive, slots=2, alive_as="worker"))
        await asyncio.wait([worker, asyncio.create_task(over.wait())], return_when=asyncio.FIRST_COMPLETED)
        worker.cancel()
        await asyncio.wait([worker])
        assert driven == [wake] * 3

    asyncio.run(check())
    close_all()


def test_a_second_cancellation_ends_what_is_at_work_and_another_worker_has_it() -> None:
    ended: list[str] = []

    async def check() -> None:
        begun = asyncio.Event()

        async def hang(_: Wake) -> DriveOutcome:
            begun.set()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append("ended")
            return "completed"

        engine = open_engine("dbos", migrated(), options(poll="0.05"))
        worker = asyncio.create_task(engine.work(hang, slots=1, alive_as="first"))
        await engine.submit(Wake("", f"s-{uuid.uuid4().hex}", "1"))
        await begun.wait()
        for _ in range(2):
            worker.cancel()
            await asyncio.wait([worker], timeout=0.2)
        await asyncio.wait([worker])
        assert ended == ["ended"]
        assert await engine.reap({"first"}) == 0
        assert await engine.reap({"second"}) == 1

    asyncio.run(check())
    close_all()


def test_where_its_tables_are_missing_answers_go_through_and_a_worker_says_what_to_do() -> None:
    engine = open_engine("dbos", migrated(), options(schema="no such"))
    database, _ = database_at(migrated())
    token = uuid.uuid4().hex

    def answer(transaction: Transaction) -> bool:
        queued = engine.enqueue(transaction, Wake("", "s1", "4"))
        transaction.execute("insert into strands_drivers (token, host, expires) values (?, '', 0)", token)
        return queued

    assert database.write(answer) is False
    held = database.read(lambda each: each.execute("select host from strands_drivers where token = ?", token))
    assert held == [("",)]
    with pytest.raises(EngineNotReadyError, match="DBOS does not start") as caught:
        asyncio.run(engine.work(_never, slots=1, alive_as="worker"))
    import psycopg

    command = shlex.split(caught.value.hint.partition("role that may: ")[2])
    assert command[:3] == ["dbos", "migrate", "--sys-db-url"] and command[4:6] == ["--schema", "no such"]
    with psycopg.connect(command[3]):
        """Nothing stands in it that is the store's own."""
    close_all()


async def _never(_: Wake) -> DriveOutcome:
    raise AssertionError


@pytest.mark.parametrize(
    ("store", "given", "said"),
    [
        ("sqlite:///runs.db", {}, "works on PostgreSQL, and the store is sqlite:///runs.db"),
        ("runs", {}, "works on PostgreSQL, and the store is runs"),
        ("postgresql://a:secret@/b", {"slots": "3"}, "no option 'slots'"),
        ("postgresql://a:secret@/b", {"poll": "fast"}, "option 'poll' of the engine 'dbos' is 'fast'"),
        ("postgresql://a:secret@/b", {"keep": "-1"}, "option 'keep'"),
        ("postgresql://a:secret@/b", {"queue": ""}, "option 'queue'"),
    ],
)
def test_what_it_cannot_work_with_is_named(store: str, given: dict[str, str], said: str) -> None:
    with pytest.raises(EngineNotReadyError) as caught:
        open_engine("dbos", store, given)
    assert said in str(caught.value) and "secret" not in str(caught.value)


def test_who_answers_imports_nothing_of_it() -> None:
    program = (
        "import sys; from strands_cli.worker.engine import open_engine; "
        "open_engine('dbos', 'postgresql://a@/b'); print({'dbos', 'sqlalchemy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
