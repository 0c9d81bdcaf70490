"""Where a graph or swarm goes on: in loops, after conditions, after agents that had their say."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import AfterInvocationEvent, AfterNodeCallEvent
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder, Status, Swarm
from strands.session import FileSessionManager
from strands.types.exceptions import MaxTokensReachedException
from support.nodes import agent, graph

PLACES = pytest.mark.parametrize("place", ["in process", "afresh"])


@PLACES
def test_a_condition_that_fails_loses_no_node(tmp_path: Path, place: str) -> None:
    ran: list[str] = []
    broken = [True]

    def condition(state: Any, *, invocation_state: dict[str, Any], **more: Any) -> bool:
        if broken:
            raise LookupError("no such route")
        return bool(invocation_state["wanted"])

    def make() -> Any:
        builder = GraphBuilder().set_session_manager(FileSessionManager("s", tmp_path))
        for name in "abc":
            builder.add_node(agent(name), name)
        builder.add_edge("a", "b", condition)
        builder.add_edge("a", "c", lambda state: False)
        made = builder.build()
        made.add_hook(lambda event: ran.append(event.node_id), AfterNodeCallEvent)
        return made

    made = make()
    with pytest.raises(LookupError):
        made("go", {"wanted": True})
    broken.clear()
    made = make() if place == "afresh" else made
    assert made(None, {"wanted": True}).status is Status.COMPLETED
    assert ran == ["a", "b"]


@PLACES
def test_a_node_that_was_cut_off_when_it_ran_again_goes_on(tmp_path: Path, place: str) -> None:
    paid: list[int] = []
    down = [True]

    @tool
    def pay() -> str:
        """Pay."""
        paid.append(1)
        return "paid"

    def script(messages: list[Any]) -> Any:
        if len(messages) == 1:
            return ToolCall("pay", {})
        if len(paid) == 2 and down:
            down.pop()
            raise ConnectionError("network down")
        return "done"

    def make() -> Any:
        builder = GraphBuilder().set_session_manager(FileSessionManager("s", tmp_path)).reset_on_revisit()
        builder.add_node(agent("a", script, tools=[pay]), "a")
        builder.add_node(agent("b"), "b")
        builder.add_edge("a", "b")
        builder.add_edge("b", "a", condition=lambda state: len(state.execution_order) < 4)
        return builder.set_entry_point("a").set_max_node_executions(9).build()

    made = make()
    with contextlib.suppress(Exception):
        made("go")
    made = make() if place == "afresh" else made
    result = made(None)
    assert result.status is Status.COMPLETED
    assert [node.node_id for node in result.execution_order] == ["a", "b", "a", "b"]
    assert len(paid) == 2


@PLACES
@pytest.mark.parametrize("kind", ["graph", "swarm", "nested"])
def test_an_agent_that_had_its_say_is_not_asked_again(tmp_path: Path, place: str, kind: str) -> None:
    """The call is cancelled after the last reply, before anybody has the node's result."""
    said: list[str] = []
    waits = [True]

    def speak(messages: list[Any]) -> str:
        said.append("a")
        return "my answer"

    async def linger(event: AfterInvocationEvent) -> None:
        if waits:
            await asyncio.sleep(60)

    def make() -> Any:
        manager = FileSessionManager("s", tmp_path)
        executor = agent("a", speak, hooks=[linger])
        if kind == "swarm":
            return Swarm([executor], session_manager=manager)
        builder = GraphBuilder().set_session_manager(manager)
        builder.add_node(graph({"a": executor}, id="i") if kind == "nested" else executor, "a")
        return builder.build()

    made = make()

    async def cancelled() -> None:
        call = asyncio.ensure_future(made.invoke_async("go"))
        while not said:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        call.cancel()
        await asyncio.wait([call])

    asyncio.run(cancelled())
    waits.clear()
    made = make() if place == "afresh" else made
    result = made("go")
    assert result.status is Status.COMPLETED
    assert [str(each).strip() for each in result.results["a"].get_agent_results()] == ["my answer"]
    assert said == ["a"]


def test_a_reply_that_was_cut_short_is_followed_by_the_task_again() -> None:
    executor = Agent(
        model=ScriptedModel([Reply("half an ans", stop_reason="max_tokens"), "whole"]), name="a", callback_handler=None
    )
    made = graph({"a": executor})
    with pytest.raises(MaxTokensReachedException):
        made("go")
    assert made("go").status is Status.COMPLETED
    assert [message["role"] for message in executor.messages] == ["user", "assistant", "user", "assistant"]


@PLACES
def test_a_swarm_hands_over_after_it_was_cut_off(tmp_path: Path, place: str) -> None:
    down = [True]

    def hand_over(messages: list[Any]) -> Any:
        if len(messages) == 1:
            return ToolCall("handoff_to_agent", {"agent_name": "b", "message": "pay 5", "context": {"amount": 5}})
        if down:
            down.pop()
            raise ConnectionError("network down")
        return "handed over"

    def make() -> Swarm:
        return Swarm([agent("a", hand_over), agent("b")], session_manager=FileSessionManager("s", tmp_path))

    made = make()
    assert made("go").status is Status.FAILED
    made = make() if place == "afresh" else made
    result: Any = made(None)
    assert [node.node_id for node in result.node_history] == ["a", "b"]
    told = str(made.nodes["b"].executor.messages[0]["content"])
    assert "pay 5" in told and "'amount': 5" in told.replace('"', "'")
