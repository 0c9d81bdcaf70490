"""One agent that several calls of a message want at once: each of them is done, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.agent.agent_result import AgentResult
from strands.hooks import BeforeToolCallEvent
from strands.models import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.tools.executors import ConcurrentToolExecutor, SequentialToolExecutor
from support.agents import results_of, texts_of

AMOUNTS = ["10", "30", "50"]


class Office:
    """A boss whose one message calls one clerk three times; the clerk pays."""

    def __init__(self, *, asks: bool, remembers: bool, executor: Any = None, store: Path | None = None) -> None:
        self.paid: list[int] = []
        self.asks, self.remembers, self.executor, self.store = asks, remembers, executor, store

    def boss(self, clerks_store: Path | None = None) -> Agent:
        paid = self.paid

        @tool
        def pay(amount: int) -> str:
            """Pay."""
            paid.append(amount)
            return f"paid {amount}"

        def gate(event: BeforeToolCallEvent) -> None:
            if event.interrupt("ok", reason=event.tool_use["input"]) != "y":
                event.cancel_tool = "no"

        def clerk_says(messages: Any) -> Any:
            last = messages[-1]["content"][0]
            if "toolResult" in last:
                return last["toolResult"]["content"][0]["text"]
            return ToolCall("pay", {"amount": int(last["text"])})

        def boss_says(messages: Any) -> Any:
            if "toolResult" in messages[-1]["content"][0]:
                return "end"
            return [ToolCall("clerk", {"input": amount}, f"c{amount}") for amount in AMOUNTS]

        def kept(path: Path | None) -> Any:
            return FileSessionManager("s", storage_dir=str(path)) if path is not None else None

        clerk = Agent(
            name="clerk",
            agent_id="clerk",
            model=ScriptedModel(clerk_says),
            tools=[pay],
            hooks=[gate] if self.asks else [],
            callback_handler=None,
            session_manager=kept(clerks_store),
        )
        return Agent(
            model=ScriptedModel(boss_says),
            tools=[clerk.as_tool(preserve_context=self.remembers)],
            callback_handler=None,
            tool_executor=self.executor() if self.executor else None,
            session_manager=kept(self.store),
        )


def all_answered(agent: Agent, result: AgentResult, value: Any = "y", anew: Any = None) -> tuple[Agent, AgentResult]:
    rounds = 0
    while result.stop_reason == "interrupt":
        rounds += 1
        assert rounds < 10 and result.interrupts
        blocks = [{"interruptResponse": {"interruptId": each.id, "response": value}} for each in result.interrupts]
        agent = anew() if anew is not None else agent
        result = agent(blocks)
    return agent, result


@pytest.mark.parametrize("executor", [ConcurrentToolExecutor, SequentialToolExecutor])
@pytest.mark.parametrize("remembers", [False, True])
@pytest.mark.parametrize("asks", [False, True])
def test_every_call_is_done_and_none_is_busy(asks: bool, remembers: bool, executor: Any) -> None:
    office = Office(asks=asks, remembers=remembers, executor=executor)
    boss = office.boss()
    all_answered(boss, boss("go"))
    assert sorted(office.paid) == [10, 30, 50]
    assert [text.strip() for text in texts_of(results_of(boss))] == ["paid 10", "paid 30", "paid 50"]


@pytest.mark.parametrize("remembers", [False, True])
def test_a_no_to_one_call_leaves_the_others(remembers: bool) -> None:
    office = Office(asks=True, remembers=remembers)
    boss = office.boss()
    result = boss("go")
    while result.stop_reason == "interrupt":
        assert result.interrupts
        told = {each.id: "n" if each.reason["amount"] == 30 else "y" for each in result.interrupts}
        result = boss([{"interruptResponse": {"interruptId": id, "response": value}} for id, value in told.items()])
    assert sorted(office.paid) == [10, 50]


@pytest.mark.parametrize("clerk_has_a_session", [False, True])
def test_every_call_is_done_when_each_answer_comes_to_another_process(
    tmp_path: Path, clerk_has_a_session: bool
) -> None:
    office = Office(asks=True, remembers=False, store=tmp_path / "boss")
    clerks = tmp_path / "clerk" if clerk_has_a_session else None
    boss = office.boss(clerks)
    all_answered(boss, boss("go"), anew=lambda: office.boss(clerks))
    assert sorted(office.paid) == [10, 30, 50]


def agent_of(name: str, asks_for: str, tools: list[Any]) -> Agent:
    def says(messages: Any) -> Any:
        return (
            "done" if "toolResult" in messages[-1]["content"][0] else ToolCall(asks_for, {"input": "x"}, f"of {name}")
        )

    return Agent(name=name, model=ScriptedModel(says), tools=tools, callback_handler=None)


def test_an_agent_that_would_wait_for_itself_is_told_so() -> None:
    outer = agent_of("outer", "inner", [])
    inner = agent_of("inner", "outer", [])
    outer.tool_registry.register_tool(inner.as_tool())
    inner.tool_registry.register_tool(outer.as_tool())
    assert outer("go").stop_reason == "end_turn"
    assert "busy" in texts_of(results_of(inner))[0]


def test_agents_that_would_wait_for_each_other_are_told_so() -> None:
    left, right = agent_of("left", "right", []), agent_of("right", "left", [])
    left.tool_registry.register_tool(right.as_tool())
    right.tool_registry.register_tool(left.as_tool())
    both = [ToolCall("left", {"input": "x"}, "l"), ToolCall("right", {"input": "x"}, "r")]
    boss = Agent(model=ScriptedModel([both, "end"]), tools=[left.as_tool(), right.as_tool()], callback_handler=None)
    assert boss("go").stop_reason == "end_turn"
