"""Sessions of agents, graphs and swarms from one store to another: every line, every file, every open question."""

from __future__ import annotations

import contextlib
import filecmp
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.hooks import BeforeNodeCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder, Status
from strands.session import FileSessionManager, SQLSessionManager
from strands.session.stores import sessions_at
from strands.session.transfer import copy_all
from support.console import Console
from support.nodes import agent
from support.paying import paying
from support.places import DATABASES, new_place


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from new_place(request.param, tmp_path)


def kept(place: str, session_id: str) -> Any:
    if "://" in place:
        return SQLSessionManager(session_id, place)
    return FileSessionManager(session_id, place)


def talking(place: str, session_id: str, *replies: Any) -> Agent:
    return Agent(model=ScriptedModel(list(replies)), session_manager=kept(place, session_id), callback_handler=None)


def graph(place: str, *replies: str) -> Any:
    def ask(event: BeforeNodeCallEvent) -> None:
        if event.node_id == "last":
            event.interrupt("ok", reason="go on?")

    builder = GraphBuilder()
    for name in ("first", "last"):
        builder.add_node(agent(name, *replies), name)
    builder.add_edge("first", "last")
    builder.set_graph_id("g")
    builder.set_session_manager(kept(place, "graph"))
    built = builder.build()
    built.hooks.add_callback(BeforeNodeCallEvent, ask)
    return built


def filled(place: str, paid: list[int]) -> None:
    """Keep a conversation, an agent that waits for an answer, and a graph that does."""
    one = talking(place, "talk", "one", "two é")
    one("a")
    one("b")
    assert paying(kept(place, "paying"), paid, ToolCall("pay", {"amount": 10}))("pay").stop_reason == "interrupt"
    assert graph(place, "done")("go").status is Status.INTERRUPTED


def copied(source: str, target: str) -> dict[str, str]:
    return {told.id: told.problem or ("there" if told.was_there else "") for told in _outcomes(source, target)}


def _outcomes(source: str, target: str) -> list[Any]:
    return list(copy_all(sessions_at(source), sessions_at(target)))


def files_of(place: Path) -> dict[str, bytes]:
    found = (path for path in place.rglob("*") if path.is_file() and path.parent.name != "drivers")
    return {str(path.relative_to(place)): path.read_bytes() for path in found if path.name != "journal.head"}


def test_a_copy_to_a_database_and_back_is_the_same_to_the_byte_and_goes_on(url: str, tmp_path: Path) -> None:
    paid: list[int] = []
    files, back = str(tmp_path / "files"), str(tmp_path / "back")
    filled(files, paid)
    before = files_of(tmp_path / "files")
    assert copied(files, url) == {"graph": "", "paying": "", "talk": ""}
    assert copied(files, url) == {"graph": "there", "paying": "there", "talk": "there"}
    other = f"sqlite:///{tmp_path}/other.db"
    assert set(copied(url, other).values()) == set(copied(other, back).values()) == {""}
    assert before == files_of(tmp_path / "files") == files_of(tmp_path / "back")
    assert filecmp.cmp(tmp_path / "files/session_talk/session.json", tmp_path / "back/session_talk/session.json", False)
    for place in (url, back):
        going = paying(kept(place, "paying"), paid, "done")
        (interrupt,) = going.pending_interrupts
        answer: Any = [{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}]
        assert str(going(answer)).strip() == "done"
        assert len(talking(place, "talk").messages) == 4
        assert [each.reason for each in graph(place, "done").pending_interrupts] == ["go on?"]
    assert paid == [10, 10]
    said = copied(back, url)
    assert said["paying"].startswith("another session has its id there") and said["talk"] == "there"


def test_a_session_from_a_database_gets_the_files_that_others_read(url: str, tmp_path: Path) -> None:
    filled(url, [])
    assert set(copied(url, str(tmp_path / "files")).values()) == {""}
    names = files_of(tmp_path / "files")
    for name in (
        "session_talk/session.json",
        "session_talk/agents/agent_default/agent.json",
        "session_talk/agents/agent_default/messages/message_3.json",
        "session_graph/multi_agents/multi_agent_g/multi_agent.json",
    ):
        assert name in names
    assert set(copied(str(tmp_path / "files"), url).values()) == {"there"}


def test_what_another_program_has_left_without_a_journal_is_copied(url: str, tmp_path: Path) -> None:
    files = tmp_path / "files"
    filled(str(files), [])
    for journal in files.rglob("journal.*"):
        journal.unlink()
    assert set(copied(str(files), url).values()) == {""}
    assert sessions_at(url).prune(before=time.time() + 9, limit=9, dry_run=True) == ["talk"]
    assert len(talking(url, "talk").messages) == 4
    assert [each.reason for each in graph(url, "done").pending_interrupts] == ["go on?"]
    assert set(copied(str(files), url).values()) == {"there"}


