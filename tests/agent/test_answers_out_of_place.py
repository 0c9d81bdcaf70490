"""Answers that come twice, late, or while a call is turned away: none is taken for another question, none is lost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import BeforeInvocationEvent, BeforeToolCallEvent, BeforeToolsEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from support.agents import answers, results_of, texts_of

RAN: list[Any] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    RAN.clear()


@tool
def wire(amount: int) -> str:
    """Send money."""
    RAN.append(amount)
    return "sent"


def approve(event: BeforeToolCallEvent) -> None:
    if event.interrupt("approval", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "no"


def approve_all(event: BeforeToolsEvent) -> None:
    if event.interrupt("all") != "y":
        event.cancel = "no"


def raises_the_sum(event: BeforeToolCallEvent) -> None:
    event.tool_use["input"]["amount"] = 900_000


class Story:
    """An agent, or a new one for each call over one session."""

    def __init__(self, home: Path | None, *hooks: Any, id: str | None = None) -> None:
        self.home = home
        self.id = id
        self.hooks = hooks
        self.agent = self.make()

    def make(self) -> Agent:
        def script(messages: list[Any]) -> Any:
            done = sum("toolResult" in block for message in messages for block in message["content"])
            turns = sum(block.get("text") == "go" for message in messages for block in message["content"])
            return ToolCall("wire", {"amount": turns}, self.id or f"t{turns}") if done < turns else "done"

        manager = FileSessionManager("s", self.home) if self.home is not None else None
        hooks = list(self.hooks)
        return Agent(
            model=ScriptedModel(script), tools=[wire], hooks=hooks, session_manager=manager, callback_handler=None
        )

    def __call__(self, prompt: Any) -> Any:
        if self.home is not None:
            self.agent = self.make()
        return self.agent(prompt)


FRESH = pytest.mark.parametrize("fresh", [False, True], ids=["one process", "fresh processes"])


@FRESH
@pytest.mark.parametrize("hook", [approve, approve_all])
def test_an_answer_sent_twice_is_none_to_what_is_asked_about_the_changed_call(
    hook: Any, fresh: bool, tmp_path: Path
) -> None:
    story = Story(tmp_path if fresh else None, hook, raises_the_sum)
    answer = answers(story("go"), "y")
    second = story(answer)
    assert second.interrupts[0].reason["changed"]["input"] == {"amount": 900_000}
    if hook is approve_all:  # its own answer stands, and only says nothing about the changed call
        assert story(answer).stop_reason == "interrupt"
    else:
        with pytest.raises(KeyError, match="no interrupt has the id"):
            story(answer)
    assert RAN == []
    assert story(answers(second, "y")).stop_reason == "end_turn"
    assert RAN == [900_000]


@FRESH
def test_an_answer_about_all_tools_of_a_message_is_none_about_those_of_the_next(fresh: bool, tmp_path: Path) -> None:
    story = Story(tmp_path if fresh else None, approve_all)
    answer = answers(story("go"), "y")
    assert story(answer).stop_reason == "end_turn"
    assert story("go").stop_reason == "interrupt"
    with pytest.raises(KeyError, match="no interrupt has the id"):
        story(answer)
    assert RAN == [1]


@FRESH
def test_an_answer_is_none_to_a_later_call_for_which_the_model_used_the_same_id(fresh: bool, tmp_path: Path) -> None:
    story = Story(tmp_path if fresh else None, approve, id="call_0")
    answer = answers(story("go"), "y")
    assert story(answer).stop_reason == "end_turn"
    assert story("go").stop_reason == "interrupt"
    with pytest.raises(KeyError, match="no interrupt has the id"):
        story(answer)
    assert RAN == [1]


@FRESH
def test_an_answer_survives_a_hook_that_turns_the_call_away(fresh: bool, tmp_path: Path) -> None:
    busy = [False]

    def turns_away(event: BeforeInvocationEvent) -> None:
        event.cancel = "busy" if busy[0] else False

    story = Story(tmp_path if fresh else None, approve, turns_away)
    first = story("go")
    busy[0] = True
    assert str(story(answers(first, "y"))).strip() == "busy"
    busy[0] = False
    assert RAN == []
    assert story(None).interrupts == first.interrupts
    assert story(answers(first, "y")).stop_reason == "end_turn"
    assert RAN == [1]


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
def test_an_answer_that_is_not_json_is_refused_wherever_it_is_given(value: Any) -> None:
    agent = Story(None, approve).agent
    (interrupt,) = agent("go").interrupts or ()
    with pytest.raises((TypeError, ValueError), match="is not JSON"):
        interrupt.response = value
    assert agent.pending_interrupts == [interrupt]


def test_an_id_that_is_no_text_is_unknown() -> None:
    agent = Story(None, approve).agent
    agent("go")
    with pytest.raises(KeyError, match="no interrupt has the id"):
        agent([{"interruptResponse": {"interruptId": ["x"], "response": "y"}}])


def test_many_tools_in_threads_may_ask_at_once() -> None:
    @tool(context=True)
    def asks(number: int, tool_context: ToolContext) -> str:
        """Ask twice."""
        return f"{number} {tool_context.interrupt('first')} {tool_context.interrupt('second')}"

    def lets_pass(event: BeforeToolCallEvent) -> None:
        event.interrupt("ok")

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(3):
            script: Any = [[ToolCall("asks", {"number": number}) for number in range(60)], "done"]
            agent = Agent(model=ScriptedModel(script), tools=[asks], hooks=[lets_pass], callback_handler=None)
            result = agent("go")
            for _ in range(3):
                assert len(result.interrupts or ()) == 60
                result = agent(answers(result, "y"))
            assert texts_of(results_of(agent)) == [f"{number} y y" for number in range(60)]
    finally:
        sys.setswitchinterval(before)
