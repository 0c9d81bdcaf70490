"""Steps: what an agent is told, and what a person is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from strands import tool
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands_cli.api import Workflow
from strands_cli.errors import ExecutionError, InvalidAnswerError
from strands_cli.session.memory import MemorySessionRepository
from support.cast import Cast, hitl, spec

SLOW = r"^(a|aa)+$"


def chain(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return spec("chain", {"steps": list(steps)}, **more)


def test_a_steps_vars_are_its_own() -> None:
    data = chain(
        {"agent": "a", "input": "{{ tone }} {{ size }} {{ topic }}", "vars": {"tone": "{{ topic }}!", "size": 3}},
        {"agent": "a", "input": "{{ tone is defined }}"},
    )
    cast = Cast(data, {"a": "x"})
    cast.run(topic="bees")
    assert cast.prompts("a") == ["bees! 3 bees", "False"]


def test_the_authors_message_is_told_to_somebody_whose_answer_does_not_match() -> None:
    ask = hitl("Ticket?", validation={"pattern": "[A-Z]+-[0-9]+", "message": "write it like ABC-12"})
    cast = Cast(chain(ask), {})
    paused = cast.run()
    with pytest.raises(InvalidAnswerError, match="'12' is not an answer to 'steps/0': write it like ABC-12"):
        cast.resume(paused, "12")
    assert cast.resume(paused, "AB-12").last_response == "AB-12"


@pytest.mark.parametrize("rule", [{"validation": {"pattern": SLOW}}, {"schema": {"type": "string", "pattern": SLOW}}])
def test_an_answer_that_takes_long_to_match_is_refused(rule: dict[str, Any]) -> None:
    cast = Cast(chain(hitl("Which?", **rule)), {})
    paused = cast.run()
    with pytest.raises(InvalidAnswerError, match="took more than"):
        cast.resume(paused, "a" * 80 + "b")
    assert cast.resume(paused, "aaa").last_response == "aaa"


def test_an_answer_nested_too_deeply_is_refused() -> None:
    cast = Cast(chain(hitl("Which?", schema={"type": "array"})), {})
    paused = cast.run()
    deep: Any = []
    for _ in range(2_000):
        deep = [deep]
    for answer in (deep, "[" * 100_000):
        with pytest.raises(InvalidAnswerError):
            cast.resume(paused, answer)


def failing(*replies: Any, retries: int = 0, tools: Sequence[Any] = ()) -> tuple[Workflow, ScriptedModel]:
    model = ScriptedModel(list(replies))
    runtime = {"provider": "scripted", "failure_policy": {"retries": retries, "wait_min": 0}}
    data = chain({"agent": "a", "input": "x"}, {"agent": "b", "input": "{{ steps[0].stop_reason }}"}, runtime=runtime)
    return Workflow.from_dict(data, model=model, repository=MemorySessionRepository(), tools=tools), model


@pytest.mark.parametrize("stop", ["content_filtered", "guardrail_intervened", "refusal"])
@pytest.mark.parametrize("text", ["", "the first half"])
def test_a_reply_that_was_filtered_or_refused_is_none(stop: str, text: str) -> None:
    workflow, model = failing(Reply(text, stop_reason=stop), retries=2)
    with pytest.raises(ExecutionError, match=rf"'steps/0': the reply of agent 'a' was .* \({stop}\)") as caught:
        workflow.run()
    assert len(model.requests) == 1  # it would say the same again
    assert caught.value.session_id


@pytest.mark.parametrize("empty", ["", "  \n"])
def test_an_empty_reply_is_asked_for_again_and_then_fails(empty: str) -> None:
    workflow, model = failing(empty, "said", "done", retries=1)
    assert workflow.run().last_response == "done"
    workflow, model = failing(empty, empty, retries=1)
    with pytest.raises(ExecutionError, match="the reply of agent 'a' has no text"):
        workflow.run()
    assert len(model.requests) == 2


def test_an_empty_reply_after_tools_is_asked_for_again_without_them() -> None:
    calls: list[int] = []

    @tool
    def count() -> str:
        """Count."""
        calls.append(1)
        return "1"

    workflow, _ = failing(ToolCall("count", {}), "", "said", "done", retries=1, tools=[count])
    assert workflow.run().success
    assert calls == [1]


def test_a_session_goes_on_after_a_reply_that_was_filtered() -> None:
    workflow, model = failing(Reply("", stop_reason="content_filtered"), "said", "done")
    with pytest.raises(ExecutionError) as caught:
        workflow.run()
    assert caught.value.session_id
    assert workflow.resume(caught.value.session_id).last_response == "done"
    assert len(model.requests) == 3


def test_why_a_reply_stopped_can_be_seen() -> None:
    workflow, model = failing(Reply("said", stop_reason="stop_sequence"), "done")
    result = workflow.run()
    assert [each["stop_reason"] for each in result.execution_context["steps"]] == ["stop_sequence", "end_turn"]
    assert model.requests[1].messages[-1]["content"] == [{"text": "stop_sequence"}]


def test_before_anybody_answered_there_is_no_answer() -> None:
    step = {"agent": "a", "input": "{% if hitl_response %}{{ hitl_response }}{% else %}nothing{% endif %}"}
    cast = Cast(chain(step, hitl(), step), {"a": lambda prompt: prompt})
    assert cast.resume(cast.run(), "fine").last_response == "fine"
    assert cast.prompts("a") == ["nothing", "fine"]


def test_a_chain_that_ends_with_a_person_does_not_look_paused() -> None:
    cast = Cast(chain({"agent": "a", "input": "x"}, hitl()), {"a": "y"})
    result = cast.resume(cast.run(), "fine")
    assert (result.status, result.agent_id, result.last_response) == ("completed", "a", "fine")
