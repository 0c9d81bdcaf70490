"""Steps on a condition, and what agents say as data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from strands_cli.errors import ExecutionError
from support.cast import Cast, hitl, spec

A = {"agent": "a", "input": "x"}
SCORE = {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]}


def chain(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return spec("chain", {"steps": list(steps)}, **more)


@pytest.mark.parametrize("step", [A, hitl(), {"set": {"a": 1}}, {"type": "fail", "message": "no"}])
def test_a_step_whose_condition_does_not_hold_is_skipped(step: dict[str, Any]) -> None:
    last = {"agent": "a", "input": "{{ steps[1].status }} {{ last_response }}"}
    cast = Cast(chain(A, {**step, "when": "size > 2"}, last), {"a": ["one", "two"]})
    result = cast.run(size=2)
    assert result.success and cast.prompts("a") == ["x", "skipped one"]
    assert [each["status"] for each in result.execution_context["steps"]] == ["completed", "skipped", "completed"]


def test_a_step_whose_condition_holds_is_done() -> None:
    cast = Cast(chain(A, {**A, "when": "{{ 'one' in last_response }}"}), {"a": ["one", "two"]})
    assert cast.run().last_response == "two"


def test_a_condition_that_cannot_be_decided_is_told() -> None:
    with pytest.raises(ExecutionError, match=r"the condition .* of 'steps/0' cannot be decided"):
        Cast(chain({**A, "when": "size.x.y > 1"}), {"a": "one"}).run(size=1)


def test_tasks_and_nodes_have_conditions_too() -> None:
    tasks = [{"id": "a", **A, "when": "false"}, {"id": "b", "deps": "a", "agent": "a", "input": "{{ tasks.a.status }}"}]
    cast = Cast(spec("workflow", {"tasks": tasks}), {"a": "done"})
    assert cast.run().success and cast.prompts("a") == ["skipped"]
    nodes = {"a": {**A, "when": "false"}, "b": {"agent": "a", "input": "{{ nodes.a.status }}"}}
    cast = Cast(spec("graph", {"nodes": nodes, "edges": [{"from": "a", "to": "b"}]}), {"a": "done"})
    assert cast.run().success and cast.prompts("a") == ["skipped"]


def test_an_agents_output_schema_makes_its_response_data() -> None:
    data = chain(
        A,
        {"agent": "b", "input": "{{ steps[0].response.score + 1 }} {{ steps[0].response }} {{ last_response.score }}"},
        hitl("Enough?", when="steps[0].response.score < 5"),
    )
    data["agents"]["a"]["output_schema"] = SCORE
    cast = Cast(data, {"a": 'Well: {"score": 7}', "b": "done"})
    result = cast.run()
    assert cast.prompts("b") == ['8 {"score": 7} 7']
    assert result.execution_context["steps"][0]["response"] == {"score": 7}
    json.dumps(result.to_dict())


def test_data_is_data_after_a_pause_too() -> None:
    data = chain(A, hitl(), {"agent": "b", "input": "{{ steps[0].response.score }}"})
    data["agents"]["a"]["output_schema"] = SCORE
    cast = Cast(data, {"a": '{"score": 7}', "b": "done"})
    paused = cast.run()
    assert paused.execution_context["steps"][0]["response"] == {"score": 7}
    cast.resume(paused, "yes")
    assert cast.prompts("b") == ["7"]


def test_a_router_and_an_evaluator_may_have_a_schema() -> None:
    data = spec("evaluator_optimizer", {"producer": "a", "evaluator": {"agent": "b"}, "accept": {"min_score": 5}})
    data["agents"]["b"]["output_schema"] = SCORE
    assert Cast(data, {"a": "draft", "b": '{"score": 7}'}).run().success
    data = spec("routing", {"router": A, "routes": {"r": [A]}})
    data["agents"]["a"]["output_schema"] = {"type": "object", "required": ["route"]}
    assert Cast(data, {"a": '{"route": "r"}'}).run().success
