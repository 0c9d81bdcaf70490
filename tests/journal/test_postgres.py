"""Sessions in PostgreSQL: what every store and every database does, and what its server may do to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from strands import SessionManager, Workflow
from strands.journal.sql import SqlRepository
from strands_cli.errors import StorageError
from strands_cli.session import answers
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import store_at
from support.blob_promises import BlobPromises
from support.dropping_proxy import DroppingProxy
from support.postgres import Cluster, close_all, cluster, fresh_url, needs_postgres, pooler, program, server
from support.specs import PAUSING
from support.sql_promises import SqlPromises

if TYPE_CHECKING:
    import psycopg
else:
    psycopg = pytest.importorskip("psycopg")

pytestmark = needs_postgres


class TestPostgres(SqlPromises, BlobPromises):
    @pytest.fixture(autouse=True)
    def store(self) -> Iterator[None]:
        self.url = fresh_url()
        yield
        close_all()

    def make_repository(self, namespace: str = "") -> SqlRepository:
        return cast(SqlRepository, store_at(f"{self.url}&namespace={namespace}"))


async def lived(url: str) -> None:
    """A session's life: it pauses, is answered, goes on and ends; each entry is there once."""
    workflow = Workflow.from_dict(PAUSING, store=url)
    paused = await workflow.run_async()
    assert paused.status == "paused"
    done = await workflow.resume_async(paused.session_id, "yes")
    assert done.success
    session = await SessionManager(store=url).get_session_async(paused.session_id)
    kinds = Counter(entry.kind for entry in await session.entries_async())
    assert kinds == {
        "opened": 1,
        "leased": 2,
        "started": 1,
        "done": 1,
        "asked": 1,
        "paused": 1,
        "answered": 1,
        "closed": 1,
    }


def killed_backends(url: str) -> int:
    """End every other connection to the database, as an administrator may."""
    with psycopg.connect(url, autocommit=True) as connection:
        statement = (
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where pid <> pg_backend_pid() and datname = current_database()"
        )
        return int(connection.execute(statement).fetchall()[0][0])


def plain(url: str) -> str:
    """A URL without what is this package's in it."""
    return url.partition("&schema=")[0]


def test_connections_that_die_at_any_time_are_noticed_by_nobody() -> None:
    url = fresh_url()
    stop, killed = threading.Event(), []

    def kill() -> None:
        while not stop.wait(0.05):
            killed.append(killed_backends(plain(url)))

    async def check() -> None:
        for _ in range(4):
            await asyncio.gather(*(lived(url) for _ in range(10)))

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        asyncio.run(check())
    finally:
        stop.set()
        killer.join()
    assert sum(killed) > 4


def test_a_commit_whose_reply_is_lost_on_the_way_counts_once(tmp_path: Path) -> None:
    url = fresh_url()
    proxy = DroppingProxy(tmp_path, cluster().directory / ".s.PGSQL.5432")
    try:
        repository = store_at(url.replace(str(cluster().directory), str(tmp_path)))

        async def check() -> None:
            proxy.drops += 1
            journal = await repository.create("s", opening(), [draft("asked", "q", prompt="?")])
            proxy.drops += 1
            await journal.append([draft("noted", "n")], expect=2)
            proxy.drops += 1
            await answers.give(await repository.open("s"), "q", "yes", by="ann")
            proxy.drops += 1
            await repository.delete("s")

        asyncio.run(check())
        assert proxy.dropped == 4
        assert asyncio.run(store_at(url).ids()) == []
    finally:
        proxy.close()


def test_a_server_that_crashes_and_comes_back_is_waited_for() -> None:
    own = Cluster()
    try:
        url = f"{own.url}&schema=s"
        cast(SqlRepository, store_at(url)).database.migrate()

        async def check() -> None:
            journal = await store_at(url).create("s", opening())
            own.stop()
            writing = asyncio.ensure_future(journal.append([draft("noted", "n")], expect=1))
            await asyncio.sleep(0.1)
            assert not writing.done()
            own.start()
            await writing
            assert len(await journal.load()) == 2

        asyncio.run(check())
    finally:
        own.end()


@pytest.mark.skipif(not program("pgbouncer"), reason="PgBouncer is not installed: apt-get install pgbouncer")
class TestPgBouncer(SqlPromises):
    """The same through a pooler that gives each transaction whatever connection is free."""

    @pytest.fixture(autouse=True)
    def store(self) -> Iterator[None]:
        url = fresh_url(pool="6")
        self.url = url.replace(str(cluster().directory), str(pooler().directory))
        yield
        close_all()

    def make_repository(self, namespace: str = "") -> SqlRepository:
        return cast(SqlRepository, store_at(f"{self.url}&namespace={namespace}"))

    def test_lives_of_sessions(self) -> None:
        async def check() -> None:
            await asyncio.gather(*(lived(self.url) for _ in range(30)))

        self.run(check())


