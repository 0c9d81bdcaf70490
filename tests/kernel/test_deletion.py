"""Deleting and cleaning up: only what is over, judged as it is now, and never half."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import ExecutionError, LeaseHeldError, SessionError, SessionNotFoundError
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository

STEPS = [{"agent": "a", "input": "x"}, {"type": "hitl", "prompt": "Go on?"}, {"agent": "a", "input": "y"}]


def workflow(root: Path, steps: list[dict[str, Any]], model: ScriptedModel | None = None, **options: Any) -> Workflow:
    spec = {
        "version": 0,
        "name": "kept",
        "runtime": {"provider": "scripted", "failure_policy": {"retries": 0}},
        "agents": {"a": {"prompt": "You are a.", "tools": [each.tool_name for each in options.get("tools", ())]}},
        "pattern": {"type": "chain", "config": {"steps": steps}},
    }
    model = model or ScriptedModel(lambda messages: "done")
    return Workflow.from_dict(spec, model=model, repository=FileSessionRepository(root), **options)


def failing(messages: list[Any]) -> str:
    raise RuntimeError("no")


def made(root: Path, status: str) -> str:
    """A session of this status."""
    if status == "completed":
        return workflow(root, STEPS[:1]).run().session_id
    if status == "failed":
        with pytest.raises(ExecutionError) as caught:
            workflow(root, STEPS, ScriptedModel(failing)).run()
        assert caught.value.session_id
        return caught.value.session_id
    session_id = workflow(root, STEPS).run().session_id
    session = SessionManager(root).get_session(session_id)
    if status == "cancelled":
        session.cancel()
    if status == "answered":
        session.answer("steps/1", "yes", by="Ann")
    if status == "interrupted":
        return session.fork("steps/0").id
    return session_id


STATUSES = ["completed", "cancelled", "paused", "answered", "failed", "interrupted"]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("paused", [False, True])
def test_clean_up_takes_what_is_over_and_tells_what_it_leaves(status: str, paused: bool, tmp_path: Path) -> None:
    session_id = made(tmp_path, status)
    others = {session.id for session in SessionManager(tmp_path).list_sessions()} - {session_id}
    manager = SessionManager(tmp_path)
    assert manager.get_session(session_id).status == status
    goes = status in ("completed", "cancelled") or (paused and status == "paused")
    dry = manager.cleanup_old_sessions(0, paused=paused, dry_run=True)
    assert (session_id in dry, session_id in dry.kept) == (goes, not goes)
    assert manager.get_session(session_id)
    done = manager.cleanup_old_sessions(0, paused=paused)
    assert (list(done), done.kept) == (list(dry), dry.kept)
    left = {session.id for session in manager.list_sessions()}
    assert (session_id in left) is not goes and left <= {session_id, *others}
    if not goes:
        assert done.kept[session_id].startswith(f"{status}: ")


def test_clean_up_leaves_what_is_young(tmp_path: Path) -> None:
    made(tmp_path, "completed")
    done = SessionManager(tmp_path).cleanup_old_sessions(1)
    assert (list(done), done.kept) == ([], {})


def test_a_run_that_is_under_way_is_neither_deleted_nor_cleaned_up(tmp_path: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    @tool
    def pay(amount: int) -> str:
        """Pay."""
        inside.set()
        go_on.wait(30)
        return "paid"

    model = ScriptedModel(
        lambda messages: "end" if "toolResult" in messages[-1]["content"][0] else ToolCall("pay", {"amount": 1})
    )
    steps = [STEPS[1], {"agent": "a", "input": "pay"}]
    session_id = workflow(tmp_path, steps, model, tools=[pay]).run().session_id
    stale = SessionManager(tmp_path).get_session(session_id)
    ended: list[str] = []
    flow = workflow(tmp_path, steps, model, tools=[pay])
    thread = threading.Thread(target=lambda: ended.append(flow.resume(session_id, "yes").status))
    thread.start()
    try:
        assert inside.wait(30)
        for force in (False, True):
            with pytest.raises(LeaseHeldError):
                stale.delete(force=force)
        kept = SessionManager(tmp_path).cleanup_old_sessions(0, paused=True).kept
        assert kept == {session_id: "running: it is being run"}
    finally:
        go_on.set()
        thread.join()
    assert ended == ["completed"]


def test_what_was_asked_or_answered_since_it_was_read_is_not_deleted(tmp_path: Path) -> None:
    session_id = made(tmp_path, "paused")
    stale = SessionManager(tmp_path).get_session(session_id)
    SessionManager(tmp_path).get_session(session_id).answer("steps/1", "yes", by="Ann")
    with pytest.raises(SessionError, match="has moved on since it was read: its questions are answered"):
        stale.delete()
    SessionManager(tmp_path).get_session(session_id).delete()
    with pytest.raises(SessionNotFoundError):
        SessionManager(tmp_path).get_session(session_id)


def test_a_handle_of_a_deleted_session_does_nothing_to_a_new_one_of_its_id(tmp_path: Path) -> None:
    flow = workflow(tmp_path, STEPS)
    first = flow.create_session(session_id="one").start()
    first.wait(30)
    stale = SessionManager(tmp_path).get_session("one")
    SessionManager(tmp_path).get_session("one").delete()
    with pytest.raises(SessionNotFoundError):
        stale.answer("steps/1", "yes")
    workflow(tmp_path, STEPS).create_session(session_id="one").start().wait(30)
    journal = tmp_path / "session_one" / "journal.jsonl"
    before = journal.read_bytes()
    for act in (
        lambda: stale.answer("steps/1", "yes"),
        lambda: stale.resume("yes"),
        stale.cancel,
        stale.delete,
        lambda: stale.delete(force=True),
        lambda: stale.fork("steps/1"),
    ):
        with pytest.raises(SessionNotFoundError, match=r"no session|another one with this id was begun since"):
            act()
    assert journal.read_bytes() == before


def test_a_new_session_that_is_as_long_as_the_old_one_is_another(tmp_path: Path) -> None:
    async def check() -> None:
        repository = FileSessionRepository(tmp_path)
        first = opening()._replace(at=1.5)
        stale = await repository.create("one", first)
        await repository.delete("one")
        new = await repository.create("one", first._replace(at=2.5))
        assert len(await new.load()) == 1
        for act in (stale.load(), stale.append((draft("noted", "n"),), expect=1)):
            with pytest.raises(SessionNotFoundError):
                await act

    asyncio.run(check())


KILLED = """
import os, signal, sys
from strands import SessionManager
at, number = int(sys.argv[4]), 0
def audit(event, args):
    global number
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"):
        if any(sys.argv[1] in str(each) or "journal" in str(each) for each in args[:2]):
            number += 1
            if number == at:
                os.kill(os.getpid(), signal.SIGKILL)
