"""What callers expect of graphs and swarms: agents of their own, stand-ins, printed results, ends that failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from strands import Agent, AgentResult
from strands.hooks import BeforeNodeCallEvent, HookProvider, HookRegistry
from strands.models import ScriptedModel
from strands.multiagent import GraphBuilder, Swarm
from strands.multiagent.base import MultiAgentBase, MultiAgentResult, NodeResult, Status
from strands.multiagent.graph import GraphEdge, GraphNode
from strands.session.file_session_manager import FileSessionManager
from strands.telemetry.metrics import EventLoopMetrics
from strands.types.agent import AgentInput
from support.agents import answer


def make(reply: Any, name: str = "agent") -> Agent:
    return Agent(model=ScriptedModel([reply]), name=name, callback_handler=None)


def result_of(text: str, stop_reason: Any = "end_turn") -> AgentResult:
    return AgentResult(stop_reason, {"role": "assistant", "content": [{"text": text}]}, EventLoopMetrics(), {})


class Remote:
    """A caller's own agent: no state, no registry, nothing but the three ways to call it."""

    def __init__(self, name: str, text: str, stop_reason: Any = "end_turn") -> None:
        self.name = name
        self.result = result_of(text, stop_reason)
        self.prompts: list[Any] = []

    def __call__(self, prompt: AgentInput = None, **kwargs: Any) -> AgentResult:
        return self.result

    async def invoke_async(self, prompt: AgentInput = None, **kwargs: Any) -> AgentResult:
        return self.result

    async def stream_async(self, prompt: AgentInput = None, **kwargs: Any) -> AsyncIterator[Any]:
        self.prompts.append(prompt)
        yield {"start": True}
        yield {"result": self.result}


def stand_in(name: str, text: str) -> Any:
    """Return what callers put in place of an agent in their own tests."""
    agent = Mock(spec=Agent)
    agent.name = name
    agent.id = name
    agent._session_manager = None

    async def events(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        yield {"result": AgentResult("end_turn", result_of(text).message, Mock(accumulated_usage=USAGE), {})}

    agent.stream_async = Mock(side_effect=events)
    return agent


USAGE = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}


def chain(*executors: Any, **more: Any) -> GraphBuilder:
    builder = GraphBuilder()
    for number, executor in enumerate(executors):
        builder.add_node(executor, f"n{number}")
        if number:
            builder.add_edge(f"n{number - 1}", f"n{number}")
    return builder


def test_agents_of_ones_own_and_stand_ins_work_in_a_graph() -> None:
    remote, fake = Remote("remote", "from far"), stand_in("fake", "from nowhere")
    result = chain(remote, fake, make("from here")).build()("go")
    assert result.status is Status.COMPLETED
    assert remote.prompts == [[{"text": "go"}]]
    assert fake.stream_async.call_count == 1
    assert result.results["n1"].accumulated_usage == USAGE
    assert str(result.results["n2"]) == "from here\n"


def test_what_an_agent_of_ones_own_streams_is_heard() -> None:
    class Chatty(Agent):
        async def stream_async(self, prompt: Any = None, **kwargs: Any) -> Any:
            heard.append("mine")
            async for event in super().stream_async(prompt, **kwargs):
                yield event

    heard: list[str] = []
    chain(Chatty(model=ScriptedModel(["x"]), callback_handler=None)).build()("go")
    assert heard == ["mine"]


class Gate(HookProvider):
    def __init__(self, node: str) -> None:
        self.node = node

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeNodeCallEvent, self.ask)

    def ask(self, event: BeforeNodeCallEvent) -> None:
        if event.node_id == self.node and event.interrupt("go on", reason="?") != "yes":
            event.cancel_node = "no"


def test_before_an_agent_of_ones_own_a_person_is_asked_and_another_process_goes_on(tmp_path: Path) -> None:
    def build() -> Any:
        builder = chain(make("first"), Remote("remote", "far"))
        builder.set_session_manager(FileSessionManager("s", storage_dir=str(tmp_path)))
        return builder.set_hook_providers([Gate("n1")]).build()

    waiting = build()("go")
    assert waiting.status is Status.INTERRUPTED
    done = build()([answer(waiting.interrupts[0], "yes")])
    assert done.status is Status.COMPLETED
    assert str(done.results["n1"].result) == "far\n"


