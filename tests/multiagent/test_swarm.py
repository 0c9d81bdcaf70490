"""Swarms: agents that hand over to each other, within limits, and stop to ask."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import BeforeNodeCallEvent, BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Status, Swarm
from strands.session import FileSessionManager


def agent(name: str, *replies: Any, **kwargs: Any) -> Agent:
    return Agent(model=ScriptedModel(list(replies)), name=name, callback_handler=None, **kwargs)


def hand_over(to: str, message: str = "please", **context: Any) -> ToolCall:
    return ToolCall("handoff_to_agent", {"agent_name": to, "message": message, "context": context})


def told(agent: Agent) -> str:
    return str(agent.messages[0]["content"][0]["text"])


def test_an_agent_hands_over_and_the_last_one_answers() -> None:
    writer = agent("writer", "the text", description="writes")
    researcher = agent("researcher", hand_over("writer", "write it", source="book"), "looked it up")
    result = Swarm([researcher, writer])("a story")
    assert result.status is Status.COMPLETED
    assert [node.node_id for node in result.node_history] == ["researcher", "writer"]
    assert str(result) == "researcher: looked it up\nwriter: the text"
    for piece in ["a story", "write it", "researcher", "book"]:
        assert piece in told(writer)
    assert "writer: writes" in told(researcher)


def test_handing_over_to_nobody_is_told_to_the_model() -> None:
    alone = agent("alone", hand_over("ghost"), "then I do it")
    result = Swarm([alone])("go")
    assert result.status is Status.COMPLETED
    failure: Any = alone.messages[2]["content"][0]["toolResult"]
    assert failure["status"] == "error"
    assert "'ghost'" in failure["content"][0]["text"]


def test_agents_begin_afresh_at_every_turn() -> None:
    a = agent("a", hand_over("b"), "1", "2")
    b = agent("b", hand_over("a"), "x")
    assert Swarm([a, b])("go").status is Status.COMPLETED
    assert len(a.messages) == 2


def test_the_limits() -> None:
    def pair() -> list[Agent]:
        a = [reply for _ in range(9) for reply in (hand_over("b"), "ok")]
        b = [reply for _ in range(9) for reply in (hand_over("a"), "ok")]
        return [agent("a", *a), agent("b", *b)]

    assert len(Swarm(pair(), max_handoffs=3)("go").node_history) == 3
    assert Swarm(pair(), max_iterations=2)("go").status is Status.FAILED
    circling = Swarm(pair(), repetitive_handoff_detection_window=4, repetitive_handoff_min_unique_agents=3)
    assert len(circling("go").node_history) == 4


def test_a_failing_agent_ends_the_swarm() -> None:
    result = Swarm([agent("a", ValueError("boom"), retry_strategy=None)])("go")
    assert result.status is Status.FAILED
    assert str(result) == "a: boom"


def test_names_tools_and_session_managers_are_checked(tmp_path: Path) -> None:
    @tool
    def handoff_to_agent() -> str:
        """Mine."""
        return ""

    with pytest.raises(ValueError, match="two agents are called 'a'"):
        Swarm([agent("a"), agent("a")])
    with pytest.raises(ValueError, match="a name that the swarm needs"):
        Swarm([agent("a", tools=[handoff_to_agent])])
    with pytest.raises(ValueError, match="session manager of its own"):
        Swarm([agent("a", session_manager=FileSessionManager("s", tmp_path))])
    with pytest.raises(ValueError, match="entry point"):
        Swarm([agent("a")], entry_point=agent("b"))


def test_events_of_a_stream() -> None:
    async def main() -> list[str]:
        swarm = Swarm([agent("a", hand_over("b"), "ok"), agent("b", "end")])
        return [event["type"] async for event in swarm.stream_async("go")]

    kinds = [kind for kind in asyncio.run(main()) if kind != "multiagent_node_stream"]
    node = ["multiagent_node_start", "multiagent_node_stop"]
    assert kinds == [*node, "multiagent_handoff", *node, "multiagent_result"]


@pytest.mark.parametrize("fresh", [False, True])
def test_questions_before_a_node_and_inside_it(tmp_path: Path, fresh: bool) -> None:
    effects: list[str] = []

    class Gate:
        def register_hooks(self, registry: Any, **kwargs: Any) -> None:
            registry.add_callback(BeforeNodeCallEvent, self.ask)

        def ask(self, event: BeforeNodeCallEvent) -> None:
            if event.node_id == "payer":
                event.interrupt("may-work")

    def approve(event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] == "pay" and event.interrupt("may-pay") != "y":
            event.cancel_tool = "denied"

    @tool
    def pay(amount: int) -> str:
        """Pay."""
        effects.append("paid")
        return "paid"

    def first(messages: list[Any]) -> Any:
        return hand_over("payer", "pay it") if len(messages) == 1 else "handed over"

    def second(messages: list[Any]) -> Any:
        return ToolCall("pay", {"amount": 1}, id="t") if len(messages) == 1 else "all paid"

    def make() -> Swarm:
        clerk = Agent(model=ScriptedModel(first), name="clerk", callback_handler=None)
        payer = Agent(model=ScriptedModel(second), name="payer", tools=[pay], hooks=[approve], callback_handler=None)
        return Swarm([clerk, payer], session_manager=FileSessionManager("s", tmp_path), hooks=[Gate()])

    swarm = make()
    result = swarm("the bill")
    for name in ["may-work", "may-pay"]:
        assert result.status is Status.INTERRUPTED
        assert [interrupt.name for interrupt in result.interrupts] == [name]
        swarm = make() if fresh else swarm
        result = swarm([{"interruptResponse": {"interruptId": result.interrupts[0].id, "response": "y"}}])
    assert result.status is Status.COMPLETED
    assert effects == ["paid"]
    assert [node.node_id for node in result.node_history] == ["clerk", "payer"]
    assert str(result.results["payer"].result).strip() == "all paid"
