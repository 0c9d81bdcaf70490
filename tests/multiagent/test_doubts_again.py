"""A call that dies again after a person let it run again is asked about again, in an agent and in what holds agents."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from strands import Agent, tool
from strands.interrupt import AMBIGUOUS
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Swarm
from support.nodes import agent, answers, graph


class Died(BaseException):
    """The process is gone."""


def alone(payer: Agent) -> Any:
    return payer


def boss(payer: Agent) -> Any:
    def script(messages: list[Any]) -> Any:
        return "done" if "toolResult" in messages[-1]["content"][0] else ToolCall("payer", {"input": "pay"})

    return Agent(model=ScriptedModel(script), tools=[payer], callback_handler=None)


@pytest.mark.parametrize("holds", [alone, boss, lambda payer: graph({"a": payer}), lambda payer: Swarm([payer])])
@pytest.mark.parametrize("repeats", [True, False], ids=["the answer once more", "go on"])
def test_run_again_is_for_one_run(holds: Any, repeats: bool) -> None:
    ran: list[str] = []

    @tool
    def pay() -> str:
        """Pay."""
        ran.append("pay")
        if len(ran) < 3:
            raise Died
        return "paid"

    def script(messages: list[Any]) -> Any:
        return "done" if "toolResult" in messages[-1]["content"][0] else ToolCall("pay", {})

    made = holds(agent("payer", script, tools=[pay]))
    with pytest.raises(Died):
        made("go")
    first = answers(made(None), "run again")
    with pytest.raises(Died):
        made(first)
    asked = made(None)
    assert ([each.name for each in asked.interrupts], len(ran)) == ([AMBIGUOUS], 2)
    if repeats:
        with contextlib.suppress(KeyError):  # an agent has forgotten that question; what holds one still knows it
            made(first)
    assert len(ran) == 2
    made(answers(asked, "run again"))
    assert len(ran) == 3