def test_a_node_whose_agent_was_cancelled_ends_its_branch_and_no_other() -> None:
    after, beside = Remote("after", "never"), Remote("beside", "fine")
    builder = chain(Remote("stopped", "cut", "cancelled"), after)
    builder.add_node(make("ok"), "other")
    builder.add_node(beside, "beside")
    builder.add_edge("other", "beside")
    result = builder.build()("go")
    assert result.status is Status.FAILED
    assert result.failed_nodes == 1
    assert (result.results["n0"].status, result.results["beside"].status) == (Status.FAILED, Status.COMPLETED)
    assert after.prompts == []


class Broken(MultiAgentBase):
    id = "broken"

    async def invoke_async(self, task: Any, invocation_state: Any = None, **kwargs: Any) -> MultiAgentResult:
        inner = NodeResult(RuntimeError("inside"), status=Status.FAILED)
        return MultiAgentResult(status=Status.FAILED, results={"inner": inner})


def test_a_nested_graph_that_failed_is_a_node_that_failed() -> None:
    after = Remote("after", "never")
    graph = chain(Broken(), after).build()
    result = graph("go")
    assert (result.status, graph.nodes["n0"].execution_status) == (Status.FAILED, Status.FAILED)
    assert after.prompts == []


def test_a_cancelled_agent_ends_a_swarm_as_failed() -> None:
    class Stopped(Agent):
        async def stream_async(self, prompt: Any = None, **kwargs: Any) -> Any:
            yield {"result": result_of("cut", "cancelled")}

    result = Swarm([Stopped(name="one", model=ScriptedModel([]), callback_handler=None)])("go")
    assert result.status is Status.FAILED


def test_what_is_no_agent_and_what_ends_without_a_result_is_named() -> None:
    async def nothing(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        yield {"start": True}

    silent = Remote("silent", "x")
    silent.stream_async = nothing  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="'n0' did not produce a result"):
        chain(silent).build()("go")
    wrong: Any = object()
    with pytest.raises(ValueError, match="'n0' holds"):
        chain(wrong).build()("go")


def test_an_entry_point_from_elsewhere_is_refused() -> None:
    builder = chain(make("x"))
    builder.entry_points.add(GraphNode("lost", make("y")))
    with pytest.raises(ValueError, match="lost"):
        builder.build()


def test_an_edge_added_twice_is_one_edge() -> None:
    builder = chain(make("a"), make("b"))
    builder.add_edge("n0", "n1")
    assert len(builder.edges) == 1
    first, second = builder.nodes.values()
    assert GraphEdge(first, second) == GraphEdge(first, second) != GraphEdge(second, first)


def test_results_print_what_was_said() -> None:
    said = NodeResult(result_of("  code  \n"), status=Status.COMPLETED)
    silent = NodeResult(result_of(""), status=Status.COMPLETED)
    failed = NodeResult(ValueError("broken"), status=Status.FAILED)
    outer = MultiAgentResult(results={"in": NodeResult(MultiAgentResult(results={"a": said})), "b": failed})
    assert str(failed) == "broken"
    assert str(MultiAgentResult(results={"a": said, "silent": silent})) == "a:   code  \n"
    assert str(outer) == "in: a:   code  \nb: broken"
    assert str(MultiAgentResult()) == ""


def test_a_cancelled_node_of_a_swarm_is_told_of_once() -> None:
    def cancel(event: BeforeNodeCallEvent) -> None:
        event.cancel_node = "not today"

    swarm = Swarm([make("never", "one")])
    swarm.add_hook(cancel)

    async def events() -> list[Any]:
        return [event async for event in swarm.stream_async("go")]

    heard = asyncio.run(events())
    assert [event["type"] for event in heard] == ["multiagent_node_cancel", "multiagent_result"]
    assert heard[0]["message"] == "not today"
    assert heard[-1]["result"].status is Status.FAILED


def test_the_limits_of_a_swarm_can_be_read_and_set() -> None:
    swarm = Swarm([make("x", "one")], max_handoffs=3, node_timeout=5)
    assert (swarm.max_handoffs, swarm.max_iterations, swarm.node_timeout) == (3, 20, 5)
    swarm.max_iterations = 0
    assert swarm("go").status is Status.FAILED