manager = SessionManager(sys.argv[1])
session = manager.get_session(sys.argv[2])
sys.addaudithook(audit)
if sys.argv[3] == "delete":
    session.delete()
else:
    manager.cleanup_old_sessions(0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on this platform")
@pytest.mark.parametrize("command", ["delete", "cleanup"])
def test_a_deletion_that_is_killed_anywhere_leaves_a_whole_session_or_none(command: str, tmp_path: Path) -> None:
    gone = whole = 0
    for at in range(1, 80):
        root = tmp_path / str(at)
        session_id = made(root, "completed")
        content = (root / f"session_{session_id}" / "journal.jsonl").read_bytes()
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(root), session_id, command, str(at)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        found = [session.id for session in SessionManager(root).list_sessions()]
        assert found in ([], [session_id])
        if found:
            whole += 1
            assert (root / f"session_{session_id}" / "journal.jsonl").read_bytes() == content
            SessionManager(root).get_session(session_id).delete()
        gone += not found
        SessionManager(root).cleanup_old_sessions(0)
        assert [path.name for path in root.iterdir() if path.name != "drivers"] == [], "what is left is swept"
    else:
        raise AssertionError("the deletion never came to its end")
    assert whole and gone


CREATED = """
import os, signal, sys
at, number = int(sys.argv[2]), 0
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository
def audit(event, args):
    global number
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.chmod") and sys.argv[1] in str(args[:2]):
        number += 1
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)
import asyncio
sys.addaudithook(audit)
asyncio.run(FileSessionRepository(sys.argv[1]).create("one", opening(), [draft("noted", str(n)) for n in range(50)]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on this platform")
def test_a_creation_that_is_killed_anywhere_leaves_its_id_free_or_a_whole_session(tmp_path: Path) -> None:
    counts = []
    for at in range(1, 40):
        root = tmp_path / str(at) / "w"
        script = [sys.executable, "-c", CREATED, str(root)]
        done = subprocess.run([*script, str(at)], capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        again = subprocess.run([*script, "0"], capture_output=True, text=True, timeout=60)
        counts.append(again.returncode)
        assert (again.returncode == 0) is ("SessionExistsError" not in again.stderr)
        (path,) = root.glob("session_one/journal.jsonl")
        assert path.read_bytes().count(b"\n") == 51
    else:
        raise AssertionError("the creation never came to its end")
    assert 0 in counts and 1 in counts
