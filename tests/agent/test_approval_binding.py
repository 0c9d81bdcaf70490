"""An approval is bound to the tool and the arguments that the person saw. If anything changes them, nothing runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strands import Agent, ToolContext, tool
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent
from strands.hooks.binding import CallBinding
from strands.models import ScriptedModel, ToolCall
from support.agents import answer, answers, results_of, texts_of

RAN: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    RAN.clear()


@tool
def delete(path: str) -> str:
    """Delete a file."""
    RAN.append(path)
    return f"deleted {path}"


@tool
def shred(path: str) -> str:
    """Delete a file for good."""
    RAN.append(f"shred {path}")
    return f"shredded {path}"


def approve(event: BeforeToolCallEvent) -> None:
    if event.interrupt("approval", reason={"path": event.tool_use["input"]["path"]}) != "y":
        event.cancel_tool = "denied"


def make(*hooks: Any, path: str = "a") -> Agent:
    script: Any = [ToolCall("delete", {"path": path}, "t1"), "done"]
    return Agent(model=ScriptedModel(script), tools=[delete, shred], hooks=list(hooks), callback_handler=None)


def test_case_33_arguments_changed_by_a_later_hook_are_asked_anew() -> None:
    def redirect(event: BeforeToolCallEvent) -> None:
        event.tool_use["input"]["path"] += "/secret"

    agent = make(approve, redirect)
    first = agent("go")
    second = agent(answers(first, "y"))
    assert RAN == []
    assert second.stop_reason == "interrupt"
    (question,) = second.interrupts or ()
    assert question.reason == {"path": "a", "changed": {"tool": "delete", "input": {"path": "a/secret"}}}
    assert agent(answers(second, "y")).stop_reason == "end_turn"
    assert RAN == ["a/secret"]


def test_case_33_another_tool_selected_after_approval_is_asked_anew() -> None:
    def replace(event: BeforeToolCallEvent) -> None:
        event.selected_tool = shred

    agent = make(approve, replace)
    second = agent(answers(agent("go"), "y"))
    (question,) = second.interrupts or ()
    assert question.reason["changed"]["tool"] == "shred"
    agent(answers(second, "n"))
    assert RAN == []


def test_case_33_an_edited_history_is_asked_anew() -> None:
    agent = make(approve)
    first = agent("go")
    agent.messages[-1]["content"][0]["toolUse"]["input"]["path"] = "b"
    second = agent(answers(first, "y"))
    assert RAN == []
    assert [each.reason for each in second.interrupts or ()] == [{"path": "b"}]
    agent(answers(second, "y"))
    assert RAN == ["b"]


def test_case_33_a_changed_schema_is_asked_anew() -> None:
    agent = make(approve)
    first = agent("go")

    @tool(name="delete")
    def changed(path: str, recursive: bool = True) -> str:
        """Delete a file, or a whole directory."""
        RAN.append(f"{path} {recursive}")
        return "deleted"

    agent.tool_registry.replace(changed)
    second = agent(answers(first, "y"))
    assert (RAN, second.stop_reason) == ([], "interrupt")
    agent(answers(second, "y"))
    assert RAN == ["a True"]


def test_case_33_a_retry_with_other_arguments_is_asked_anew() -> None:
    def again(event: AfterToolCallEvent) -> None:
        if event.tool_use["input"]["path"] == "a":
            event.tool_use["input"]["path"] = "b"
            event.retry = True

    agent = make(approve, again)
    second = agent(answers(agent("go"), "y"))
    assert RAN == ["a"]
    assert [each.reason for each in second.interrupts or ()] == [{"path": "b"}]


def test_a_retry_with_the_same_arguments_needs_no_new_approval() -> None:
    tries: list[int] = []

    def again(event: AfterToolCallEvent) -> None:
        tries.append(1)
        event.retry = len(tries) == 1

    agent = make(approve, again)
    assert agent(answers(agent("go"), "y")).stop_reason == "end_turn"
    assert RAN == ["a", "a"]


def test_case_33_a_question_inside_a_tool_is_bound_to_its_arguments_too() -> None:
    @tool(context=True, name="delete")
    def careful(path: str, tool_context: ToolContext) -> str:
        """Delete a file."""
        if tool_context.interrupt("sure", reason=path) == "y":
            RAN.append(path)
        return path

    agent = Agent(model=ScriptedModel([ToolCall("delete", {"path": "a"}), "x"]), tools=[careful], callback_handler=None)
    first = agent("go")
    agent.messages[-1]["content"][0]["toolUse"]["input"]["path"] = "b"
    second = agent(answers(first, "y"))
    reason = {"reason": "a", "changed": {"tool": "delete", "input": {"path": "b"}}}
    assert (RAN, [each.reason for each in second.interrupts or ()]) == ([], [reason])
    agent(answers(second, "y"))
    assert RAN == ["b"]


def test_case_33_a_tool_that_would_no_longer_ask_does_not_run_on_an_old_answer() -> None:
    @tool(context=True, name="delete")
    def careful(path: str, tool_context: ToolContext) -> str:
        """Delete a file."""
        if path == "a" and tool_context.interrupt("sure", reason=path) != "y":
            return "kept"
        RAN.append(path)
        return path

    agent = Agent(model=ScriptedModel([ToolCall("delete", {"path": "a"}), "x"]), tools=[careful], callback_handler=None)
    first = agent("go")
    agent.messages[-1]["content"][0]["toolUse"]["input"]["path"] = "b"
    assert agent(answers(first, "y")).stop_reason == "interrupt"
    assert RAN == []


def test_what_hooks_change_is_what_runs_but_the_history_keeps_what_the_model_asked() -> None:
    def redirect(event: BeforeToolCallEvent) -> None:
        event.tool_use["input"]["path"] = "elsewhere"

    agent = make(redirect)
    agent("go")
    assert RAN == ["elsewhere"]
    assert agent.messages[1]["content"][0]["toolUse"]["input"] == {"path": "a"}


def test_an_answer_to_one_tool_use_is_not_one_to_another_with_the_same_id() -> None:
    script: Any = [[ToolCall("delete", {"path": "a"}, "t"), ToolCall("delete", {"path": "b"}, "t")], "done"]
    agent = Agent(model=ScriptedModel(script), tools=[delete], hooks=[approve], callback_handler=None)
    first, second = agent("go").interrupts or ()
    assert first.id != second.id
    result = agent([answer(first, "y"), answer(second, "n")])
    assert result.stop_reason == "end_turn"
    assert (RAN, texts_of(results_of(agent))) == (["a"], ["deleted a", "denied"])


HALVES = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=())) | st.just("\ud83d\ude00")
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | HALVES | st.text()
)
ARGUMENTS = st.dictionaries(
    HALVES, st.recursive(SCALARS, lambda each: st.lists(each) | st.dictionaries(HALVES, each), max_leaves=6)
)


@settings(deadline=None)
@given(ARGUMENTS)
def test_a_call_that_is_read_back_is_the_call_that_was_approved(arguments: dict[str, Any]) -> None:
    def bound(input: Any) -> CallBinding:
        return CallBinding(None, {"toolUseId": "t", "name": "pay", "input": input}, strict=True)

    call = bound(arguments)
    assert bound(json.loads(json.dumps(arguments))).holds(call.digest)
    assert json.dumps(call.input()) == json.dumps(arguments) == call.text


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), (0, None), ("1", 1), ([], {}), (0.0, -0.0)])
def test_values_that_only_compare_equal_are_other_calls(one: Any, other: Any) -> None:
    calls = [CallBinding(None, {"toolUseId": "t", "name": "pay", "input": {"a": each}}) for each in (one, other)]
    assert not calls[0].holds(calls[1].digest)


def test_a_tool_whose_description_is_changed_in_place_is_another_tool() -> None:
    @tool
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    use: Any = {"toolUseId": "t", "name": "pay", "input": {"amount": 1}}
    before = CallBinding(pay, use).digest
    assert CallBinding(pay, use).holds(before)
    pay.tool_spec["inputSchema"]["json"]["properties"]["amount"]["minimum"] = 1
    changed = CallBinding(pay, use)
    assert not changed.holds(before)
    pay.tool_spec["inputSchema"]["json"]["properties"]["amount"]["minimum"] = True
    assert not CallBinding(pay, use).holds(changed.digest)