_WORKS = """
import sys, time
from strands import Agent, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager, SQLSessionManager

@tool
def wait() -> str:
    "Wait."
    print("at work", flush=True)
    time.sleep(60)
    return "done"

place = sys.argv[1]
manager = SQLSessionManager("busy", place) if "://" in place else FileSessionManager("busy", place)
model = ScriptedModel([ToolCall("wait", {}), "x"])
Agent(model=model, tools=[wait], session_manager=manager, callback_handler=None)("go")
"""


@pytest.mark.parametrize("kind", ["files", "database"])
def test_what_is_at_work_is_named_and_left_and_what_was_cut_off_is_not_pruned(
    kind: str, url: str, tmp_path: Path
) -> None:
    place = f"{url}{'&' if '?' in url else '?'}lease=0.5" if url.startswith("postgres") else url
    place = place if kind == "database" else str(tmp_path / "files")
    target, later = str(tmp_path / "to"), time.time() + 3600
    talking(place, "talk", "one")("a")
    with subprocess.Popen([sys.executable, "-c", _WORKS, place], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None and worker.stdout.readline().strip() == "at work"
        try:
            assert copied(place, target) == {"busy": "it is being run; copy it again when it rests", "talk": ""}
            assert sessions_at(place).prune(before=later, limit=9, dry_run=True) == ["talk"]
        finally:
            os.kill(worker.pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while copied(place, target)["busy"].startswith("it is being run") and time.monotonic() < until:
        time.sleep(0.1)
    assert copied(place, target) == {"busy": "there", "talk": "there"}
    assert sessions_at(place).prune(before=later, limit=9) == ["talk"] and sessions_at(place).ids() == ["busy"]


@pytest.mark.parametrize("kind", ["files", "database"])
def test_pruning_leaves_open_questions_and_what_is_young(kind: str, url: str, tmp_path: Path) -> None:
    place = url if kind == "database" else str(tmp_path / "files")
    filled(place, [])
    console = Console(tmp_path, {"NO_COLOR": "1"})
    assert "Deleted 0 sessions." in console.run("store", "prune", place, "--agents").stderr
    assert "Would delete 1 session." in console.run("store", "prune", place, *_ALL, "--dry-run").stderr
    assert "Deleted 0 sessions." in console.run("store", "prune", place, "--older-than-days", "0").stderr
    assert "Deleted 1 session." in console.run("store", "prune", place, *_ALL).stderr
    assert sessions_at(place).ids() == ["graph", "paying"]


_ALL = ("--agents", "--older-than-days", "0")

_COPIES = """
import os, signal, sys
from strands.journal.locate import database_at
from strands.session.directory_transfer import DirectorySessions
from strands.session.sql_transfer import DatabaseSessions
from strands.session.transfer import copy_all
from support.databases import Dying

target = DatabaseSessions(Dying(database_at(sys.argv[2])[0], int(sys.argv[3]), lambda: os.kill(os.getpid(), 9)), "")
list(copy_all(DirectorySessions(sys.argv[1]), target))
"""


def test_a_copy_that_is_killed_leaves_no_half_of_a_session(url: str, tmp_path: Path) -> None:
    files = str(tmp_path / "files")
    talking(files, "talk", "one")("a")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    sessions = sessions_at(url)
    for left in (1, 2, 3):
        command = [sys.executable, "-c", _COPIES, files, url, str(left)]
        assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
        assert sessions.get("talk") is None and sessions.ids() == []
    assert copied(files, url) == {"talk": ""}


def test_a_damaged_session_is_named_and_hides_no_other(tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path}/runs.db"
    for name in ("damaged", "whole"):
        talking(place, name, "one")("a")
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.db", isolation_level=None)) as database:
        (no,) = database.execute("select no from strands_sessions where id like 'damaged/%'").fetchone()
        database.execute("update strands_entries set line = ? where session = ? and seq = 1", (b'{"seq":1}', no))
    said = copied(place, str(tmp_path / "to"))
    assert "checksum does not match" in said["damaged"] and said["whole"] == ""
    checked = Console(tmp_path, {"NO_COLOR": "1"}).run("store", "check", place, code=17).stderr
    assert "Damaged: damaged: " in checked and "2 sessions checked, 1 damaged" in checked


def test_a_directory_is_checked_and_left_as_it_is(tmp_path: Path) -> None:
    filled(str(tmp_path / "files"), [])
    journal = tmp_path / "files" / "session_talk" / "agents" / "agent_default" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"one", b"two"))
    before = files_of(tmp_path / "files")
    checked = Console(tmp_path, {"NO_COLOR": "1"}).run("store", "check", "files", code=17).stderr
    assert "Damaged: talk: " in checked and "3 sessions checked, 1 damaged" in checked
    assert files_of(tmp_path / "files") == before
