"""Sessions in a file of SQLite: what every store does, what every database does, and what is its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from strands import SessionManager, Workflow
from strands.journal.sql import SqlRepository
from strands.journal.sqlite import SqliteDatabase
from strands_cli.errors import SessionNotFoundError, StorageError, StoreNotReadyError
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import store_at
from support.blob_promises import BlobPromises
from support.console import Console
from support.specs import PAUSING
from support.sql_promises import SqlPromises


class TestSqlite(SqlPromises, BlobPromises):
    @pytest.fixture(autouse=True)
    def store(self, tmp_path: Path) -> None:
        self.path = tmp_path / "runs.db"
        self.url = f"sqlite:///{self.path}"

    def make_repository(self, namespace: str = "") -> SqlRepository:
        return SqlRepository(SqliteDatabase.at(self.path), namespace)


def test_a_workflow_is_kept_in_the_file_that_its_store_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    paused = Workflow.from_dict(PAUSING, store="sqlite:///runs.db").run()
    assert paused.status == "paused"
    (session,) = SessionManager(store=f"sqlite:///{tmp_path}/runs.db").list_sessions()
    session.answer("steps/1", "yes")
    monkeypatch.setenv("STRANDS_STORE", "sqlite:///runs.db")
    assert SessionManager().get_session(paused.session_id).status == "answered"
    assert Workflow.from_dict(PAUSING).resume(paused.session_id).success
    forked = SessionManager().get_session(paused.session_id).fork("steps/1")
    assert [each.status for each in SessionManager().list_sessions()] == ["paused", "completed"]
    forked.delete()
    assert SessionManager().cleanup_old_sessions(0) == [paused.session_id]
    assert SessionManager().list_sessions() == []
    assert not (tmp_path / "home" / "workflows").exists()


def test_each_command_takes_a_store_and_its_hints_name_it(tmp_path: Path) -> None:
    console = Console(tmp_path, {"NO_COLOR": "1"})
    console.write("kept.json", json.dumps(PAUSING))
    store = ["--store", "sqlite:///runs.db"]
    ran = console.run(*store, "run", "kept.json", "--offline", code=19)
    assert "strands --store sqlite:///runs.db resume kept-" in ran.stderr
    assert "kept-" not in console.run("sessions", "list").stdout
    console.env["STRANDS_STORE"] = "sqlite:///runs.db"
    listed = console.run("sessions", "list").stdout
    assert "kept-" in listed and "paused" in listed
    misplaced = console.run("sessions", "list", *store, code=2).stderr
    assert "--store stands before the command" in misplaced and "strands --store PLACE sessions list" in misplaced
    unknown = console.run(*store, "sessions", "show", "nobody", code=17)
    assert "Hint: List them: strands --store sqlite:///runs.db sessions list." in unknown.stderr


@pytest.mark.parametrize("place", ["runs", "sqlite:///runs.db", "sqlite:///a b.db?namespace=of%20ann"])
def test_a_program_says_where_the_command_finds_what_it_left_open(place: str, tmp_path: Path) -> None:
    console = Console(tmp_path, {"NO_COLOR": "1"})
    console.write(
        "program.py",
        f"from strands import Workflow\nWorkflow.from_dict({PAUSING!r}, store={place!r}).run_interactive()\n",
    )
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=console.env, input="/later\n", capture_output=True, text=True
    )
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("Resume: strands ")]
    resume = shlex.split(told.partition("Resume: strands ")[2])
    assert "completed" in console.run(*resume, "--answer", "steps/1=yes", "--json").stdout


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("mysql://root:secret@host/db", "'mysql' is not a kind of database here"),
        ("sqlite://runs.db", "names no database"),
        ("sqlite:///", "names no database"),
        ("sqlite:runs.db", "names no database"),
        ("sqlite:///:memory:", "memory keeps nothing"),
        ("sqlite:///home", "home is a directory"),
        ("sqlite:///./home/", "./home/ is a directory"),
        ("", "the name of the store is empty"),
        ("sqlite:///runs.db?mode=ro", "has no option 'mode'"),
        ("postgresql:app", "names no store"),
        ("postgresql://host/db?pool=few&schema=s", "not pool=few"),
        ("a.db", "is a file, not a directory"),
        ("sqlite:///run%00s.db", "NUL"),
        ("sqlite:///run#1.db", "'#'"),
        ("sqlite:///runs.db?namespace=a&namespace=b", "option twice"),
        ("postgresql://ann:secret@[::1/db", "Invalid IPv6 URL"),
    ],
)
def test_a_place_that_is_no_store_is_named_without_its_password(
    place: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.db").write_bytes(b"")
    Path("home").mkdir()
    with pytest.raises(StoreNotReadyError) as refused:
        SessionManager(store=place)
    assert said in refused.value.message and "secret" not in str(refused.value)
    assert "sqlite:///" in refused.value.hint or "?" in refused.value.hint
    assert said in Console(tmp_path).run("--store", place, "sessions", "list", code=2).stderr
    assert {each.name for each in tmp_path.iterdir()} <= {"a.db", "home"}


@pytest.mark.parametrize("option", ["pool=0", "pool=-1", "pool=x", "lease=0", "lease=-1", "lease=nan", "lease=inf"])
def test_a_pool_without_connections_and_a_lease_without_length_are_refused(option: str) -> None:
    with pytest.raises(StorageError, match="pool is a number from 1, its lease one from") as refused:
        SessionManager(store=f"postgresql://host/database?{option}")
    assert "?pool=4&lease=15" in refused.value.hint


def test_a_store_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="both say where sessions are kept"):
        SessionManager(tmp_path, store="sqlite:///runs.db")
    with pytest.raises(StorageError, match="both say"):
        Workflow.from_dict(PAUSING, repository=store_at(tmp_path), store=tmp_path)


def begun(path: Path, name: str = "s") -> None:
    asyncio.run(_begun(path, name))


async def _begun(path: Path, name: str) -> None:
    await SqlRepository(SqliteDatabase.at(path)).create(name, opening())


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_the_file_is_its_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    before = os.umask(0)
    try:
        begun(path)
    finally:
        os.umask(before)
    for each in tmp_path.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each
    path.chmod(0o666)
    fresh = subprocess.run(
        [sys.executable, "-m", "strands_cli", "--store", f"sqlite:///{path}", "sessions", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert fresh.returncode == 12 and "other users may write to it" in fresh.stderr


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, this is not a database." * 40)
    path.chmod(0o600)
    with pytest.raises(StorageError, match=r"notes\.txt: file is not a database"):
        SessionManager(store=f"sqlite:///{path}").list_sessions()
    assert path.read_text() == "Dear diary, this is not a database." * 40


def test_tables_of_a_newer_build_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    newer = sqlite3.connect(path)
    newer.executescript("create table strands_schema (version int); insert into strands_schema values (99)")
    newer.close()
    path.chmod(0o600)
    with pytest.raises(StorageError, match="has tables of version 99; this build knows them up to 1"):
        begun(path)


def test_a_file_that_takes_the_place_of_another_is_not_written_as_if_it_were_that_one(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"

    async def check() -> None:
        journal = await SqlRepository(SqliteDatabase.at(path)).create("s", opening())
        for each in tmp_path.glob("runs.db*"):
            each.rename(tmp_path / f"old-{each.name}")
        with pytest.raises(SessionNotFoundError):
            await journal.append([draft("noted", "n")], expect=1)

    asyncio.run(check())


def test_another_program_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    begun(path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        other.execute("begin immediate")

        async def check() -> None:
            repository = SqlRepository(SqliteDatabase.at(path))
            writing = asyncio.ensure_future(repository.create("t", opening()))
            done, _ = await asyncio.wait([writing], timeout=0.2)
            assert not done
            other.execute("rollback")
            await writing
            assert await repository.ids() == ["s", "t"]

        asyncio.run(check())
    finally:
        other.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_many_processes_make_one_file_at_once(tmp_path: Path) -> None:
    for number in range(10):
        held, go = os.pipe()
        children = [_forked_maker(tmp_path / f"{number}.db", held, go) for _ in range(8)]
        os.close(held)
        os.close(go)
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert ended == [0] * 8


def _forked_maker(path: Path, held: int, go: int) -> int:
    child = os.fork()
    if not child:
        status = 1
        with contextlib.suppress(BaseException):
            os.close(go)
            os.read(held, 1)  # until nobody holds the other end: then all begin
            SqliteDatabase.at(path).read(lambda each: each.execute("select version from strands_schema"))
            status = 0
        os._exit(status)
    return child
