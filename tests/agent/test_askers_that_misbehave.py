"""Hooks that swallow their question, twins of a hook, another tool behind a trusted name: nothing runs unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent, BeforeToolsEvent, HookRegistry
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.types.exceptions import SessionException
from strands.vended_interventions.hitl import HumanInTheLoop

RAN: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


@tool
def pay(to: str) -> str:
    """Pay."""
    RAN.append(to)
    return "paid"


def agent_of(*hooks: Any, tools: Any = (pay,), **options: Any) -> Agent:
    def script(messages: list[Any]) -> Any:
        last = messages[-1]["content"][0]
        return "done" if "toolResult" in last else ToolCall("pay", {"to": "Ann"}, id="t")

    return Agent(model=ScriptedModel(script), tools=list(tools), hooks=list(hooks), callback_handler=None, **options)


def answer(agent: Agent, value: Any) -> Any:
    return agent(
        [{"interruptResponse": {"interruptId": each.id, "response": value}} for each in agent.pending_interrupts]
    )


def swallowing_call(event: BeforeToolCallEvent) -> None:
    try:
        event.interrupt("ok")
    except BaseException:
        return


def swallowing_batch(event: BeforeToolsEvent) -> None:
    try:
        event.interrupt("ok")
    except BaseException:
        return


@pytest.mark.parametrize("hook", [swallowing_call, swallowing_batch])
def test_a_question_that_its_asker_swallowed_is_asked_all_the_same(hook: Any) -> None:
    agent = agent_of(hook)
    assert agent("go").stop_reason == "interrupt"
    assert RAN == []


class Gate:
    """A gate of which several may stand."""

    def __init__(self, name: str) -> None:
        self.name = name

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self.before)

    def before(self, event: BeforeToolCallEvent) -> None:
        if event.interrupt(self.name) != "y":
            event.cancel_tool = "no"


def test_of_two_hooks_of_one_class_each_must_be_there(tmp_path: Path) -> None:
    def again(*gates: Gate) -> Agent:
        return agent_of(*gates, session_manager=FileSessionManager("s", tmp_path))

    assert agent_of(Gate("a"), Gate("b"), session_manager=FileSessionManager("s", tmp_path))("go").stop_reason
    with pytest.raises(SessionException, match="Gate"):
        answer(again(Gate("a")), "y")
    assert RAN == []
    assert answer(again(Gate("a"), Gate("b")), "y").stop_reason == "end_turn"
    assert RAN == ["Ann"]


def test_trust_in_a_tool_is_not_trust_in_another_of_its_name() -> None:
    gate = HumanInTheLoop(enable_trust=True)
    agent = agent_of(interventions=[gate])
    agent("go")
    answer(agent, "t")
    assert RAN == ["Ann"]
    assert agent("go").stop_reason == "end_turn"

    @tool(name="pay", description="Pay twice.")
    def other(to: str) -> str:
        RAN.append(f"{to} twice")
        return "paid"

    agent.tool_registry.replace(other)
    assert agent("go").stop_reason == "interrupt"
    assert RAN == ["Ann", "Ann"]


def test_a_retry_begins_with_what_the_model_wants() -> None:
    tries: list[str] = []

    def prefix(event: BeforeToolCallEvent) -> None:
        event.tool_use["input"]["to"] = "Dr. " + event.tool_use["input"]["to"]

    def once_more(event: AfterToolCallEvent) -> None:
        tries.append(event.tool_use["input"]["to"])
        event.retry = len(tries) < 3

    agent = agent_of()
    agent.add_hook(prefix, BeforeToolCallEvent)
    agent.add_hook(once_more, AfterToolCallEvent)
    agent("go")
    assert RAN == tries == ["Dr. Ann"] * 3


def test_a_no_without_a_word_is_a_no() -> None:
    def refuses_call(event: BeforeToolCallEvent) -> None:
        event.cancel_tool = event.interrupt("why not?")

    def refuses_batch(event: BeforeToolsEvent) -> None:
        event.cancel = event.interrupt("why not?")

    for hook in (refuses_call, refuses_batch):
        agent = agent_of(hook)
        agent("go")
        assert answer(agent, "").stop_reason == "end_turn"
        assert agent.messages[2]["content"][0]["toolResult"]["status"] == "error"
    assert RAN == []


@pytest.mark.parametrize("ids", [("a", "a:b"), ("a:b", "a"), ("t", "t:")])
def test_a_question_about_one_call_holds_up_no_other_whose_id_begins_alike(ids: tuple[str, str]) -> None:
    def ask(event: BeforeToolCallEvent) -> None:
        if event.interrupt("ok", reason=event.tool_use["input"]["to"]) != "y":
            event.cancel_tool = "no"

    calls = [ToolCall("pay", {"to": id}, id=id) for id in ids]
    model = ScriptedModel([calls, "done"])
    agent = Agent(model=model, tools=[pay], hooks=[ask], callback_handler=None)
    first, second = agent("go").interrupts or ()
    result = agent([{"interruptResponse": {"interruptId": first.id, "response": "y"}}])
    assert (RAN, result.interrupts) == ([ids[0]], [second])
