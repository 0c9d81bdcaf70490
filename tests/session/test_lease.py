"""Two at once on one session: one goes on, the other is told who and why; nothing happens twice, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.models.scripted import Reply, ScriptedModel
from strands.session import FileSessionManager
from strands.types.exceptions import SessionException
from support.session_worker import Workers, lines, make_agent


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    workers.close()


def agent_in(storage: Path, *replies: Any, **kwargs: Any) -> Agent:
    manager = FileSessionManager(session_id="s", storage_dir=storage)
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **kwargs)


def test_the_agent_left_behind_is_refused_and_no_turn_is_lost(tmp_path: Path) -> None:
    first, second = agent_in(tmp_path, "one"), agent_in(tmp_path, "two")
    first("a")
    with pytest.raises(SessionException, match=r"session 's' has moved on .* Create the agent again"):
        second("b")
    assert isinstance(second.model, ScriptedModel)
    assert len(second.model.requests) == 0  # refused before the model was paid for
    third = agent_in(tmp_path, "three")
    third("c")
    with pytest.raises(SessionException, match="moved on"):
        first("d")
    assert len(agent_in(tmp_path).messages) == 4


def test_two_calls_at_once_on_one_session(tmp_path: Path) -> None:
    async def main() -> list[Any]:
        agents = [agent_in(tmp_path, Reply("slow", delay=0.1)) for _ in range(3)]
        return await asyncio.gather(*(agent.invoke_async("hi") for agent in agents), return_exceptions=True)

    outcomes = asyncio.run(main())
    refused = [outcome for outcome in outcomes if isinstance(outcome, SessionException)]
    assert len(refused) == 2
    assert f"process {os.getpid()}" in str(refused[0])
    assert len(agent_in(tmp_path).messages) == 2


def test_agents_may_be_made_anew_for_every_call(tmp_path: Path) -> None:
    kept = []
    for turn in range(4):
        agent = agent_in(tmp_path, "reply")
        agent("prompt")
        kept.append(agent)
        assert len(agent.messages) == 2 * turn + 2


def test_one_manager_may_be_handed_to_the_next_agent(tmp_path: Path) -> None:
    manager = FileSessionManager(session_id="s", storage_dir=tmp_path)
    first = Agent(model=ScriptedModel(["1"]), session_manager=manager, callback_handler=None)
    first("a")
    second = Agent(model=ScriptedModel(["2"]), session_manager=manager, callback_handler=None)
    second("b")
    assert len(second.messages) == 4
    with pytest.raises(SessionException, match="another agent object took its place"):
        first("c")


def test_a_failed_call_gives_the_lease_back(tmp_path: Path) -> None:
    agent = agent_in(tmp_path, ValueError("broken"), "works", retry_strategy=None)
    with pytest.raises(ValueError, match="broken"):
        agent("a")
    agent_in(tmp_path, "other")("b")


def test_case_12_two_processes_answer_one_interrupt(workers: Workers, tmp_path: Path) -> None:
    for round_number in range(5):
        root = tmp_path / str(round_number)
        root.mkdir()
        assert workers.run("start", root) == 0
        for response in ["y", "n"]:
            workers.ask(_answer(root, response))
        _wait_until(lambda root=root: len(lines(root, "ready")) == 2)
        (root / "go").touch()
        statuses = workers.ask({"do": "wait"})["statuses"]
        assert sorted(statuses) == [0, 1], lines(root, "errors")
        (error,) = lines(root, "errors")
        assert error.startswith("SessionException")
        assert "holds its lease" in error or "was answered by process" in error or "moved on" in error
        winner = lines(root, "acks")[1]
        assert lines(root, "effects").count("pay") == (1 if winner == "y" else 0)


def test_case_11_many_answerers_one_winner(workers: Workers, tmp_path: Path) -> None:
    assert workers.run("start", tmp_path) == 0
    for number in range(32):
        workers.ask(_answer(tmp_path, "y" if number % 2 else "n"))
    _wait_until(lambda: len(lines(tmp_path, "ready")) == 32)
    (tmp_path / "go").touch()
    statuses = workers.ask({"do": "wait"})["statuses"]
    assert statuses.count(0) == 1
    assert len(lines(tmp_path, "errors")) == 31
    assert lines(tmp_path, "effects").count("pay") == (1 if lines(tmp_path, "acks")[1] == "y" else 0)


def test_a_killed_process_leaves_no_lock(workers: Workers, tmp_path: Path) -> None:
    assert workers.run("start", tmp_path) == 0
    assert workers.run("die_in_pay", tmp_path) == -signal.SIGKILL
    assert workers.run("finish", tmp_path) == 0


def test_case_13_a_stopped_process_keeps_its_lease_and_goes_on(workers: Workers, tmp_path: Path) -> None:
    assert workers.run("start", tmp_path) == 0
    order = {**_answer(tmp_path, "y"), "slow": True}
    pid = workers.ask(order)["pid"]
    (tmp_path / "go").touch()
    _wait_until(lambda: "pay" in lines(tmp_path, "effects"))
    os.kill(pid, signal.SIGSTOP)
    try:
        agent = make_agent(tmp_path)
        with pytest.raises(SessionException, match=f"process {pid}"):
            agent(None)
    finally:
        os.kill(pid, signal.SIGCONT)
        (tmp_path / "paid").touch()
    assert workers.ask({"do": "wait"})["statuses"] == [0]
    assert lines(tmp_path, "effects").count("pay") == 1


def test_case_13_writes_of_a_holder_whose_lease_was_lost_are_refused(workers: Workers, tmp_path: Path) -> None:
    """The lock file is removed under a working agent, as a careless clean-up would: the journal itself refuses it."""
    assert workers.run("start", tmp_path) == 0
    order = {**_answer(tmp_path, "y"), "slow": True}
    workers.ask(order)
    (tmp_path / "go").touch()
    _wait_until(lambda: "pay" in lines(tmp_path, "effects"))
    for lock in (tmp_path / "store/drivers").iterdir():
        lock.unlink()
    thief = make_agent(tmp_path)
    assert [each.name for each in thief(None).interrupts or ()] == ["ambiguous_tool_call"]
    (tmp_path / "paid").touch()
    assert workers.ask({"do": "wait"})["statuses"] == [1]
    (error,) = lines(tmp_path, "errors")
    assert error.startswith("SessionException") and "moved on" in error
    assert lines(tmp_path, "effects").count("pay") == 1


def _answer(root: Path, response: str) -> dict[str, Any]:
    order = {"do": "answer", "root": str(root), "disk": ("plain", 0), "background": True}
    return {**order, "response": response, "go": str(root / "go")}


def _wait_until(condition: Any) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)
