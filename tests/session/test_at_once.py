"""Processes and threads that begin at once, and forked processes: each goes on, and none writes for another."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.session.disk import Disk
from strands.storage import LocalFileStorage
from strands.types.agent import ConcurrentInvocationMode
from strands.types.exceptions import SessionException

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")

BEGIN = """
import sys
from strands import Agent
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager
print("ready", flush=True)
sys.stdin.readline()
for number in range(25):
    manager = FileSessionManager(f"s{number}", sys.argv[1])
    agent_id = "default" if number % 2 else sys.argv[2]
    Agent(model=ScriptedModel([]), session_manager=manager, agent_id=agent_id, callback_handler=None)
"""


def agent_in(storage: Path, *replies: Any, **kwargs: Any) -> Agent:
    manager = FileSessionManager(session_id="s", storage_dir=storage)
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **kwargs)


def in_a_child(work: Callable[[], object]) -> str:
    """Run a function in a forked process; return "done", or what it raised."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work()
            text = "done"
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as file:
        return file.read()


def test_processes_that_make_one_new_session_at_once_all_succeed(tmp_path: Path) -> None:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", BEGIN, str(tmp_path / "new")]
    makers = [subprocess.Popen([*command, f"a{number}"], text=True, **pipes) for number in range(6)]
    for maker in makers:
        assert maker.stdout is not None and maker.stdout.readline() == "ready\n"
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("go\n")
        maker.stdin.flush()
    errors = [maker.communicate(timeout=60)[1] for maker in makers]
    assert errors == [""] * 6
    for number in range(25):
        json.loads((tmp_path / f"new/session_s{number}/session.json").read_bytes())
        agents = list((tmp_path / f"new/session_s{number}/agents").iterdir())
        assert len(agents) == (1 if number % 2 else 6)


def test_writers_of_one_file_at_once_leave_one_of_their_texts(tmp_path: Path) -> None:
    disk, storage = Disk(), LocalFileStorage(str(tmp_path))
    texts = [bytes([65 + number]) * 20_000 for number in range(8)]
    failed: list[BaseException] = []

    def write(text: bytes) -> None:
        try:
            for _ in range(20):
                disk.replace(tmp_path / "file", text)
                asyncio.run(storage.write("key", text))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert (tmp_path / "file").read_bytes() in texts and asyncio.run(storage.read("key")) in texts
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "key"]


def test_threads_that_use_one_agent_at_once_hold_one_lease(tmp_path: Path) -> None:
    mode = ConcurrentInvocationMode.UNSAFE_REENTRANT
    agent = agent_in(tmp_path, *[Reply("reply", delay=0.02)] * 8, concurrent_invocation_mode=mode)
    barrier, failed = threading.Barrier(8), []

    def call() -> None:
        barrier.wait()
        try:
            agent("hello")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(agent_in(tmp_path).messages) == 16


def test_a_lease_is_not_inherited(tmp_path: Path) -> None:
    """While the parent is at work its child is refused; a child that lives on is then in nobody's way."""
    seen: list[str] = []
    children: list[int] = []

    @tool
    def pay() -> str:
        """Pay."""
        seen.append(in_a_child(lambda: agent_in(tmp_path, "mine")("hello")))
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        children.append(child)
        return "paid"

    agent = agent_in(tmp_path, ToolCall("pay", {}, id="t"), "done", tools=[pay])
    agent("go")
    try:
        assert f"process {os.getpid()}" in seen[0] and "holds its lease" in seen[0]
        assert in_a_child(lambda: agent_in(tmp_path, "again")("hello")) == "done"
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
    assert len(agent_in(tmp_path).messages) == 6


def test_a_child_that_was_forked_in_the_middle_of_a_call_writes_nothing(tmp_path: Path) -> None:
    reports: list[str] = []

    @tool
    def split() -> str:
        """Let a child use the agent that is at work here."""
        before = ledger.read_bytes()
        reports.append(in_a_child(lambda: agent("from the child")))
        assert ledger.read_bytes() == before
        return "done"

    mode = ConcurrentInvocationMode.UNSAFE_REENTRANT
    agent = agent_in(tmp_path, ToolCall("split", {}, id="1"), "done", tools=[split], concurrent_invocation_mode=mode)
    ledger = tmp_path / "session_s/agents/agent_default/journal.jsonl"
    agent("go")
    assert "forked in the middle of a call" in reports[0]
    assert len(agent_in(tmp_path).messages) == 4


def test_an_agent_that_was_made_before_a_fork_works_in_the_child_and_the_parent_notices(tmp_path: Path) -> None:
    agent = agent_in(tmp_path, "one", "two")
    agent("hello")
    assert in_a_child(lambda: agent("from the child")) == "done"
    with pytest.raises(SessionException, match="moved on"):
        agent("from the parent")
    assert len(agent_in(tmp_path).messages) == 4
