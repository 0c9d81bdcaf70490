"""Models choose the ids of tool uses; one that begins like another, up to a colon, is another call all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from support.agents import answers, texts_of

PAID: list[int] = []


@tool(context=True)
def pay(amount: int, tool_context: ToolContext) -> str:
    """Pay."""
    if amount > 100:
        tool_context.interrupt("so much", reason=amount)
    PAID.append(amount)
    return f"paid {amount}"


@pytest.fixture(autouse=True)
def nothing_paid() -> None:
    PAID.clear()


def agent_of(path: Path, amounts: dict[str, int], *hooks: Any) -> Agent:
    def script(messages: list[Any]) -> Any:
        if any("toolResult" in block for block in messages[-1]["content"]):
            return "done"
        return [ToolCall("pay", {"amount": amount}, id) for id, amount in amounts.items()]

    session = FileSessionManager("s", path)
    return Agent(
        model=ScriptedModel(script), tools=[pay], hooks=list(hooks), session_manager=session, callback_handler=None
    )


def results(agent: Agent) -> list[str]:
    return texts_of([block["toolResult"] for block in agent.messages[2]["content"] if "toolResult" in block])


@pytest.mark.parametrize("ids", [("a", "a:b"), ("a:b", "a"), ("", ":")])
def test_the_result_of_one_call_is_not_taken_for_that_of_another(ids: tuple[str, str], tmp_path: Path) -> None:
    def before(event: BeforeToolCallEvent) -> None:
        if event.tool_use["input"]["amount"] == 1:
            event.interrupt("ok")

    def after(event: AfterToolCallEvent) -> None:
        event.interrupt("result", reason=event.result["content"])

    amounts = dict(zip(ids, (1, 2), strict=True))
    result = agent_of(tmp_path, amounts, before, after)("go")
    for _ in range(2):
        assert result.stop_reason == "interrupt"
        agent = agent_of(tmp_path, amounts, before, after)
        result = agent(answers(result, "y"))
    assert result.stop_reason == "end_turn"
    assert sorted(PAID) == [1, 2]
    assert results(agent) == ["paid 1", "paid 2"]


def test_a_question_inside_one_call_is_not_asked_anew_for_another(tmp_path: Path) -> None:
    amounts = {"a": 300, "a:b": 200}
    first = agent_of(tmp_path, amounts)("go")
    assert sorted(each.reason for each in first.interrupts or ()) == [200, 300]
    agent = agent_of(tmp_path, amounts)
    assert agent(answers(first, "y")).stop_reason == "end_turn"
    assert results(agent) == ["paid 300", "paid 200"]
