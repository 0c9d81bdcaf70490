"""orchestrator_workers: one agent splits the work, workers do it at once, another puts it together."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.errors import ExecutionError
from strands_cli.session.memory import MemorySessionRepository
from support.cast import Cast, hitl, spec

CAST = ["boss", "worker", "reducer", "author"]
PLAN_REVIEW = hitl("Good plan?", context_display="{{ task_count }}: {{ orchestrator_response }}")
RESULT_REVIEW = hitl(
    "{{ worker_count }} good?", context_display="{% for w in workers %}{{ w.task }}={{ w.response }};{% endfor %}"
)


def work(limits: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    boss = {"agent": "boss", "input": "Split {{ topic }} into tasks, as a JSON array.", "limits": limits or {}}
    return spec("orchestrator_workers", {"orchestrator": boss, "worker_template": {"agent": "worker"}, **config}, CAST)


def tasks(*texts: str) -> str:
    return json.dumps([{"task": text} for text in texts])


def echo(prompt: str) -> str:
    return f"<{prompt}>"


def test_workers_do_the_tasks_and_their_results_are_joined() -> None:
    cast = Cast(work(), {"boss": tasks("x", "y"), "worker": echo})
    result = cast.run(topic="T")
    assert result.last_response == "## x\n\n<x>\n\n## y\n\n<y>"
    assert cast.prompts("boss") == ["Split T into tasks, as a JSON array."]
    context = result.execution_context
    assert context["decomposition"] == [{"task": "x"}, {"task": "y"}]
    assert [(each["task"], each["response"], each["status"]) for each in context["workers"]] == [
        ("x", "<x>", "completed"),
        ("y", "<y>", "completed"),
    ]
    assert (context["round_count"], result.agent_id) == (1, "worker")


def test_reduce_and_writeup_see_what_came_before() -> None:
    data = work(
        worker_template={"agent": "worker", "input": "{{ index }} of {{ task_count }}: {{ task }} {{ subtask.why }}"},
        reduce={"agent": "reducer", "input": "{{ num_workers }} {{ workers[1].response }}"},
        writeup={"agent": "author", "input": "{{ reduce_response }} {{ last_response }} {{ round_count }}"},
    )
    plan = json.dumps([{"task": "x", "why": "p"}, {"task": "y", "why": "q"}])
    result = Cast(data, {"boss": plan, "worker": echo, "reducer": echo, "author": echo}).run(topic="T")
    assert result.last_response == "<<2 <1 of 2: y q>> <2 <1 of 2: y q>> 1>"
    assert result.execution_context["reduce_response"] == "<2 <1 of 2: y q>>"
    assert result.agent_id == "author"


def test_a_reducer_without_an_input_is_told_the_results() -> None:
    data = work(reduce={"agent": "reducer"}, writeup={"agent": "author"})
    cast = Cast(data, {"boss": tasks("x"), "worker": "done", "reducer": "short", "author": echo})
    result = cast.run(topic="T")
    assert cast.prompts("reducer") == ["You are reducer.\n\nThe results:\n## x\n\ndone"]
    assert result.last_response == "<You are author.\n\nThe results:\nshort>"


def test_max_workers_bounds_how_many_run_at_once() -> None:
    running: list[int] = []
    most = 0

    async def reply(messages: list[Any], tools: Any, system: str) -> str:
        nonlocal most
        if "boss" in system:
            return tasks(*"abcdef")
        running.append(1)
        most = max(most, len(running))
        await asyncio.sleep(0.005)
        running.pop()
        return "x"

    for limit, expected in (({"max_workers": 2}, 2), ({}, 6)):
        most = 0
        workflow = Workflow.from_dict(work(limit), model=ScriptedModel(reply), repository=MemorySessionRepository())
        assert asyncio.run(workflow.run_async(topic="T")).success
        assert most == expected


def test_rounds_until_the_orchestrator_has_no_more_tasks() -> None:
    cast = Cast(work({"max_rounds": 5}), {"boss": [tasks("x"), tasks("y", "z"), "[]"], "worker": echo})
    result = cast.run(topic="T")
    _, second, third = cast.prompts("boss")
    assert "Task: x\nResult: <x>" in second
    assert "round 1 of at most 5" in second
    assert "Result: <z>" in third
    assert "Result: <x>" not in third
    context = result.execution_context
    assert [(each["round"], each["index"], each["task"]) for each in context["workers"]] == [
        (1, 0, "x"),
        (2, 0, "y"),
        (2, 1, "z"),
    ]
    assert context["round_count"] == 2
    assert context["decomposition"] == [{"task": "x"}, {"task": "y"}, {"task": "z"}]


def test_max_rounds_ends_it() -> None:
    cast = Cast(work({"max_rounds": 2}), {"boss": tasks("x"), "worker": echo})
    assert cast.run(topic="T").execution_context["round_count"] == 2
    assert len(cast.prompts("boss")) == 2


def test_nothing_to_do() -> None:
    result = Cast(work(), {"boss": "[]"}).run(topic="T")
    assert (result.success, result.last_response) == (True, "[]")
    assert result.execution_context["workers"] == []


def test_the_orchestrator_is_told_the_form_unless_its_prompt_does() -> None:
    data = work()
    data["pattern"]["config"]["orchestrator"]["input"] = "Split {{ topic }}"
    cast = Cast(data, {"boss": tasks("x"), "worker": echo})
    cast.run(topic="T")
    assert '[{"task": "..."}]' in cast.prompts("boss")[0]


def test_a_malformed_plan_is_asked_again_with_the_problem_named() -> None:
    cast = Cast(work(), {"boss": ["Three tasks.", '[{"todo": "x"}]', tasks("x")], "worker": echo})
    assert cast.run(topic="T").success
    _, second, third = cast.prompts("boss")
    assert "no JSON" in second
    assert 'a text under "task"' in third


def test_a_plan_that_stays_malformed_fails_by_name() -> None:
    with pytest.raises(ExecutionError, match="agent 'boss' gave no usable answer for 'rounds/1/plan' in 3 tries"):
        Cast(work(), {"boss": "Three tasks."}).run(topic="T")


def test_the_plan_is_reviewed_before_it_runs() -> None:
    cast = Cast(work(decomposition_review=PLAN_REVIEW), {"boss": tasks("x", "y"), "worker": echo})
    paused = cast.run(topic="T")
    assert [(question.id, question.context) for question in paused.questions] == [
        ("rounds/1/review", f"2: {tasks('x', 'y')}")
    ]
    assert not cast.prompts("worker")
    assert cast.resume(paused, "approved").success
    assert cast.prompts("worker") == ["x", "y"]


def test_an_array_replaces_the_plan() -> None:
    cast = Cast(work(decomposition_review=PLAN_REVIEW), {"boss": tasks("x", "y"), "worker": echo})
    result = cast.resume(cast.run(topic="T"), '[{"task": "mine"}]')
    assert cast.prompts("worker") == ["mine"]
    assert result.execution_context["decomposition"] == [{"task": "mine"}]
    assert len(cast.prompts("boss")) == 1


def test_other_text_goes_back_and_the_new_plan_is_shown_again() -> None:
    cast = Cast(
        work(decomposition_review=PLAN_REVIEW), {"boss": [tasks("x"), tasks("x1", "x2"), tasks("z")], "worker": echo}
    )
    paused = cast.resume(cast.run(topic="T"), "split it")
    assert "split it" in cast.prompts("boss")[1]
    assert [(question.id, question.context) for question in paused.questions] == [
        ("rounds/1/review#2", f"2: {tasks('x1', 'x2')}")
    ]
    paused = cast.resume(paused, "no, one is enough")
    assert paused.questions[0].id == "rounds/1/review#3"
    assert cast.resume(paused, "yes").success
    assert cast.prompts("worker") == ["z"]


def test_a_rejected_plan_fails_the_run_and_nothing_runs() -> None:
    cast = Cast(work(decomposition_review=PLAN_REVIEW), {"boss": tasks("x"), "worker": echo})
    result = cast.resume(cast.run(topic="T"), "reject")
    assert (result.success, result.status) == (False, "failed")
    assert "plan of round 1 was rejected" in str(result.error_message)
    assert not cast.prompts("worker")


def test_every_rounds_plan_is_reviewed() -> None:
    data = work({"max_rounds": 2}, decomposition_review=PLAN_REVIEW)
    cast = Cast(data, {"boss": [tasks("x"), tasks("y")], "worker": echo})
    paused = cast.resume(cast.run(topic="T"), "ok")
    assert paused.questions[0].id == "rounds/2/review"
    assert cast.resume(paused, "ok").success


def reviewed() -> Cast:
    data = work(reduce_review=RESULT_REVIEW, reduce={"agent": "reducer", "input": "Reduce."})
    return Cast(data, {"boss": tasks("x", "y"), "worker": echo, "reducer": "short"})


def test_the_results_are_reviewed_before_they_are_put_together() -> None:
    cast = reviewed()
    paused = cast.run(topic="T")
    assert [(question.id, question.prompt, question.context) for question in paused.questions] == [
        ("reduce/review", "2 good?", "x=<x>;y=<y>;")
    ]
    assert cast.resume(paused, "approved").last_response == "short"
    assert cast.prompts("reducer") == ["Reduce."]


def test_feedback_on_the_results_reaches_the_reducer() -> None:
    cast = reviewed()
    assert cast.resume(cast.run(topic="T"), "leave out y").success
    assert cast.prompts("reducer") == ["Reduce.\n\nThe reviewer's feedback:\nleave out y"]


@pytest.mark.parametrize("no", ["reject", "No!", "reject: too costly", "Rejected: y is wrong", "no: not like this"])
def test_rejected_results_fail_the_run(no: str) -> None:
    cast = reviewed()
    result = cast.resume(cast.run(topic="T"), no)
    assert (result.success, result.error_message) == (False, "the results were rejected in review")
    assert not cast.prompts("reducer")


def test_a_person_may_reduce_and_write_up() -> None:
    data = work(reduce=hitl("{{ num_workers }}: sum up"), writeup={"agent": "author", "input": "{{ reduce_response }}"})
    cast = Cast(data, {"boss": tasks("x"), "worker": echo, "author": echo})
    paused = cast.run(topic="T")
    assert (paused.questions[0].id, paused.questions[0].prompt) == ("reduce", "1: sum up")
    assert cast.resume(paused, "in short").last_response == "<in short>"


def test_each_worker_has_a_conversation_of_its_own_and_the_orchestrator_keeps_one() -> None:
    cast = Cast(work({"max_rounds": 2}), {"boss": [tasks("x", "y"), "[]"], "worker": echo})
    cast.run(topic="T")
    assert [(name, len(messages)) for (name, _), messages in zip(cast.told, cast.requests, strict=True)] == [
        ("boss", 1),
        ("worker", 1),
        ("worker", 1),
        ("boss", 3),
    ]


def test_variables_may_have_the_names_that_the_pattern_only_offers() -> None:
    data = work(worker_template={"agent": "worker", "input": "{{ round }} {{ tasks }} {{ subtasks[0].task }}"})
    data["inputs"] = {"values": {"round": "mine", "tasks": "my tasks", "rejected": "yes", "agent": "who"}}
    cast = Cast(data, {"boss": tasks("x"), "worker": echo})
    assert cast.run(topic="T").success
    assert cast.prompts("worker") == ["mine my tasks x"]
