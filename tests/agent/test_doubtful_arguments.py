"""The question about a call that may have happened is about what was started, and its answer runs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from support.agents import answers, results_of, texts_of

RAN: list[Any] = []


def make(root: Path, *, dies: bool = False, amount: int = 900) -> Agent:
    @tool
    def wire(to: str, amount: int) -> str:
        """Send money."""
        RAN.append((to, amount))
        if dies:
            raise SystemExit("power")
        return "sent"

    def change(event: BeforeToolCallEvent) -> None:
        event.tool_use["input"].update(to="bob", amount=amount)

    def says(messages: Any) -> Any:
        done = "toolResult" in messages[-1]["content"][0]
        return "end" if done else ToolCall("wire", {"to": "ann", "amount": 1}, "t")

    return Agent(
        model=ScriptedModel(says),
        tools=[wire],
        hooks=[change],
        callback_handler=None,
        session_manager=FileSessionManager("s", storage_dir=str(root)),
    )


@pytest.mark.parametrize(
    ("answer", "amount", "ran", "told"),
    [
        ("run again", 900, 2, "sent"),
        ("1", 900, 2, "sent"),
        (1, 900, 2, "sent"),
        ("run again", 901, 1, "other arguments"),
        ("skip", 900, 1, "Skipped"),
        ("2", 900, 1, "Skipped"),
        ({"result": "receipt 7"}, 900, 1, "receipt 7"),
    ],
)
def test_what_went_out_is_shown_and_alone_may_run_again(
    tmp_path: Path, answer: Any, amount: int, ran: int, told: str
) -> None:
    RAN.clear()
    with pytest.raises(SystemExit):
        make(tmp_path, dies=True)("go")
    (question,) = make(tmp_path)(None).interrupts or ()
    assert (question.reason["tool"], question.reason["input"]) == ("wire", {"to": "bob", "amount": 900})
    agent = make(tmp_path, amount=amount)
    assert agent(answers(agent(None), answer)).stop_reason == "end_turn"
    assert [("bob", 900)] * ran == RAN
    assert told in texts_of(results_of(agent))[0]


def test_a_result_is_asked_for_after_the_word(tmp_path: Path) -> None:
    RAN.clear()
    with pytest.raises(SystemExit):
        make(tmp_path, dies=True)("go")
    agent = make(tmp_path)
    second = agent(answers(agent(None), "result"))
    assert second.stop_reason == "interrupt"
    assert agent(answers(second, "receipt 7")).stop_reason == "end_turn"
    assert (RAN, texts_of(results_of(agent))) == ([("bob", 900)], ["receipt 7"])
