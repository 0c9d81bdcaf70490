"""A graph or a swarm in a session is its journal: one entry a fact, and a file beside it for other programs."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Graph, GraphBuilder, Status, Swarm
from strands.session import Disk, FileSessionManager
from strands.session.json_text import from_json, to_json
from strands.session.state_changes import StateText, changed
from strands.types.exceptions import EventLoopException, SessionException
from support.guarded import SECRET, GuardedModel
from support.nodes import agent, answers, clerk, graph, make_swarm, paying


def home(root: Path, id: str = "g") -> Path:
    return root / f"session_s/multi_agents/multi_agent_{id}"


def entries(root: Path, id: str = "g") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home(root, id) / "journal.jsonl").read_bytes().splitlines()]


def facts(root: Path, id: str = "g") -> list[str]:
    return [f"{entry['kind']} {entry['key']}".strip() for entry in entries(root, id)]


def file(root: Path, id: str = "g") -> Path:
    return home(root, id) / "multi_agent.json"


def test_each_fact_is_an_entry(tmp_path: Path) -> None:
    def make() -> Graph:
        return graph({"a": agent("a"), "b": clerk("b", [])}, root=tmp_path, edges=(("a", "b"),))

    result = make()("go")
    taken_in = ["opened", "leased", "state", "rested"]
    assert facts(tmp_path) == [*taken_in, "leased", "state", "node nodes/a", "asked", "rested"]
    make()(answers(result))
    tool = "nodes/b/tools/call_0"
    assert facts(tmp_path)[9:] == [
        *("leased", "answered", "state", f"started {tool}", f"finished {tool}", "node nodes/b", "state", "rested")
    ]
    assert entries(tmp_path)[10]["data"]["by"].startswith(f"process {os.getpid()}")


def test_a_tool_in_a_graph_in_a_graph_has_the_way_there_as_its_key(tmp_path: Path) -> None:
    inner = graph({"payer": paying([], [])}, id="inner")
    graph({"in": inner}, root=tmp_path)("go")
    assert [fact for fact in facts(tmp_path) if fact.startswith("started nodes/in/nodes/payer/tools/")]


def test_an_entry_says_what_changed_and_no_more(tmp_path: Path) -> None:
    def talk(messages: list[Any]) -> Any:
        return "word " * 4000

    made = graph(
        {name: agent(name, talk) for name in "abcd"}, root=tmp_path, edges=(("a", "b"), ("b", "c"), ("c", "d"))
    )
    made("go")
    said = (home(tmp_path) / "journal.jsonl").read_bytes().count(b"word word")
    assert said == file(tmp_path).read_bytes().count(b"word word")


def test_a_journal_does_not_grow_without_bound(tmp_path: Path) -> None:
    made = make_swarm(tmp_path, agent("a", lambda messages: "x" * 100_000))
    sizes = []
    for _ in range(40):
        made("go")
        sizes.append((home(tmp_path, "default_swarm") / "journal.jsonl").stat().st_size)
    assert max(sizes) < 2_500_000
    assert make_swarm(tmp_path, agent("a")).state.results["a"].status is Status.COMPLETED


def test_who_was_left_behind_is_told_who_answered(tmp_path: Path) -> None:
    effects: list[Any] = []
    first = graph({"a": clerk("a", effects)}, root=tmp_path)
    result = first("go")
    graph({"a": clerk("a", effects)}, root=tmp_path)(answers(result))
    with pytest.raises(SessionException, match=rf"moved on .* was answered by process {os.getpid()}"):
        first(answers(result))
    assert effects == [1]


def test_a_file_that_another_program_wrote_is_taken_in_once(tmp_path: Path) -> None:
    effects: list[Any] = []

    def make(down: list[Any]) -> Graph:
        return graph({"payer": paying(effects, down)}, root=tmp_path)

    with pytest.raises((EventLoopException, ConnectionError)):
        make([True])("ours")
    state = FileSessionManager("s", tmp_path).read_multi_agent("s", "g") or {}
    theirs = json.dumps({**state, "current_task": "theirs"}, indent=2).encode()
    file(tmp_path).write_bytes(theirs)
    made = make([True])
    with pytest.raises((EventLoopException, ConnectionError)):
        made(None)
    assert made.state.task == "theirs"
    file(tmp_path).write_bytes(theirs)  # as a process leaves it that dies before it has written its own
    made = make([])
    assert made(None).status is Status.COMPLETED
    assert effects == ["paid"] and facts(tmp_path).count("imported") == 1
    assert json.loads(file(tmp_path).read_bytes())["status"] == "completed"


def test_a_file_that_is_written_meanwhile_stops_the_call(tmp_path: Path) -> None:
    made = graph({"a": agent("a")}, root=tmp_path)
    made("go")
    file(tmp_path).write_bytes(json.dumps(made.serialize_state()).encode())
    with pytest.raises(SessionException, match=r"moved on .* another program has written to it"):
        made("again")


def test_where_only_the_file_is_there_it_is_taken_in_and_nothing_is_written_before_a_call(tmp_path: Path) -> None:
    effects: list[Any] = []
    result = graph({"a": clerk("a", effects)}, root=tmp_path)("go")
    for path in home(tmp_path).glob("journal.*"):
        path.unlink()
    made = graph({"a": clerk("a", effects)}, root=tmp_path)
    assert [path.name for path in home(tmp_path).iterdir()] == ["multi_agent.json"]
    assert made(answers(result)).status is Status.COMPLETED
    assert effects == [1] and facts(tmp_path)[:3] == ["opened", "leased", "imported"]


def test_a_process_of_the_first_release_that_is_at_work_is_not_overtaken(tmp_path: Path) -> None:
    graph({"a": agent("a")}, root=tmp_path)("go")
    for path in home(tmp_path).glob("journal.*"):
        path.unlink()
    lease = Disk().take_lease(home(tmp_path) / "lease.lock")
    assert lease is not None
    with pytest.raises(SessionException, match=f"process {os.getpid()} on .* holds its lease"):
        graph({"a": agent("a")}, root=tmp_path)("again")
    lease.release()
    assert graph({"a": agent("a")}, root=tmp_path)("again").status is Status.COMPLETED


class Guarded(GuardedModel):
    """Looks, and then has the result taken back."""

    def tool_for(self, messages: Any, blocked: bool) -> tuple[str, str] | None:
        return None if any(message["role"] == "assistant" for message in messages) else ("look", "{}")


@pytest.mark.parametrize("kind", ["graph", "swarm"])
@pytest.mark.parametrize("below", [False, True])
def test_what_a_guardrail_took_back_is_in_no_file(tmp_path: Path, kind: str, below: bool) -> None:
    @tool
    def look() -> str:
        """Look."""
        return f"I saw {SECRET}."

    node = Agent(model=Guarded(), tools=[look], name="a", callback_handler=None)
    if below:
        asks = ScriptedModel(lambda messages: "done" if len(messages) > 2 else ToolCall("a", {"input": "go"}))
        node = Agent(model=asks, tools=[node], name="chief", callback_handler=None)
    manager = FileSessionManager("s", tmp_path)
    if kind == "swarm":
        made: Any = Swarm([node], session_manager=manager)
    else:
        builder = GraphBuilder().set_session_manager(manager)
        builder.add_node(node, "a")
        made = builder.build()
    assert made("go").status is Status.COMPLETED
    kept = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert [name for name, content in kept.items() if SECRET.encode() in content] == []


class Failing(GuardedModel):
    """Looks, fails once, and then has the result taken back and works."""

    fails = True

    def tool_for(self, messages: Any, blocked: bool) -> tuple[str, str] | None:
        done = sum(message["role"] == "assistant" for message in messages)
        if done == 1 and self.fails:
            self.fails = False
            raise ConnectionError("network down")
        return {0: ("look", "{}"), 1: ("work", "{}")}.get(done)


def test_what_was_taken_back_is_in_no_file_when_the_process_dies_in_the_call(tmp_path: Path) -> None:
    model, left = Failing(), tmp_path / "left"

    @tool
    def look() -> str:
        """Look."""
        return f"I saw {SECRET}."

    @tool
    def work() -> str:
        """Work."""
        shutil.copytree(tmp_path / "here", left)  # what a process that dies now leaves
        return "done"

    def make(root: Path) -> Graph:
        node = Agent(model=model, tools=[look, work], name="a", callback_handler=None, retry_strategy=None)
        return graph({"a": node}, root=root)

    def holders(root: Path) -> list[str]:
        return [path.name for path in root.rglob("*") if path.is_file() and SECRET in path.read_text()]

    with pytest.raises((EventLoopException, ConnectionError)):
        make(tmp_path / "here")("go")
    assert sorted(holders(tmp_path / "here")) == ["journal.jsonl", "multi_agent.json"]
    assert make(tmp_path / "here")(None).status is Status.COMPLETED
    assert holders(left) == [] and holders(tmp_path / "here") == []
    assert [each.name for each in make(left)(None).interrupts] == ["ambiguous_tool_call"]


def some_state(chance: random.Random, depth: int = 3) -> Any:
    if depth and chance.random() < 0.6:
        names = chance.sample("abcd", chance.randrange(4))
        made = [some_state(chance, depth - 1) for _ in names]
        return made if chance.random() < 0.4 else dict(zip(names, made, strict=True))
    return chance.choice([None, True, False, 0, 1, 1.0, -0.0, "", "a", "\u00e9", b"\x00\xff"])


def a_step_on(chance: random.Random, value: Any) -> Any:
    """Return something that differs from a state in a few places, in the order of its names or in a list's end too."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        items = [(name, a_step_on(chance, each) if chance.random() < 0.5 else each) for name, each in value.items()]
        if chance.random() < 0.2:
            chance.shuffle(items)
        return dict(items[: chance.choice([1, 9, 9])])
    if isinstance(value, list) and chance.random() < 0.9:
        return [*value[: chance.choice([0, 1, 9, 9])], some_state(chance, 1)]
    return some_state(chance, 2)


def test_the_changes_of_states_give_the_last_one_again() -> None:
    chance = random.Random(5)
    for _ in range(300):
        state = {"z": some_state(chance), **{name: some_state(chance) for name in "abc"}}
        follow(chance, state)


def follow(chance: random.Random, state: dict[str, Any]) -> None:
    text = StateText()
    found: dict[str, Any] = {}
    for _ in range(5):
        change = text.change(state)
        found = changed(found, from_json(change)) if change else found
        assert to_json(found) == to_json(state) == text.whole  # and in the same order
        assert text.change(state) == ""
        step = a_step_on(chance, state)
        state = step if isinstance(step, dict) else {"z": step}
