"""Agents that use agents as tools, killed at any instant: no finished tool runs twice, at any depth.

Nobody is asked whether "the agent" has happened.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import AfterToolCallEvent
from strands.models.scripted import Scripted, ScriptedModel, ToolCall
from strands.session import FileSessionManager
from support.session_worker import Workers, lines
from support.tree_worker import make

KILLED = -9
SEEDS = 6
STORIES: dict[str, dict[str, Any]] = {
    "one below": {"depth": 1},
    "one below, asking": {"depth": 1, "asks": True},
    "two below": {"depth": 2},
    "two below, asking": {"depth": 2, "asks": True},
    "own session": {"own": True},
    "own session, asking": {"own": True, "asks": True},
}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers("support.tree_worker")
    yield workers
    workers.close()


@pytest.fixture(scope="module")
def undisturbed(workers: Workers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each story as it goes when nobody dies."""
    roots = {}
    for name, order in STORIES.items():
        roots[name] = tmp_path_factory.mktemp("undisturbed")
        assert workers.run("go", roots[name], **order) == 0, lines(roots[name], "errors")
    return roots


def check(root: Path, whole: Path, deaths: int = 1) -> None:
    """It came to the same end, every tool ran once, and only tools were doubted, each once a death at most."""
    assert not lines(root, "errors"), lines(root, "errors")
    assert json.loads((root / "end").read_text()) == json.loads((whole / "end").read_text())
    assert Counter(lines(root, "effects")) == Counter(lines(whole, "effects"))
    doubts = Counter(line for line in lines(root, "answers") if line.startswith("ambiguous"))
    assert all(count <= deaths for count in doubts.values()), doubts
    assert not any("use-" in line for line in doubts), doubts


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("story", STORIES)
def test_case_1_killed_at_every_storage_call(
    workers: Workers, undisturbed: dict[str, Path], tmp_path: Path, story: str, when: str
) -> None:
    number, status, repeated = 0, KILLED, 0
    while status == KILLED:
        number += 1
        root = tmp_path / str(number)
        root.mkdir()
        status = workers.run("go", root, disk=(when, number), **STORIES[story])
        assert workers.run("go", root, **STORIES[story]) == 0, lines(root, "errors")
        check(root, undisturbed[story])
        repeated = max(repeated, sum((Counter(lines(root, "calls")) - _calls(undisturbed[story])).values()))
    assert status == 0
    assert number > 10
    assert repeated <= 3, "model calls on record were repeated"


def _calls(whole: Path) -> Counter[str]:
    return Counter(lines(whole, "calls"))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("story", [name for name in STORIES if "asking" in name])
def test_case_1_answers_from_other_processes(
    workers: Workers, undisturbed: dict[str, Path], tmp_path: Path, story: str, when: str
) -> None:
    """Each process ends at its questions; the one that answers the first of them is killed."""
    paused = tmp_path / "paused"
    paused.mkdir()
    assert workers.run("go", paused, pause=True, **STORIES[story]) == 0
    assert not lines(paused, "answers")
    number, status = 0, KILLED
    while status == KILLED:
        number += 1
        root = tmp_path / str(number)
        shutil.copytree(paused, root)
        status = workers.run("go", root, disk=(when, number), **STORIES[story])
        assert workers.run("go", root, **STORIES[story]) == 0, lines(root, "errors")
        check(root, undisturbed[story])
    assert status == 0


@pytest.mark.parametrize("story", STORIES)
def test_case_1_killed_again_and_again(
    workers: Workers, undisturbed: dict[str, Path], tmp_path: Path, story: str
) -> None:
    chance = random.Random(story)
    for seed in range(SEEDS):
        root = tmp_path / str(seed)
        root.mkdir()
        status = KILLED
        while status == KILLED:
            when = chance.choice(["before", "after", "torn"])
            number = chance.randrange(1, 8 if when == "torn" else 25)
            pause = chance.random() < 0.5
            status = workers.run("go", root, disk=(when, number), pause=pause, **STORIES[story])
        assert workers.run("go", root, **STORIES[story]) == 0, lines(root, "errors")
        check(root, undisturbed[story], deaths=9)


def test_an_agent_with_a_session_of_its_own_begins_anew_when_a_hook_repeats_its_call(tmp_path: Path) -> None:
    def repeat(event: AfterToolCallEvent) -> None:
        event.retry = event.tool_use["name"] == "manager" and lines(tmp_path, "effects").count("ship-manager") == 1

    chief = make(tmp_path, {"own": True, "disk": ["plain", 0]})
    chief.add_hook(repeat, AfterToolCallEvent)
    assert chief("work").stop_reason == "end_turn"
    assert [line for line in lines(tmp_path, "calls") if line.startswith("manager")] == [
        f"manager {turn}" for turn in (0, 1, 2, 0, 1, 2)
    ]


def test_a_direct_call_of_an_agent_in_between_leaves_its_unfinished_work_in_doubt(tmp_path: Path) -> None:
    """Its session has gone on with something else, so nobody can tell whether the call has happened."""
    order: dict[str, Any] = {"own": True, "disk": ["plain", 0]}

    def die(event: AfterToolCallEvent) -> None:
        if event.tool_use["name"] == "pay":
            raise KeyboardInterrupt

    chief = make(tmp_path, order)
    manager: Any = chief.tool_registry.registry["manager"]
    manager.agent.add_hook(die, AfterToolCallEvent)
    with pytest.raises(KeyboardInterrupt):
        chief("work")
    again = make(tmp_path, order)
    other: Any = again.tool_registry.registry["manager"]
    other.agent("something else")
    doubts = [each.id for each in again(None).interrupts or ()]
    assert any("use-manager" in id for id in doubts)


def test_a_ledger_that_is_written_anew_keeps_what_was_inside(tmp_path: Path) -> None:
    ran: list[str] = []

    @tool
    def pay(to: str) -> str:
        """Pay."""
        ran.append(to)
        if ran == ["a", "b"]:
            raise KeyboardInterrupt
        return "paid"

    def build(*worker_says: Any) -> Agent:
        worker = Agent(model=ScriptedModel(list(worker_says)), name="worker", tools=[pay], callback_handler=None)
        first: list[Scripted] = [*["ok"] * 6, ToolCall("worker", {"input": "pay"}, "c1")]
        says = first if len(worker_says) > 1 else ["done"]
        session = FileSessionManager("big", tmp_path)
        return Agent(model=ScriptedModel(says), tools=[worker], session_manager=session, callback_handler=None)

    agent = build(ToolCall("pay", {"to": "a"}, "p1"), ToolCall("pay", {"to": "b"}, "p2"))
    for number in range(6):
        agent.state.set("blob", str(number) * 400_000)
        agent("remember this")
    with pytest.raises(KeyboardInterrupt):
        agent("pay")
    (ledger,) = tmp_path.rglob("journal.jsonl")
    size = ledger.stat().st_size
    build("paid")
    assert ledger.stat().st_size < size / 3
    agent = build("paid")
    (doubt,) = agent(None).interrupts or ()
    assert doubt.reason["input"] == {"to": "b"}
    assert agent([{"interruptResponse": {"interruptId": doubt.id, "response": "skip"}}]).stop_reason == "end_turn"
    assert ran == ["a", "b"]
