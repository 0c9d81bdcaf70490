"""A paused graph or swarm goes back and forth between us and the Strands Agents SDK; nothing runs unasked or twice.

`sdk_1_62_after_ours` was begun by us, and answered once and left at the second question by the SDK 1.62
(`support/two_questions.py`, run by each). `STRANDS_SDK_PYTHON` may name an interpreter that has the SDK.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import tool
from strands.session import FileSessionManager
from support import two_questions
from support.two_questions import RAN, orchestrator

FIXTURES = Path(__file__).parent.parent / "session" / "fixtures" / "sdk_1_62_after_ours"
PROGRAM = two_questions.__file__
SDK = os.environ.get("STRANDS_SDK_PYTHON")
KNOWN = {"id", "name", "reason", "response"}
"""What the SDK's questions have; it refuses others."""


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    RAN.clear()
    yield
    RAN.clear()


def made(kind: str, store: Path) -> Any:
    return orchestrator(kind, FileSessionManager("s", storage_dir=str(store)))


def answered(orchestrator: Any, answer: str = "yes") -> Any:
    ids = [each.id for each in orchestrator.pending_interrupts]
    return orchestrator([{"interruptResponse": {"interruptId": id, "response": answer}} for id in ids])


def state_of(store: Path) -> tuple[Path, dict[str, Any]]:
    (path,) = store.rglob("multi_agent.json")
    return path, json.loads(path.read_bytes())


def written_back(store: Path, response: str | None) -> None:
    """Let the file be as the SDK writes it when it has read ours: with nothing of what it does not know."""
    path, state = state_of(store)
    asked = state["_internal_state"]["interrupt_state"]
    for question in asked["interrupts"].values():
        question["response"] = response
    known = {name: asked[name] for name in ("interrupts", "context", "activated")}
    state.pop("_journal")
    path.write_text(json.dumps({**state, "_internal_state": {"interrupt_state": known}}, indent=2))


@pytest.mark.parametrize("kind", ["graph", "swarm", "nodes"])
def test_what_waits_is_written_as_the_sdk_reads_it(tmp_path: Path, kind: str) -> None:
    first = made(kind, tmp_path)
    first("go")
    if kind == "nodes":
        answered(first)
    _, state = state_of(tmp_path)
    waiting = state["_internal_state"]["interrupt_state"]
    kept = waiting["context"]["one"]
    assert kept["interrupt_ids"] == list(kept["interrupt_state"]["interrupts"])
    results = state["node_results"]["one"]
    for questions in (waiting["interrupts"].values(), results["interrupts"], results["result"]["interrupts"]):
        assert all(question.keys() == KNOWN for question in questions)
    (id,) = kept["interrupt_ids"]
    assert waiting["interrupts"][id]["id"] == id
    again = made(kind, tmp_path)
    assert [each.id for each in again.pending_interrupts] == [each.id for each in first.pending_interrupts]
    assert again.state.results["one"].interrupts[0].digest is not None  # what was kept beside is read again


def test_two_nodes_that_ask_under_one_id_stay_told_apart(tmp_path: Path) -> None:
    made("twins", tmp_path)("go")
    _, state = state_of(tmp_path)
    ids = list(state["_internal_state"]["interrupt_state"]["interrupts"])
    assert [id.rpartition("@")[2] for id in ids] == ["one", "two"]
    again = made("twins", tmp_path)
    first = again.pending_interrupts[0]
    again([{"interruptResponse": {"interruptId": first.id, "response": "yes"}}])
    assert RAN == ["pay"]


@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_what_the_sdk_left_of_ours_goes_on(tmp_path: Path, kind: str) -> None:
    shutil.copytree(FIXTURES / kind, tmp_path / "store")
    for path in (tmp_path / "store").rglob("*"):
        path.chmod(path.stat().st_mode & ~0o022)
    again = made(kind, tmp_path / "store")
    assert [each.reason for each in again.pending_interrupts] == ["ship"]
    assert again(None).status.value == "interrupted"  # asked again, and nothing runs
    assert RAN == []
    assert answered(again).status.value == "completed"
    assert RAN == ["ship"]


@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_ids_that_we_told_hold_after_the_sdk_wrote_the_file(tmp_path: Path, kind: str) -> None:
    first = made(kind, tmp_path)
    (asked,) = first("go").interrupts
    written_back(tmp_path, None)
    again = made(kind, tmp_path)
    again([{"interruptResponse": {"interruptId": asked.id, "response": "yes"}}])
    assert RAN == ["pay"]


@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_an_answer_that_the_sdk_took_is_for_the_tool_that_was_asked_about(tmp_path: Path, kind: str) -> None:
    (asked,) = made(kind, tmp_path)("go").interrupts
    written_back(tmp_path, "yes")

    @tool(name="pay")
    def another() -> str:
        """Pay."""
        RAN.append("pay something else")
        return "paid"

    again = made(kind, tmp_path)
    node = again.nodes["one"].executor
    node.tool_registry.registry["pay"] = another
    result = again(None)
    assert result.status.value == "interrupted" and RAN == []
    assert result.interrupts[0].id != asked.id  # a question of its own
    answered(again)
    assert RAN == ["pay something else"]


@pytest.mark.slow
@pytest.mark.skipif(SDK is None, reason="STRANDS_SDK_PYTHON names no interpreter with the Strands Agents SDK")
@pytest.mark.parametrize("kind", ["graph", "swarm", "nodes"])
@pytest.mark.parametrize("turns", ["ossss", "osoos", "sosos", "soooo"])
def test_the_sdk_itself_goes_on_with_ours_and_we_with_its(tmp_path: Path, kind: str, turns: str) -> None:
    source = str(Path(two_questions.__file__).parents[2] / "src")
    ran, status = [], ""
    for number, turn in enumerate(turns):
        command = [SDK if turn == "s" else sys.executable, "-W", "ignore", PROGRAM, str(tmp_path), kind]
        path = {} if turn == "s" else {"PYTHONPATH": source}
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | path
        done = subprocess.run(
            [*map(str, command), *["yes"] * bool(number)], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        ran += told["ran"]
        status = told["status"]
        if status == "completed":
            break
    assert (ran, status) == (["pay", "ship"], "completed")
