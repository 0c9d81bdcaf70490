"""Hooks around all the tools of one message: cancelling, asking, and ending the turn."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import (
    AfterToolsEvent,
    BeforeModelCallEvent,
    BeforeToolCallEvent,
    BeforeToolsEvent,
    HookRegistry,
)
from strands.interrupt import Interrupt
from strands.models import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.tools.executors import SequentialToolExecutor
from strands.types._events import ToolInterruptEvent
from strands.types.tools import AgentTool


def _agent(*hooks: Any, **more: Any) -> tuple[Agent, list[str]]:
    ran: list[str] = []

    @tool
    def wipe(path: str) -> str:
        """Delete."""
        ran.append(path)
        return "gone " + path

    calls = [ToolCall("wipe", {"path": "a"}), ToolCall("wipe", {"path": "b"})]
    model = ScriptedModel([calls, "done"])
    return Agent(model=model, tools=[wipe], hooks=list(hooks), callback_handler=None, **more), ran


def _answers(result: Any, response: Any) -> list[dict[str, Any]]:
    return [{"interruptResponse": {"interruptId": each.id, "response": response}} for each in result.interrupts or ()]


def _results(agent: Agent) -> list[Any]:
    message = next(each for each in agent.messages if "toolResult" in each["content"][0])
    return [(block["toolResult"]["status"], block["toolResult"]["content"][0]["text"]) for block in message["content"]]


def test_a_cancelled_batch_runs_no_tool_and_the_model_is_told() -> None:
    seen: list[Any] = []

    def refuse(event: BeforeToolsEvent) -> None:
        event.cancel = "not now"

    def note(event: AfterToolsEvent) -> None:
        seen.append(len(event.message["content"]))

    agent, ran = _agent(refuse, note)
    assert agent("go").stop_reason == "end_turn"
    assert (ran, seen) == ([], [2])
    assert _results(agent) == [("error", "not now")] * 2


def test_one_question_for_all_tools_of_a_message() -> None:
    heard: list[Any] = []

    def ask(event: BeforeToolsEvent) -> None:
        answer = event.interrupt("all", reason={"calls": len(event.message["content"])})
        heard.append(answer)
        if answer != "yes":
            event.cancel = True

    agent, ran = _agent(ask)
    result = agent("go")
    assert result.stop_reason == "interrupt" and ran == []
    (question,) = result.interrupts or ()
    assert (question.id.split(":")[1], question.reason) == ("before_tools", {"calls": 2})
    assert agent(_answers(result, "yes")).stop_reason == "end_turn"
    assert heard == ["yes"] and sorted(ran) == ["a", "b"]

    agent, ran = _agent(ask)
    agent(_answers(agent("go"), "no"))
    assert ran == [] and _results(agent)[0][0] == "error"


def test_the_question_for_all_tools_survives_the_process(tmp_path: Any) -> None:
    def ask(event: BeforeToolsEvent) -> None:
        event.interrupt("all")

    first, _ = _agent(ask, session_manager=FileSessionManager("s", storage_dir=str(tmp_path)))
    result = first("go")
    first.cleanup()
    second, ran = _agent(ask, session_manager=FileSessionManager("s", storage_dir=str(tmp_path)))
    second.model = ScriptedModel(["done"])
    assert [each.id for each in second.pending_interrupts] == [each.id for each in result.interrupts or ()]
    assert second(_answers(result, "yes")).stop_reason == "end_turn"
    assert sorted(ran) == ["a", "b"]


@pytest.mark.parametrize(("second_answer", "expected"), [("yes", ["a", "elsewhere"]), ("no", ["a"])])
def test_a_call_changed_after_the_batch_was_approved_is_asked_about_alone(
    second_answer: str, expected: list[str]
) -> None:
    def ask(event: BeforeToolsEvent) -> None:
        event.interrupt("all")

    def redirect(event: BeforeToolCallEvent) -> None:
        if event.tool_use["input"]["path"] == "b":
            event.tool_use["input"]["path"] = "elsewhere"

    agent, ran = _agent(ask, redirect)
    asked_anew = agent(_answers(agent("go"), "yes"))
    assert asked_anew.stop_reason == "interrupt" and ran == ["a"]
    [question] = asked_anew.interrupts or []
    assert question.reason["changed"] == {"tool": "wipe", "input": {"path": "elsewhere"}}
    assert agent(_answers(asked_anew, second_answer)).stop_reason == "end_turn"
    assert ran == expected


@pytest.mark.parametrize(
    ("end", "content"),
    [("bye", [{"text": "bye"}]), ([{"text": "x"}, {"text": "y"}], [{"text": "x"}, {"text": "y"}])],
)
def test_a_hook_may_end_the_turn_after_the_tools(end: Any, content: Any) -> None:
    def stop(event: AfterToolsEvent) -> None:
        event.end_turn = end

    agent, ran = _agent(stop)
    result = agent("go")
    assert (result.stop_reason, result.message["content"]) == ("end_turn", content)
    assert sorted(ran) == ["a", "b"] and agent.messages[-1] == result.message


def test_after_tools_is_told_of_what_finished_when_a_sibling_asks() -> None:
    seen: list[int] = []

    def ask(event: BeforeToolCallEvent) -> None:
        if event.tool_use["input"]["path"] == "b":
            event.interrupt("b?")

    def note(event: AfterToolsEvent) -> None:
        seen.append(len(event.message["content"]))

    agent, _ = _agent(ask, note)
    agent(_answers(agent("go"), "yes"))
    assert seen == [1, 2]


def test_a_tool_class_may_yield_the_event_of_its_question() -> None:
    class Careful(AgentTool):
        tool_name = "careful"
        tool_type = "custom"

        @property
        def tool_spec(self) -> Any:
            return {"name": "careful", "description": "", "inputSchema": {"json": {"type": "object"}}}

        async def stream(self, tool_use: Any, invocation_state: Any, **kwargs: Any) -> Any:
            agent = invocation_state["agent"]
            known = agent._interrupt_state.interrupts.get("mine")
            if known is None or known.response is None:
                yield ToolInterruptEvent(tool_use, [Interrupt("mine", "sure?", "why")])
                return
            yield {"toolUseId": tool_use["toolUseId"], "status": "success", "content": [{"text": known.response}]}

    agent = Agent(model=ScriptedModel([ToolCall("careful", {}), "done"]), tools=[Careful()], callback_handler=None)
    result = agent("go")
    assert [each.id for each in result.interrupts or []] == ["mine"]
    agent(_answers(result, "ok"))
    assert _results(agent) == [("success", "ok")]


def test_an_event_may_be_narrowed_in_an_annotation() -> None:
    registry = HookRegistry()

    def narrowed(event: BeforeToolsEvent[Agent]) -> None: ...

    registry.add_callback(None, narrowed)
    assert registry.listens(BeforeToolsEvent)


@pytest.mark.parametrize(
    ("options", "runs", "last"),
    [
        ({}, ["a"], None),
        ({"message": "Stopped."}, ["a"], "Stopped."),
        ({"after_current_tools": True}, ["a", "b"], None),
        ({"after_current_tools": True, "message": "Enough."}, ["a", "b"], "Enough."),
    ],
)
def test_a_tool_cancels_its_agent(options: Any, runs: list[str], last: str | None) -> None:
    ran: list[str] = []

    @tool(context=True)
    def stop(path: str, tool_context: ToolContext) -> str:
        """Stop."""
        ran.append(path)
        if path == "a":
            tool_context.agent.cancel(**options)
        return path

    calls = [ToolCall("stop", {"path": "a"}), ToolCall("stop", {"path": "b"})]
    agent = Agent(
        model=ScriptedModel([calls, "next"]),
        tools=[stop],
        tool_executor=SequentialToolExecutor(),
        callback_handler=None,
    )
    result = agent("go")
    assert (result.stop_reason, ran) == ("cancelled", runs)
    if last is not None:
        assert result.message["content"] == [{"text": last}] and agent.messages[-1] == result.message
    assert str(agent("go on")).strip() == "next"


def test_a_late_cancellation_without_tools_changes_nothing() -> None:
    agent = Agent(model=ScriptedModel(["done", "again"]), callback_handler=None)
    agent.add_hook(lambda event: event.agent.cancel(message="no", after_current_tools=True), BeforeModelCallEvent)
    assert [agent("go").stop_reason, str(agent("go")).strip()] == ["end_turn", "again"]


def test_a_model_call_is_cancelled_with_a_message() -> None:
    agent = Agent(model=ScriptedModel(["done"]), callback_handler=None)
    agent.add_hook(lambda event: event.agent.cancel(message="Not now."), BeforeModelCallEvent)
    result = agent("go")
    assert (result.stop_reason, str(result).strip()) == ("cancelled", "Not now.")
