"""A function whose call was sent off and lost says so, and a person says what became of it."""

from __future__ import annotations

from strands import Agent, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.exceptions import ToolCallLostError
from support.agents import answers, results_of, texts_of


def test_a_function_may_not_know_what_became_of_its_call() -> None:
    @tool
    def pay(amount: int) -> str:
        """Pay."""
        raise ToolCallLostError("the bank hung up")

    model = ScriptedModel([[ToolCall("pay", {"amount": 3}, "t1")], "done"])
    agent = Agent(model=model, tools=[pay], callback_handler=None)
    result = agent("go")
    assert [each.name for each in result.interrupts or ()] == ["ambiguous_tool_call"]
    assert str(agent(answers(result, {"result": "paid"}))) == "done\n"
    assert "paid" in texts_of(results_of(agent))[0]
