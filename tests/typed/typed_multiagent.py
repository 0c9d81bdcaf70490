"""Graphs and swarms, as a type checker sees them."""

from __future__ import annotations

import asyncio
from typing import Any

from typing_extensions import assert_type

from strands import Agent
from strands.hooks import BeforeNodeCallEvent
from strands.interrupt import Interrupt
from strands.multiagent import Graph, GraphBuilder, Status, Swarm
from strands.multiagent.base import MultiAgentBase, MultiAgentResult, NodeResult
from strands.multiagent.graph import GraphNode, GraphResult, GraphState
from strands.multiagent.swarm import SwarmNode, SwarmResult


def _is_done(state: GraphState) -> bool:
    return len(state.completed_nodes) == 2


def _is_wanted(state: GraphState, *, invocation_state: dict[str, Any]) -> bool:
    return bool(invocation_state.get("wanted"))


def _with_more(state: GraphState, *, invocation_state: dict[str, Any], **kwargs: Any) -> bool:
    return not state.failed_nodes


def _of_text(state: str) -> bool:
    return bool(state)


def a_graph_is_built(writer: Agent, editor: Agent, inner: Graph) -> None:
    builder = GraphBuilder()
    first = builder.add_node(writer, "writer")
    assert_type(first, GraphNode)
    builder.add_node(editor)
    builder.add_node(inner, "inner")
    builder.add_edge(first, "editor")
    builder.add_edge("writer", "inner", _is_done)
    builder.add_edge("writer", "inner", condition=_is_wanted)
    builder.add_edge("writer", "inner", condition=_with_more)
    assert_type(builder.set_entry_point("writer").set_max_node_executions(5).build(), Graph)
    builder.add_node("writer")  # type: ignore[arg-type]
    builder.add_edge(writer, editor)  # type: ignore[arg-type]
    builder.add_edge("writer", "inner", _of_text)  # type: ignore[arg-type]
    builder.set_execution_timeout("soon")  # type: ignore[arg-type]


def a_graph_gives_a_graph_result(graph: Graph) -> None:
    result = graph("go", {"wanted": True})
    assert_type(result, GraphResult)
    assert_type(asyncio.run(graph.invoke_async("go")), GraphResult)
    assert_type(result.execution_order, list[GraphNode])
    assert_type(result.status, Status)
    assert_type(result.results["writer"], NodeResult)
    assert_type(result.interrupts, list[Interrupt])
    print(result.node_history)  # type: ignore[attr-defined]
    graph(7)  # type: ignore[arg-type]


def a_swarm_gives_a_swarm_result(writer: Agent, editor: Agent) -> None:
    swarm = Swarm([writer, editor], entry_point=writer, max_handoffs=3)
    result = swarm("go")
    assert_type(result, SwarmResult)
    assert_type(result.node_history, list[SwarmNode])
    print(result.execution_order)  # type: ignore[attr-defined]
    Swarm([writer, "editor"])  # type: ignore[list-item]
    Swarm([writer], max_handoffs="3")  # type: ignore[arg-type]


def either_gives_what_both_have(either: MultiAgentBase) -> None:
    assert_type(either("go"), MultiAgentResult)


def their_questions_are_answered(graph: Graph, result: GraphResult) -> None:
    answers = [{"interruptResponse": {"interruptId": each.id, "response": "y"}} for each in result.interrupts]
    assert_type(graph(answers), GraphResult)
    assert_type(graph.pending_interrupts, list[Interrupt])


async def their_events_are_streamed(swarm: Swarm) -> None:
    stream = swarm.stream_async("go")
    async for event in stream:
        assert_type(event, dict[str, Any])
    await stream.aclose()


def _ask(event: BeforeNodeCallEvent) -> None:
    if event.interrupt("ok", reason=event.node_id) != "y":
        event.cancel_node = "not today"
    event.cancel_node = 7  # type: ignore[assignment]


def hooks_judge_nodes(graph: Graph) -> None:
    graph.add_hook(_ask)
    graph.add_hook(_ask, BeforeNodeCallEvent)
    graph.add_hook(_ask, str)  # type: ignore[type-var, arg-type]
