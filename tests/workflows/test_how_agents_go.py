"""Which tool an agent must use, what ends its step, how long it may work, and what it remembers."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import ExecutionError
from strands_cli.schema.validator import SchemaValidationError
from support.specs import solo


@tool
def look(where: str) -> str:
    """Look somewhere."""
    return f"nothing {where}"


@tool
def submit(score: int) -> dict[str, Any]:
    """Submit the result."""
    if score > 10:
        raise ValueError("10 is the most")
    return {"score": score, "good": score > 5}


def workflow(model: ScriptedModel, agent: dict[str, Any], steps: list[dict[str, Any]] | None = None) -> Workflow:
    spec = solo(1, agent)
    spec["pattern"]["config"]["steps"] = steps or [{"agent": next(iter(spec["agents"])), "input": "Go"}]
    return Workflow.from_dict(spec, model=model, tools=[look, submit])


def chosen(model: ScriptedModel) -> list[Any]:
    return [request.tool_choice for request in model.requests]


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("required", {"any": {}}),
        ("any", {"any": {}}),
        ("look", {"tool": {"name": "look"}}),
        ("auto", None),
    ],
)
def test_a_model_must_use_a_tool_in_its_first_turn(said: str, first: Any) -> None:
    model = ScriptedModel([ToolCall("look", {"where": "here"}), "done"])
    assert workflow(model, {"tool_choice": said}).run().success
    assert chosen(model) == [first, None]


def test_a_step_says_otherwise_than_its_agent() -> None:
    model = ScriptedModel([ToolCall("look", {"where": "here"}), "one", "two"])
    steps = [{"agent": "worker", "input": "Go", "tool_choice": "look"}, {"agent": "worker", "input": "On"}]
    assert workflow(model, {}, steps).run().success
    assert chosen(model) == [{"tool": {"name": "look"}}, None, None]


def test_a_step_ends_on_a_tool_whose_result_is_the_response() -> None:
    model = ScriptedModel([ToolCall("look", {"where": "here"}), ToolCall("submit", {"score": 8}), "thanks"])
    steps = [
        {"agent": "worker", "input": "Go", "end_on": "submit"},
        {"agent": "worker", "input": "It is {{ steps[0].response.score }}"},
    ]
    result = workflow(model, {}, steps).run()
    assert result.execution_context["steps"][0]["response"] == {"score": 8, "good": True}
    assert chosen(model) == [{"any": {}}, {"any": {}}, None]
    roles = [message["role"] for message in model.requests[-1].messages]
    assert roles == ["user", "assistant"] * 3 + ["user"]
    assert model.requests[-1].messages[-1]["content"] == [{"text": "It is 8"}]


def test_a_tool_that_failed_ends_nothing() -> None:
    model = ScriptedModel([ToolCall("submit", {"score": 80}), ToolCall("submit", {"score": 8})])
    result = workflow(model, {"end_on": ["submit"]}).run()
    assert result.execution_context["steps"][0]["response"]["score"] == 8


def test_an_agent_that_ends_in_words_has_not_ended_on_its_tool() -> None:
    with pytest.raises(ExecutionError, match="without a call of submit"):
        workflow(ScriptedModel(["It is 8."]), {"end_on": "submit", "tool_choice": "auto"}).run()


def test_a_tool_that_a_person_approved_ends_the_step_after_the_pause() -> None:
    agent = {"end_on": "submit", "approvals": [{"tools": ["submit"], "options": ["approve", "edit", "reject"]}]}
    model = ScriptedModel([ToolCall("submit", {"score": 8})])
    paused = workflow(model, agent).run()
    assert paused.status == "paused"
    [question] = paused.questions
    answers = {question.id: {"decision": "edit", "arguments": {"score": 3}}}
    result = workflow(model, agent).resume(str(paused.session_id), answers=answers)
    assert result.execution_context["steps"][0]["response"] == {"score": 3, "good": False}
    assert len(model.requests) == 1


LOOKING = [ToolCall("look", {"where": str(number)}) for number in range(9)]


def test_an_agent_that_goes_on_too_long_fails_and_goes_on_once_it_may() -> None:
    model = ScriptedModel([*LOOKING[:3], "done"])
    with pytest.raises(
        ExecutionError, match="called its model 2 times and has not ended; max_turns allows 2"
    ) as failed:
        workflow(model, {"max_turns": 2}).run()
    assert len(model.requests) == 2
    more = workflow(model, {"max_turns": 4})
    assert more.resume(str(failed.value.session_id)).last_response == "done"
    assert len(model.requests) == 4


def test_tool_calls_beyond_the_limit_are_not_made() -> None:
    model = ScriptedModel([LOOKING[0], LOOKING[1], "done"])
    with pytest.raises(ExecutionError, match="asked for 2 tool calls"):
        workflow(model, {"max_tool_calls": 1}).run()


def test_each_step_has_its_own_limit() -> None:
    model = ScriptedModel([LOOKING[0], "one", LOOKING[1], "two"])
    steps = [{"agent": "worker", "input": "Go"}, {"agent": "worker", "input": "On"}]
    assert workflow(model, {"max_turns": 2, "max_tool_calls": 1}, steps).run().last_response == "two"


def test_a_rehearsal_comes_to_the_tool_that_ends_a_step() -> None:
    spec = solo(1, {"end_on": "submit"})
    result = Workflow.from_dict(spec, tools=[look, submit], offline=True).run()
    assert result.success
    assert result.execution_context["steps"][0]["response"] == {}, "an example of what the tool returns"


def test_an_agent_remembers_its_earlier_steps_until_one_begins_afresh() -> None:
    steps: list[dict[str, Any]] = [
        {"agent": "worker", "input": "One"},
        {"agent": "worker", "input": "Two"},
        {"agent": "worker", "input": "Three", "fresh": True},
        {"type": "hitl", "prompt": "On?"},
        {"agent": "worker", "input": "Four"},
    ]
    model = ScriptedModel(["1", "2", "3", "4"])
    paused = workflow(model, {}, steps).run()
    assert workflow(model, {}, steps).resume(str(paused.session_id), "yes").success
    told = [
        [block["text"] for message in request.messages for block in message["content"]] for request in model.requests
    ]
    assert told == [["One"], ["One", "1", "Two"], ["Three"], ["Three", "3", "Four"]]


@pytest.mark.parametrize("said", [{"tool_choice": "submitt"}, {"end_on": "submitt"}, {"end_on": ["look", "submitt"]}])
def test_a_misspelt_tool_is_an_error_before_anything_runs(said: dict[str, Any]) -> None:
    for agent, step in ((said, {}), ({}, said)):
        with pytest.raises(SchemaValidationError, match="has no tool 'submitt'"):
            workflow(ScriptedModel([]), agent, [{"agent": "worker", "input": "Go", **step}])
