"""A task that a guardrail took back in a node is nowhere at rest, and later nodes are not told it either."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder, Swarm
from strands.session import FileSessionManager
from support.guarded import SECRET, TAKEN, GuardedModel

TASK = f"The password is {SECRET}."


class Guarded(GuardedModel):
    """Says "Fine."."""


def guarded(name: str) -> Agent:
    return Agent(model=Guarded(), name=name, agent_id=name, callback_handler=None)


def plain(name: str, *replies: Any) -> Agent:
    return Agent(model=ScriptedModel(list(replies or ["done"])), name=name, agent_id=name, callback_handler=None)


def graph(*nodes: Any, manager: Any = None, id: str = "g") -> Any:
    builder = GraphBuilder().set_graph_id(id)
    names = [f"n{number}" for number in range(len(nodes))]
    for name, node in zip(names, nodes, strict=True):
        builder.add_node(node, name)
    for before, after in pairwise(names):
        builder.add_edge(before, after)
    if manager is not None:
        builder.set_session_manager(manager)
    return builder.set_execution_timeout(60).build()


def holders(directory: Path) -> list[str]:
    return [file.name for file in directory.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


@pytest.mark.parametrize("task", [TASK, [{"text": TASK}, {"text": "Be brief."}]], ids=["text", "blocks"])
def test_the_task_of_a_graph(tmp_path: Path, task: Any) -> None:
    last = plain("last")
    made = graph(guarded("first"), last, manager=FileSessionManager("s", tmp_path))
    assert made(task).status.value == "completed"
    assert holders(tmp_path) == []
    assert SECRET not in str(last.messages[0]) and TAKEN in str(last.messages[0])


def test_the_task_of_a_graph_in_a_graph(tmp_path: Path) -> None:
    made = graph(plain("first"), graph(guarded("inner"), id="inner"), manager=FileSessionManager("s", tmp_path))
    assert made(TASK).status.value == "completed"
    assert holders(tmp_path) == []


def test_what_the_agents_of_a_swarm_told_each_other(tmp_path: Path) -> None:
    handoff = ToolCall("handoff_to_agent", {"agent_name": "second", "message": "go on", "context": {"key": "value"}})
    made = Swarm(
        [plain("first", handoff, "handed"), guarded("second")], session_manager=FileSessionManager("s", tmp_path)
    )
    assert made(TASK).status.value == "completed"
    assert holders(tmp_path) == []
    assert made.state.task == TAKEN
    assert made.state.shared_context.context == {"first": {"key": TAKEN}}
