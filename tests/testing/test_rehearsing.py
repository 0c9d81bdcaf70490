"""`rehearse`: what a test gives, what it gets to look at, and what it is told when it gives the wrong thing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow, tool
from strands_cli.errors import ExecutionError, InputError, InvalidAnswerError
from strands_cli.kernel.events import EVENT_TYPES
from strands_cli.testing import TIMED_OUT, GivenAnswer, Reply, ToolCall, UnusedAnswersError, rehearse, rehearse_async
from strands_cli.types import AnswerLater, HITLState
from support.cast import spec


@tool
def deploy(environment: str) -> str:
    """Deploy.

    Args:
        environment: Where to.
    """
    raise AssertionError("a rehearsal deploys nothing")


SHIP = spec(
    "chain",
    {"steps": [{"agent": "a", "input": "Ship it"}, {"type": "hitl", "prompt": "Well done?"}]},
)
SHIP["agents"]["a"] = {"prompt": "You ship.", "tools": ["deploy"], "approvals": [{"tools": ["deploy"]}]}
SCRIPT = {"a": [ToolCall("deploy", {"environment": "staging"}), "It is out."]}


def test_a_test_sees_steps_questions_artifacts_and_events(report: Path) -> None:
    scripts = {"researcher": "Tea is old.", "writer": "# Tea"}
    run = rehearse(report, answers=["approved"], topic="tea", scripts=scripts)
    assert run.status == "completed"
    assert run.response == "# Tea"
    assert run.agents == ["researcher", "writer"]
    assert run.step("writer").prompt == "Write it up (approved): Tea is old."
    assert run.step("steps/0").response == "Tea is old."
    (question,) = run.questions
    assert (question.id, question.prompt, question.context) == ("steps/1", "Good enough?", "Tea is old.")
    assert (question.answer, question.choices, question.is_open) == ("approved", ("approved", "revise"), False)
    assert run.artifacts == {"report-tea.md": "# Tea"}
    assert [event.type for event in run.events if event.type.startswith("hitl")] == ["hitl_requested", "hitl_answered"]
    assert {event.type for event in run.events} <= set(EVENT_TYPES)
    assert run.context["steps"][2]["response"] == "# Tea"


def test_nothing_of_a_rehearsal_is_left_behind(report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    assert rehearse("report.yaml", answers=["approved"], topic="tea").status == "completed"
    assert os.listdir(tmp_path) == ["report.yaml"]


def test_agents_without_a_script_make_their_replies_up(report: Path) -> None:
    run = rehearse(report, answers=["approved"], topic="tea", scripts={"writer": "Mine"})
    assert "tea" in run.step("researcher").response
    assert run.response == "Mine"


@pytest.mark.parametrize(
    "script",
    [
        "Tea",
        ["Tea"],
        lambda messages: messages[-1]["content"][0]["text"][-4:-1].title(),
        [Reply("Tea", usage={"inputTokens": 3, "outputTokens": 1})],
    ],
    ids=["text", "list", "function", "reply"],
)
def test_a_script_may_be(report: Path, script: Any) -> None:
    run = rehearse(report, topic="tea", scripts={"researcher": script})
    assert run.step("researcher").response == "Tea"


@pytest.mark.parametrize(
    "answers",
    [
        ["approved"],
        "approved",
        {"steps/1": "approved"},
        {"q1": "approved"},
        {"good enough": "approved"},
        [GivenAnswer("approved", by="anna")],
        [{"value": "approved", "by": "anna"}],
        lambda question: question.choices[0],
    ],
    ids=["list", "text", "id", "number", "prompt", "person", "mapping", "function"],
)
def test_answers_may_be(report: Path, answers: Any) -> None:
    run = rehearse(report, answers, topic="tea")
    assert (run.status, run.questions[0].answer) == ("completed", "approved")


def test_an_answer_says_who_gave_it(report: Path) -> None:
    run = rehearse(report, [GivenAnswer("approved", by="anna")], topic="tea")
    assert run.questions[0].by == "anna"


@pytest.mark.parametrize(
    "answers",
    [[], {}, lambda question: later(question), lambda question: None],
    ids=["list", "mapping", "later", "none"],
)
def test_where_an_answer_is_missing_the_run_is_paused(report: Path, answers: Any) -> None:
    run = rehearse(report, answers, topic="tea")
    assert run.status == "paused"
    assert [question.prompt for question in run.open_questions] == ["Good enough?"]
    assert run.agents == ["researcher"]


def later(question: HITLState) -> str:
    raise AnswerLater


@pytest.mark.parametrize("answers", [["approved", "approved"], {"q1": "approved", "q2": "no"}])
def test_an_answer_that_nobody_asked_for_is_an_error(report: Path, answers: Any) -> None:
    with pytest.raises(UnusedAnswersError, match=r"nobody asked for .* asked was 'Good enough\?' \(steps/1\)"):
        rehearse(report, answers, topic="tea")


def test_an_answer_that_does_not_fit_is_an_error(report: Path) -> None:
    with pytest.raises(InvalidAnswerError, match="'perhaps' is not one of the choices"):
        rehearse(report, ["perhaps"], topic="tea")


def test_the_same_question_is_answered_once_for_each_round() -> None:
    nodes = {
        "draft": {"agent": "a", "input": "Draft"},
        "gate": {"type": "hitl", "prompt": "Ready?", "choices": ["yes", "no"]},
    }
    edges = [
        {"from": "draft", "to": ["gate"]},
        {
            "from": "gate",
            "choose": [{"when": "{{ nodes.gate.response == 'no' }}", "to": "draft"}, {"when": "else", "to": "end"}],
        },
    ]
    data = spec("graph", {"nodes": nodes, "edges": edges, "max_iterations": 9})
    run = rehearse(data, ["no", "no", "yes"], scripts={"a": ["first", "second", "third"]})
    assert [step.response for step in run.steps] == ["first", "second", "third"]
    assert [question.answer for question in run.questions] == ["no", "no", "yes"]


def test_tools_that_change_something_are_shown_and_not_called() -> None:
    run = rehearse(SHIP, ["approve", "yes"], scripts=SCRIPT, tools=[deploy])
    (call,) = run.tools
    assert (call.name, call.input, call.agent, call.failed) == ("deploy", {"environment": "staging"}, "a", False)
    assert "not called" in call.output
    assert [question.kind for question in run.questions] == ["approval", "hitl"]


def test_a_rejected_call_is_seen_to_be_so() -> None:
    run = rehearse(SHIP, {"deploy": "reject", "well done": "no"}, scripts=SCRIPT, tools=[deploy])
    assert [(call.name, call.failed) for call in run.tools] == [("deploy", True)]


def test_questions_for_several_persons_are_answered_by_each() -> None:
    gate = {
        "type": "hitl",
        "prompt": "Pay?",
        "choices": ["yes", "no"],
        "ask": {"roles": ["finance"]},
        "quorum": {"yes": 2, "no": 1},
    }
    data = spec("chain", {"steps": [{"agent": "a", "input": "x"}, gate]})
    votes = [GivenAnswer("yes", by=name, roles=["finance"]) for name in ("anna", "bob")]
    assert rehearse(data, votes[:1]).status == "paused"
    run = rehearse(data, votes)
    assert (run.status, run.questions[0].answer) == ("completed", "yes")


def test_a_script_that_runs_out_names_its_agent() -> None:
    with pytest.raises(ExecutionError, match="agent 'a' was called once more than its script of 1 reply knows") as told:
        rehearse(SHIP, ["approve"], scripts={"a": SCRIPT["a"][:1]}, tools=[deploy])
    assert "resume" not in str(told.value)


def test_a_script_for_nobody_is_an_error(report: Path) -> None:
    with pytest.raises(InputError, match=r"script for 'writter', which is not an agent of 'report'[\s\S]*'writer'"):
        rehearse(report, topic="tea", scripts={"writter": "x"})


def test_a_workflow_that_ends_in_failure_is_a_result_to_look_at() -> None:
    data = spec("chain", {"steps": [{"agent": "a", "input": "x"}, {"type": "fail", "message": "Denied."}]})
    run = rehearse(data)
    assert run.status == "failed"
    assert run.error is not None and "Denied." in run.error


def test_a_workflow_may_be_given_as_an_object_with_its_own_parts(report: Path) -> None:
    flow = Workflow.from_file(report, topic="tea", output_dir="/nowhere")
    run = rehearse(flow, ["approved"])
    assert list(run.artifacts) == ["report-tea.md"]
    assert not flow.options.offline
    with pytest.raises(InputError, match="beside a Workflow"):
        rehearse(flow, tools=[deploy])
    with pytest.raises(InputError, match="a int is not a workflow"):
        rehearse(1)


def test_it_is_awaited_where_a_loop_runs(report: Path) -> None:
    run = asyncio.run(rehearse_async(report.read_text(), ["approved"], topic="tea"))
    assert run.status == "completed"
    with pytest.raises(LookupError, match=r"no step 'x'; the steps: steps/0 \(researcher\)"):
        run.step("x")


HURRIED = spec(
    "chain",
    {
        "steps": [
            {"type": "hitl", "prompt": "Which?", "default": "the blue one", "timeout_seconds": 3600},
            {
                "type": "hitl",
                "prompt": "Sure?",
                "choices": ["yes", "no"],
                "timeout_seconds": "2d",
                "on_timeout": "deny",
            },
            {"agent": "a", "input": "{{ steps[0].response }}, {{ steps[1].response }}"},
        ]
    },
)


@pytest.mark.parametrize("nobody", [TIMED_OUT, {"timed_out": True}], ids=["name", "mapping"])
def test_a_deadline_passes_at_once(nobody: Any) -> None:
    run = rehearse(HURRIED, [nobody, nobody])
    assert run.step("a").prompt == "the blue one, no"
    assert [(question.answer, question.timed_out, question.by) for question in run.questions] == [
        ("the blue one", True, "timeout"),
        ("no", True, "timeout"),
    ]
    assert rehearse(HURRIED, {"which": "red", "sure": nobody}).step("a").prompt == "red, no"


def test_what_has_no_deadline_does_not_time_out(report: Path) -> None:
    with pytest.raises(InvalidAnswerError, match="'steps/1' does not time out: it has no deadline"):
        rehearse(report, [TIMED_OUT], topic="tea")
    with pytest.raises(UnusedAnswersError, match="nobody asked for the time-out"):
        rehearse(report, ["approved", TIMED_OUT], topic="tea")


def test_silence_that_ends_a_run_ends_it() -> None:
    step = {"type": "hitl", "prompt": "Go on?", "timeout_seconds": 60, "on_timeout": "fail"}
    with pytest.raises(ExecutionError, match="nobody answered 'steps/0' in time"):
        rehearse(spec("chain", {"steps": [step, {"agent": "a", "input": "x"}]}), [TIMED_OUT])