def test_several_migrate_an_empty_database_at_once() -> None:
    url = f"{server()}&schema=t{uuid.uuid4().hex[:12]}"
    failed: list[BaseException] = []
    told: list[tuple[int, int]] = []

    def migrate(number: int) -> None:
        try:
            told.append(store_at(f"{url}&pool={number + 2}").database.migrate())  # type: ignore[attr-defined]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=migrate, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(told) == [(0, 1), *[(1, 1)] * 7]
    asyncio.run(lived(url))


def test_who_may_not_make_tables_works_on_those_that_are_made() -> None:
    schema = f"t{uuid.uuid4().hex[:12]}"
    user = f"{server().replace('postgres@', f'{schema}@')}&schema={schema}"
    with psycopg.connect(server(), autocommit=True) as admin:
        admin.execute(f"create role {schema} login".encode())
        with pytest.raises(StorageError, match="has no tables yet") as refused:
            SessionManager(store=user).list_sessions()
        assert "strands store migrate" in refused.value.hint
        with pytest.raises(StorageError, match="permission denied"):
            store_at(user).database.migrate()  # type: ignore[attr-defined]
        store_at(f"{server()}&schema={schema}").database.migrate()  # type: ignore[attr-defined]
        with pytest.raises(StorageError, match="permission denied") as refused:
            SessionManager(store=user).list_sessions()
        assert "usage of the schema, and select, insert, update and delete" in refused.value.hint
        admin.execute(f"grant usage on schema {schema} to {schema}".encode())
        admin.execute(f"grant select, insert, update, delete on all tables in schema {schema} to {schema}".encode())
        asyncio.run(lived(user))
        admin.execute(f"update {schema}.strands_schema set version = 99".encode())
    with pytest.raises(StorageError, match="has tables of version 99; this build knows them up to 1"):
        SessionManager(store=f"{user}&pool=3").list_sessions()


def test_a_schema_of_any_name_and_options_with_any_characters_are_taken(tmp_path: Path) -> None:
    url = f"{fresh_url().partition('schema=')[0]}options=-c%20search_path%3Dnone&schema=a%22b%20c"
    repository = cast(SqlRepository, store_at(url))
    repository.database.migrate()
    asyncio.run(repository.create("s", opening()))
    assert asyncio.run(repository.ids()) == ["s"]


def test_many_runs_share_a_few_connections() -> None:
    url = fresh_url(pool="3")

    async def check() -> int:
        running = [asyncio.ensure_future(lived(url)) for _ in range(60)]
        with psycopg.connect(plain(url), autocommit=True) as other:
            seen = 0
            while not all(each.done() for each in running):
                statement = "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and query like %s"
                seen = max(seen, other.execute(statement, (f"%{url.partition('schema=')[2][:13]}%",)).fetchall()[0][0])
                await asyncio.sleep(0.02)
        await asyncio.gather(*running)
        return seen

    assert 1 <= asyncio.run(check()) <= 3


DRIVING = """
import asyncio, sys
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import store_at

async def drive():
    journal = await store_at(sys.argv[1]).create("s", opening())
    async with journal.lease() as driver:
        await journal.append([draft("leased", driver=driver)], expect=1)
        print(driver, flush=True)
        await asyncio.sleep(60)

asyncio.run(drive())
"""


def test_a_driver_that_is_killed_is_dead_when_its_lease_is_over() -> None:
    url = fresh_url(lease="1.5")
    process = subprocess.Popen([sys.executable, "-c", DRIVING, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None

    async def check() -> None:
        driver = process.stdout.readline().strip()  # type: ignore[union-attr]
        journal = await store_at(url).open("s")
        await asyncio.sleep(2)  # longer than a lease: it is renewed
        assert await journal.alive(driver)
        process.kill()
        process.wait()
        assert await journal.alive(driver)
        for _ in range(60):
            await asyncio.sleep(0.1)
            if not await journal.alive(driver):
                return
        raise AssertionError("alive for ever")

    asyncio.run(check())
    process.stdout.close()


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StorageError) as refused:
        SessionManager(store="postgresql://ann:secret@127.0.0.1:1/db").list_sessions()
    assert "postgresql://ann@127.0.0.1:1/db: connection failed" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_an_option_that_is_nobodys_is_named_with_those_that_there_are() -> None:
    with pytest.raises(StorageError, match='"namspace"') as refused:
        SessionManager(store=f"{server()}&namspace=a").list_sessions()
    assert "?namespace=, codec=, schema=, pool= and lease=" in refused.value.hint
