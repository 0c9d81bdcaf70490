"""A session knows which hooks judged its agent's tool calls: a process without them goes on with nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import BeforeModelCallEvent, BeforeToolCallEvent, BeforeToolsEvent, HookRegistry
from strands.models import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.types.exceptions import SessionException
from strands.vended_interventions.hitl import HumanInTheLoop
from support.agents import answers, results_of, texts_of

RAN: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    RAN.clear()


@tool
def wipe(path: str) -> str:
    """Wipe a path."""
    RAN.append(path)
    return "wiped"


def gate(event: BeforeToolCallEvent) -> None:
    if event.interrupt("ok", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "no"


class Provider:
    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, gate)


def around_all(event: BeforeToolsEvent) -> None:
    if event.interrupt("ok") != "y":
        event.cancel = "no"


def listener(event: BeforeModelCallEvent) -> None:
    """Only listens."""


def around_nothing(event: BeforeToolsEvent) -> None:
    """Judges, and lets everything pass."""


KINDS: list[Any] = [
    pytest.param({"hooks": [gate]}, "test_missing_hooks:gate", id="function"),
    pytest.param({"hooks": [Provider()]}, "test_missing_hooks:Provider", id="provider"),
    pytest.param({"hooks": [around_all]}, "test_missing_hooks:around_all", id="all tools"),
    pytest.param({"interventions": [HumanInTheLoop()]}, "hitl:HumanInTheLoop", id="intervention"),
]


def make(root: Path, *, without_hooks: bool = False, tools: Any = (wipe,), **given: Any) -> Agent:
    def says(messages: Any) -> Any:
        return "end" if "toolResult" in messages[-1]["content"][0] else ToolCall("wipe", {"path": "x"}, "t")

    manager = FileSessionManager("s", storage_dir=str(root), without_hooks=without_hooks)
    return Agent(model=ScriptedModel(says), tools=list(tools), callback_handler=None, session_manager=manager, **given)


@pytest.mark.parametrize(("given", "name"), KINDS)
@pytest.mark.parametrize("answer", ["n", "y"])
def test_a_process_without_the_hook_is_refused_by_name_and_the_question_stays(
    tmp_path: Path, given: Any, name: str, answer: str
) -> None:
    first = make(tmp_path, **given)("go")
    with pytest.raises(SessionException, match=name):
        make(tmp_path)(answers(first, answer))
    assert RAN == []
    whole = make(tmp_path, **given)
    assert whole(answers(first, answer)).stop_reason == "end_turn"
    assert (["x"] if answer == "y" else []) == RAN


@pytest.mark.parametrize(("given", "name"), KINDS)
@pytest.mark.parametrize("answer", ["n", "y"])
def test_told_to_go_on_without_it_the_call_that_was_asked_about_is_not_made(
    tmp_path: Path, given: Any, name: str, answer: str
) -> None:
    first = make(tmp_path, **given)("go")
    agent = make(tmp_path, without_hooks=True)
    assert agent(answers(first, answer)).stop_reason == "end_turn"
    assert RAN == []
    assert "nothing in this process took the answer" in texts_of(results_of(agent))[0]


@pytest.mark.parametrize(("given", "name"), KINDS)
def test_without_a_session_too_nothing_runs_past_an_answer_that_nobody_took(given: Any, name: str) -> None:
    script: Any = [ToolCall("wipe", {"path": "x"}, "t"), "end"]
    asked = Agent(model=ScriptedModel(script), tools=[wipe], callback_handler=None, **given)
    result = asked("go")
    other = Agent(model=ScriptedModel(["end"]), tools=[wipe], callback_handler=None)
    other.load_snapshot(asked.take_snapshot(preset="session"))
    assert other(answers(result, "n")).stop_reason == "end_turn"
    assert RAN == []


def test_a_turn_that_was_cut_off_before_its_gate_does_not_pass_without_it(tmp_path: Path) -> None:
    def dies(event: BeforeToolCallEvent) -> None:
        raise SystemExit("power")

    with pytest.raises(SystemExit):
        make(tmp_path, hooks=[dies, gate])("go")
    with pytest.raises(SessionException, match="gate"):
        make(tmp_path)(None)
    assert RAN == []
    assert make(tmp_path, hooks=[dies, gate]).messages


def test_a_hook_that_was_added_later_is_noted_too(tmp_path: Path) -> None:
    agent = make(tmp_path)
    agent.add_hook(gate)
    first = agent("go")
    with pytest.raises(SessionException, match="gate"):
        make(tmp_path)(answers(first, "n"))
    later = make(tmp_path)
    later.add_hook(gate)
    assert later(answers(first, "y")).stop_reason == "end_turn"
    assert RAN == ["x"]


def test_more_hooks_than_before_are_welcome_and_listeners_are_not_missed(tmp_path: Path) -> None:
    first = make(tmp_path, hooks=[gate, listener])("go")
    assert make(tmp_path, hooks=[listener, gate, around_nothing])(answers(first, "y")).stop_reason == "end_turn"
    assert RAN == ["x"]


def test_a_new_turn_may_begin_without_the_hooks_of_the_last_one(tmp_path: Path) -> None:
    first = make(tmp_path, hooks=[gate])("go")
    make(tmp_path, hooks=[gate])(answers(first, "n"))
    agent = make(tmp_path)
    assert agent("again").stop_reason == "end_turn"
    assert RAN == ["x"]


def test_a_refusal_leaves_what_is_noted(tmp_path: Path) -> None:
    first = make(tmp_path, hooks=[gate])("go")
    other = make(tmp_path)
    other.state.set("a", 1)
    for _ in range(2):
        with pytest.raises(SessionException, match="gate"):
            make(tmp_path)(answers(first, "n"))


def test_a_missing_tool_is_named_and_the_answer_is_not_lost(tmp_path: Path) -> None:
    first = make(tmp_path, hooks=[gate])("go")
    with pytest.raises(SessionException, match="wipe"):
        make(tmp_path, hooks=[gate], tools=())(answers(first, "y"))
    assert make(tmp_path, hooks=[gate])(answers(first, "y")).stop_reason == "end_turn"
    assert RAN == ["x"]


def test_the_hooks_of_an_agent_in_the_agent_are_noted(tmp_path: Path) -> None:
    def office(*hooks: Any) -> Agent:
        def inner(messages: Any) -> Any:
            return "end" if "toolResult" in messages[-1]["content"][0] else ToolCall("wipe", {"path": "x"}, "i")

        def outer(messages: Any) -> Any:
            return "end" if "toolResult" in messages[-1]["content"][0] else ToolCall("clerk", {"input": "x"}, "o")

        clerk = Agent(name="clerk", model=ScriptedModel(inner), tools=[wipe], hooks=hooks, callback_handler=None)
        manager = FileSessionManager("s", storage_dir=str(tmp_path))
        return Agent(
            model=ScriptedModel(outer), tools=[clerk.as_tool()], callback_handler=None, session_manager=manager
        )

    first = office(gate)("go")
    with pytest.raises(SessionException, match="gate"):
        office()(answers(first, "n"))
    assert RAN == []
    assert office(gate)(answers(first, "y")).stop_reason == "end_turn"
    assert RAN == ["x"]
