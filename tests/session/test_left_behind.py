"""What is about to take a file's place: a killed writer's is removed by the next one, a live one's never."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, Workflow
from strands.journal import files
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager
from strands_cli.session.repository import FileSessionRepository

if sys.platform == "win32":
    pytest.skip("an open file cannot be removed on this platform", allow_module_level=True)

DYING = """
import os, signal, sys
from strands.journal import files
os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
files.replace(sys.argv[1], b"half a file", durable=True)
"""


def dies_at(path: Path) -> Path:
    """Let a process die when it was about to put a file in its place; return what it leaves."""
    before = set(path.parent.iterdir())
    done = subprocess.run([sys.executable, "-c", DYING, str(path)], timeout=60)
    (left,) = set(path.parent.iterdir()) - before
    assert done.returncode == -9 and left.name.endswith(".tmp")
    return left


def agent_in(root: Path, *replies: Any) -> Agent:
    kept = FileSessionManager("s", root)
    return Agent(model=ScriptedModel(list(replies)), session_manager=kept, callback_handler=None)


@pytest.mark.parametrize("name", ["journal.jsonl", "agent.json", "messages/message_1.json"])
def test_what_a_killed_writer_left_is_removed_when_an_agent_is_made_again(tmp_path: Path, name: str) -> None:
    agent_in(tmp_path, "one")("a")
    home = tmp_path / "session_s/agents/agent_default"
    left = dies_at(home / name)
    assert len(agent_in(tmp_path).messages) == 2
    assert not left.exists() and (home / name).exists()


def test_what_a_killed_writer_left_of_a_workflow_is_removed_by_who_goes_on(tmp_path: Path) -> None:
    spec = {
        "version": 0,
        "name": "w",
        "runtime": {"provider": "scripted"},
        "agents": {"a": {"prompt": "You are a."}},
        "pattern": {"type": "chain", "config": {"steps": [{"type": "hitl", "prompt": "Go on?"}, {"agent": "a"}]}},
    }
    workflow = Workflow.from_dict(spec, repository=FileSessionRepository(tmp_path))
    paused = workflow.run()
    left = dies_at(tmp_path / f"session_{paused.session_id}/journal.jsonl")
    assert workflow.resume(paused.session_id, "yes").success
    assert not left.exists()


def test_nothing_of_a_live_writer_is_removed(tmp_path: Path) -> None:
    stop = threading.Event()

    def sweep() -> None:
        while not stop.is_set():
            files.sweep_temporary(tmp_path)

    sweepers = [threading.Thread(target=sweep) for _ in range(2)]
    for sweeper in sweepers:
        sweeper.start()
    try:
        for number in range(300):
            files.replace(tmp_path / "file", b"%d" % number)
    finally:
        stop.set()
        for sweeper in sweepers:
            sweeper.join()
    assert (tmp_path / "file").read_bytes() == b"299"
    assert os.listdir(tmp_path) == ["file"]


def test_what_an_earlier_release_left_is_removed_once_nobody_can_be_at_it(tmp_path: Path) -> None:
    old, young = (tmp_path / f"journal.jsonl-{each}.tmp" for each in ("0" * 16, "1" * 16))
    for path in (old, young, tmp_path / "mine.tmp", tmp_path / "journal.jsonl"):
        path.write_bytes(b"{")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    files.sweep_temporary(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {young.name, "mine.tmp", "journal.jsonl"}
