"""Graphs: who follows whom, what they are told, and stopping to ask."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import AfterNodeCallEvent, BeforeNodeCallEvent, HookProvider, HookRegistry
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands.multiagent import Graph, GraphBuilder, MultiAgentResult, Status, Swarm
from strands.session import FileSessionManager
from strands.types.exceptions import SessionException

FIXTURES = Path(__file__).parent.parent / "session" / "fixtures"


def agent(name: str, *replies: Any, **kwargs: Any) -> Agent:
    model = ScriptedModel(list(replies) or [f"from {name}"])
    return Agent(model=model, name=name, agent_id=name, callback_handler=None, **kwargs)


def diamond(**agents: Agent) -> GraphBuilder:
    builder = GraphBuilder()
    for name in "abcd":
        builder.add_node(agents.get(name) or agent(name), name)
    for edge in ["ab", "ac", "bd", "cd"]:
        builder.add_edge(edge[0], edge[1])
    return builder


def chain(*agents: Agent, gate: Any = None, session: tuple[str, Path] | None = None, id: str = "g1") -> Graph:
    builder = GraphBuilder().set_graph_id(id)
    for each in agents:
        builder.add_node(each, each.name)
    for before, after in pairwise(agents):
        builder.add_edge(before.name, after.name)
    if gate is not None:
        builder.set_hook_providers([gate])
    if session is not None:
        builder.set_session_manager(FileSessionManager(session[0], session[1]))
    return builder.build()


class Gate(HookProvider):
    """Asks before node `name`, and counts the nodes that ran."""

    def __init__(self, name: str = "b") -> None:
        self.name = name
        self.ran: list[str] = []

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeNodeCallEvent, self.ask)
        registry.add_callback(AfterNodeCallEvent, lambda event: self.ran.append(event.node_id))

    def ask(self, event: BeforeNodeCallEvent) -> None:
        if event.node_id == self.name and event.interrupt("node-ok", reason={"node": event.node_id}) != "y":
            event.cancel_node = "not today"


def answers(result: Any, response: Any = "y") -> list[Any]:
    return [{"interruptResponse": {"interruptId": i.id, "response": response}} for i in result.interrupts]


def prompt_of(agent: object) -> str:
    assert isinstance(agent, Agent)
    return " ".join(block["text"] for block in agent.messages[0]["content"])


def test_nodes_run_along_the_edges_and_are_told_what_came_before() -> None:
    last = agent("d")
    result = diamond(d=last).build()("the task")
    assert result.status is Status.COMPLETED
    assert [node.node_id for node in result.execution_order] == ["a", "b", "c", "d"]
    assert str(result.results["d"].result) == "from d\n"
    assert (result.completed_nodes, result.total_nodes, result.execution_count) == (4, 4, 4)
    assert result.accumulated_usage["totalTokens"] > 0
    told = prompt_of(last)
    assert "the task" in told and "from b" in told and "from c" in told and "from a" not in told


def test_nodes_that_are_ready_together_run_together() -> None:
    slow = {name: agent(name, Reply(name, delay=0.2)) for name in "bc"}
    graph = diamond(**slow).build()
    began = time.monotonic()
    graph("go")
    assert time.monotonic() - began < 0.38


def test_an_edge_is_taken_when_its_condition_holds() -> None:
    builder = GraphBuilder()
    for name in "abc":
        builder.add_node(agent(name), name)
    builder.add_edge("a", "b", condition=lambda state: "from a" in str(state.results["a"].result))
    builder.add_edge("a", "c", condition=lambda state, *, invocation_state: invocation_state["wanted"])
    result = builder.build()("go", {"wanted": False})
    assert [node.node_id for node in result.execution_order] == ["a", "b"]


def test_a_cycle_ends_at_its_limit_or_condition() -> None:
    builder = GraphBuilder().set_max_node_executions(5).reset_on_revisit()
    for name in "ab":
        builder.add_node(agent(name, *["again"] * 5), name)
    builder.add_edge("a", "b")
    builder.add_edge("b", "a")
    builder.set_entry_point("a")
    graph = builder.build()
    result = graph("go")
    assert result.status is Status.FAILED
    assert [node.node_id for node in result.execution_order] == ["a", "b", "a", "b", "a"]
    second = graph.nodes["b"].executor
    assert isinstance(second, Agent) and len(second.messages) == 2


def test_a_failing_node_fails_the_graph_and_the_next_call_begins_anew() -> None:
    graph = chain(_failing("a"), agent("b"))
    with pytest.raises(ValueError, match="boom"):
        graph("go")
    assert graph.state.status is Status.FAILED
    assert isinstance(graph.state.results["a"].result, ValueError)
    assert graph("once more").status is Status.COMPLETED


def _failing(name: str) -> Agent:
    return agent(name, ValueError("boom"), "fine", retry_strategy=None)


def test_a_node_that_takes_too_long() -> None:
    builder = GraphBuilder().set_node_timeout(0.05)
    builder.add_node(agent("a", Reply("late", delay=5)), "a")
    with pytest.raises(TimeoutError, match=r"node 'a' took longer than 0\.05 seconds"):
        builder.build()("go")


def test_graphs_and_swarms_are_nodes_too() -> None:
    inner = chain(agent("x"), agent("y"), id="inner")
    swarm = Swarm([agent("s")])
    builder = GraphBuilder()
    builder.add_node(inner, "inner")
    builder.add_node(swarm, "swarm")
    builder.add_edge("inner", "swarm")
    result = builder.build()("go")
    assert result.status is Status.COMPLETED
    assert [str(each).strip() for each in result.results["inner"].get_agent_results()] == ["from x", "from y"]
    assert result.execution_count == 3


def test_events_of_a_stream() -> None:
    async def main() -> list[dict[str, Any]]:
        return [event async for event in chain(agent("a"), agent("b")).stream_async("go")]

    events = asyncio.run(main())
    kinds = [event["type"] for event in events if event["type"] != "multiagent_node_stream"]
    node = ["multiagent_node_start", "multiagent_node_stop"]
    assert kinds == [*node, "multiagent_handoff", *node, "multiagent_result"]
    assert "from a" in "".join(event["event"].get("data", "") for event in events if "event" in event)
    assert events[-1]["result"].status is Status.COMPLETED


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda b: b.build(), "at least one node"),
        (lambda b: (b.add_node(agent("a"), "a"), b.add_node(agent("b"), "a")), "'a' already exists"),
        (lambda b: (b.add_node(agent("a"), "a"), b.add_edge("a", "z")), "Target node 'z' not found"),
        (lambda b: (b.add_node(agent("a"), "a"), b.add_edge("a", "a"), b.build()), "no entry points"),
        (lambda b: b.set_entry_point("z"), "Entry point node 'z' not found"),
    ],
)
def test_what_cannot_be_built_says_why(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(GraphBuilder())


def test_one_agent_has_one_node() -> None:
    shared, builder = agent("a"), GraphBuilder()
    builder.add_node(shared, "one")
    with pytest.raises(ValueError, match="has a node already"):
        builder.add_node(shared, "two")


def test_a_hook_asks_before_a_node() -> None:
    gate = Gate()
    graph = chain(agent("a"), agent("b"), agent("c"), gate=gate)
    result = graph("go")
    assert result.status is Status.INTERRUPTED
    (interrupt,) = result.interrupts
    assert interrupt.id.startswith("v1:before_node_call:8b58a5a7-5d36-58ee-8fa4-1bd2be8f0998:")
    assert (interrupt.name, interrupt.reason) == ("node-ok", {"node": "b"})
    with pytest.raises(TypeError):
        graph("something else")
    with pytest.raises(KeyError):
        graph([{"interruptResponse": {"interruptId": "unknown", "response": "y"}}])
    assert graph(answers(result)).status is Status.COMPLETED
    assert gate.ran == ["a", "b", "c"]


def test_a_denied_node_fails() -> None:
    graph = chain(agent("a"), agent("b"), gate=Gate())
    result = graph("go")
    with pytest.raises(RuntimeError, match="not today"):
        graph(answers(result, "n"))


def asking(effects: list[str], name: str = "b") -> Agent:
    @tool(context=True)
    def pay(amount: int, tool_context: ToolContext) -> str:
        """Pay."""
        answer = tool_context.interrupt("pay-ok", reason={"amount": amount})
        effects.append(f"{name} {answer}")
        return "paid"

    def script(messages: list[Any]) -> Any:
        return ToolCall("pay", {"amount": 3}, id=f"t-{name}") if len(messages) == 1 else f"done by {name}"

    model = ScriptedModel(script)
    return Agent(model=model, name=name, agent_id=name, tools=[pay], callback_handler=None)


def test_a_tool_in_a_node_asks_and_parallel_siblings_are_kept() -> None:
    effects: list[str] = []
    gate = Gate("none")
    builder = diamond(b=asking(effects))
    builder.set_hook_providers([gate])
    graph = builder.build()
    result = graph("go")
    assert result.status is Status.INTERRUPTED
    assert gate.ran == ["a", "c"]
    assert [(i.name, i.reason) for i in result.interrupts] == [("pay-ok", {"amount": 3})]
    result = graph(answers(result))
    assert result.status is Status.COMPLETED
    assert effects == ["b y"]
    assert gate.ran == ["a", "c", "b", "d"]


def test_several_nodes_ask_and_are_answered_one_by_one() -> None:
    effects: list[str] = []
    graph = diamond(b=asking(effects, "b"), c=asking(effects, "c")).build()
    result = graph("go")
    assert len(result.interrupts) == 2
    result = graph(answers(result)[:1])
    assert result.status is Status.INTERRUPTED
    assert effects == ["b y"]
    assert graph(answers(result)).status is Status.COMPLETED
    assert effects == ["b y", "c y"]


def test_a_question_inside_a_nested_graph_comes_up_and_its_answer_goes_down(tmp_path: Path) -> None:
    effects: list[str] = []

    def make() -> Graph:
        return chain(
            agent("a"), _named(chain(asking(effects, "x"), id="inner"), "inner"), session=("s", tmp_path), id="o"
        )

    result = make()("go")
    assert [i.name for i in result.interrupts] == ["pay-ok"]
    assert make()(answers(result)).status is Status.COMPLETED
    assert effects == ["x y"]


def _named(graph: Graph, name: str) -> Any:
    graph.name = name  # type: ignore[attr-defined]
    return graph


@pytest.mark.parametrize("kind", ["hook", "tool"])
def test_a_paused_graph_goes_on_in_another_process(tmp_path: Path, kind: str) -> None:
    effects: list[str] = []
    gate = Gate("b" if kind == "hook" else "none")

    def make() -> Graph:
        second = agent("b") if kind == "hook" else asking(effects)
        return chain(agent("a"), second, agent("c"), gate=gate, session=("s", tmp_path))

    result = make()("the task")
    assert result.status is Status.INTERRUPTED
    state = json.loads((tmp_path / "session_s/multi_agents/multi_agent_g1/multi_agent.json").read_bytes())
    assert (state["status"], state["completed_nodes"], state["interrupted_nodes"]) == ("interrupted", ["a"], ["b"])
    again = make()
    late = make()
    done = again(answers(result))
    assert done.status is Status.COMPLETED
    assert gate.ran == ["a", "b", "c"]
    assert "the task" in prompt_of(again.nodes["c"].executor)
    with pytest.raises(SessionException, match="moved on"):
        late(answers(result))
    assert effects == (["b y"] if kind == "tool" else [])


def test_a_graph_that_failed_goes_on_after_its_finished_nodes(tmp_path: Path) -> None:
    gate = Gate("none")
    with pytest.raises(ValueError, match="boom"):
        chain(agent("a"), _failing("b"), agent("c"), gate=gate, session=("s", tmp_path))("the task")
    graph = chain(agent("a"), agent("b"), agent("c"), gate=gate, session=("s", tmp_path))
    with pytest.raises(ValueError, match=r"half done with another task, 'the task'.*None.*reset"):
        graph("another task")
    result = graph(None)
    assert result.status is Status.COMPLETED
    assert gate.ran == ["a", "b", "b", "c"]
    assert result.results["a"].status is Status.COMPLETED


def test_a_completed_graph_begins_anew(tmp_path: Path) -> None:
    gate = Gate("none")
    for _ in range(2):
        assert chain(agent("a"), gate=gate, session=("s", tmp_path))("go").status is Status.COMPLETED
    assert gate.ran == ["a", "a"]


@pytest.mark.parametrize("release", ["sdk_1_41", "sdk_1_62"])
def test_paused_graphs_and_swarms_of_the_sdk_resume(tmp_path: Path, release: str) -> None:
    shutil.copytree(FIXTURES / release, tmp_path / "store")
    gate = Gate()
    graph = chain(agent("a"), agent("b"), gate=gate, session=("graph", tmp_path / "store"))
    (interrupt,) = graph._interrupt_state.pending
    result = graph([{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}])
    assert result.status is Status.COMPLETED
    assert gate.ran == ["b"]
    assert str(result.results["a"].result).strip() == "from a"
    swarm = Swarm([agent("b")], id="s1", session_manager=FileSessionManager("swarm", tmp_path / "store"), hooks=[gate])
    (interrupt,) = swarm._interrupt_state.pending
    ended = swarm([{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}])
    assert ended.status is Status.COMPLETED
    assert str(ended.results["b"].result).strip() == "from b"


@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_what_the_sdk_was_told_before_it_paused_again_is_no_node(tmp_path: Path, kind: str) -> None:
    shutil.copytree(FIXTURES / "sdk_1_62", tmp_path / "store")
    (path,) = (tmp_path / "store" / f"session_{kind}").rglob("multi_agent.json")
    state = json.loads(path.read_text())
    told = [{"interruptResponse": {"interruptId": "another", "response": "y"}}]
    state["_internal_state"]["interrupt_state"]["context"]["responses"] = told
    path.write_text(json.dumps(state, indent=2))
    gate = Gate()
    made: Any
    if kind == "graph":
        made = chain(agent("a"), agent("b"), gate=gate, session=("graph", tmp_path / "store"))
    else:
        made = Swarm([agent("b")], id="s1", session_manager=FileSessionManager(kind, tmp_path / "store"), hooks=[gate])
    (interrupt,) = made.pending_interrupts
    result = made([{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}])
    assert result.status is Status.COMPLETED and gate.ran == ["b"]


def test_names_where_others_look_for_them() -> None:
    from strands.multiagent.base import MultiAgentBase, MultiAgentResult, NodeResult
    from strands.multiagent.graph import Graph as G
    from strands.multiagent.graph import GraphBuilder as B
    from strands.multiagent.graph import GraphEdge, GraphNode, GraphResult, GraphState
    from strands.multiagent.swarm import SharedContext, SwarmNode, SwarmResult, SwarmState
    from strands.types.multiagent import MultiAgentInput

    assert (Graph, GraphBuilder) == (G, B)
    assert all([MultiAgentBase, MultiAgentResult, NodeResult, GraphEdge, GraphNode, GraphResult, GraphState])
    assert all([SharedContext, SwarmNode, SwarmResult, SwarmState, MultiAgentInput])


def test_results_as_data() -> None:
    result = diamond().build()("go")
    data = json.loads(json.dumps(result.to_dict()))
    again = MultiAgentResult.from_dict(data)
    assert again.status is Status.COMPLETED
    assert str(again.results["d"].result) == "from d\n"
    assert again.to_dict() == data
    with pytest.raises(TypeError, match="multiagent_result"):
        MultiAgentResult.from_dict({"type": "other"})
