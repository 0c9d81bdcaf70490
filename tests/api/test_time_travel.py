"""Forks with another answer or another prompt: what happens then, and that nobody gets a right by forking."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.audit.verify import verify
from strands_cli.errors import AnswerError, NotEntitledError, SessionError
from strands_cli.kernel.principal import Principal
from strands_cli.session.repository import store_at
from support.commands import command, environment
from support.specs import solo

ANNA, BEN = (Principal(f"user:os:{name}", name, frozenset({"finance"}), "login", "web") for name in ("anna", "ben"))
FINANCE: dict[str, Any] = {"ask": {"roles": ["finance"]}}
GATE = {"type": "hitl", "prompt": "Pay?", "choices": ["yes", "no"], "context_display": "{{ steps[0].response }}"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def chain(act: str = "act on {{ steps[1].response }}", **rights: Any) -> Workflow:
    steps = [
        {"agent": "worker", "input": "propose"},
        {**GATE, **rights},
        {"agent": "worker", "input": act},
        {"set": {"done": "{{ steps[2].response }}"}},
    ]
    told = solo(1, pattern={"type": "chain", "config": {"steps": steps}})
    model = ScriptedModel(lambda messages: f"<{messages[-1]['content'][-1]['text']}>")
    return Workflow.from_dict(told, store="runs", model=model)


def answered(workflow: Workflow, by: Principal | None = None) -> Any:
    """Return the session of a run that was answered with yes, and came to its end."""
    paused = workflow.run()
    SessionManager(store="runs").get_session(paused.session_id).answer("steps/1", "yes", by=by)
    assert workflow.resume(paused.session_id).success
    return SessionManager(store="runs").get_session(paused.session_id)


def count() -> int:
    return len(SessionManager(store="runs").list_sessions())


def faults() -> list[str]:
    report = asyncio.run(verify(store_at("runs")))
    return [str(each) for each in report.findings]


def test_another_answer_is_gone_on_from_and_the_original_stays_as_it_is() -> None:
    workflow = chain()
    session = answered(workflow)
    fork = session.fork(answers={"steps/1": "no"})
    assert (fork.status, fork.questions) == ("answered", [])
    assert fork.forked_from is not None and session.forked_from is None
    assert (fork.forked_from.session, fork.forked_from.at, fork.forked_from.prompts) == (session.id, "steps/1", {})
    result = workflow.resume(fork.id)
    texts = [step["response"] for step in result.execution_context["steps"][:3]]
    assert texts == ["<propose>", "no", "<act on no>"]
    assert SessionManager(store="runs").get_session(session.id).response == session.response
    assert faults() == []


def test_another_prompt_is_what_the_step_is_told_and_who_is_asked_then_sees_it() -> None:
    workflow = chain()
    session = answered(workflow)
    fork = session.fork(prompts={"steps/0": "propose less"})
    paused = workflow.resume(fork.id)
    (question,) = paused.questions
    assert question.context is not None
    assert question.context.startswith("<propose less>\n\nThis run is a fork, in which somebody has changed")
    assert question.context.endswith("steps/0: propose less")
    result = chain().resume(fork.id, "yes")  # in another process it is told the same
    assert [step["response"] for step in result.execution_context["steps"][:3]] == [
        *("<propose less>", "yes", "<act on yes>")
    ]
    assert faults() == []


def test_a_fork_with_another_prompt_is_gone_on_with_by_a_mended_workflow() -> None:
    fork = answered(chain()).fork(prompts={"steps/0": "propose less"})
    assert chain().resume(fork.id).status == "paused"
    result = chain(act="act otherwise").resume(fork.id, "yes")
    texts = [step["response"] for step in result.execution_context["steps"][:3]]
    assert texts == ["<propose less>", "yes", "<act otherwise>"]


def test_prompt_and_answer_together() -> None:
    workflow = chain()
    fork = answered(workflow).fork(answers={"steps/1": "no"}, prompts={"steps/2": "tell them why"})
    result = workflow.resume(fork.id)
    assert [step["response"] for step in result.execution_context["steps"][1:3]] == ["no", "<tell them why>"]


@pytest.mark.parametrize(
    ("rights", "code"),
    [
        (FINANCE, "not-eligible"),
        ({"ask": {"exclude": ["starter"]}}, "excluded"),
        ({"ask": {"users": ["somebody"]}, "delegate": "anyone"}, "not-eligible"),
    ],
)
def test_who_may_not_answer_gets_no_right_by_forking_and_nothing_is_made(rights: dict[str, Any], code: str) -> None:
    workflow = chain(**rights)
    somebody = Principal("user:os:somebody", "somebody", frozenset({"finance"}), "login", "web")
    session = answered(workflow, somebody)
    with pytest.raises(NotEntitledError) as caught:
        session.fork(answers={"steps/1": "no"})
    assert (caught.value.code, count()) == (code, 1)


def test_an_answer_in_a_fork_is_one_vote_and_those_of_the_original_do_not_count() -> None:
    workflow = chain(**FINANCE, quorum={"yes": 2})
    paused = workflow.run()
    manager = SessionManager(store="runs")
    for who in (ANNA, BEN):
        manager.get_session(paused.session_id).answer("steps/1", "yes", by=who)
    assert workflow.resume(paused.session_id).success
    fork = manager.get_session(paused.session_id).fork(answers={"steps/1": "yes"}, by=ANNA)
    (question,) = fork.questions
    assert [vote["by"] for vote in question.votes] == ["anna"]
    fork.answer("steps/1", "yes", by=BEN)
    assert workflow.resume(fork.id).success
    assert faults() == []


def test_nothing_is_told_otherwise_behind_the_back_of_who_had_to_agree() -> None:
    workflow = chain(**FINANCE)
    session = answered(workflow, ANNA)
    with pytest.raises(NotEntitledError, match="'steps/1' is not for everybody") as caught:
        session.fork(prompts={"steps/2": "pay ten times as much"})
    assert "--at steps/1" in str(caught.value.hint) and count() == 1
    fork = session.fork("steps/1", prompts={"steps/2": "pay ten times as much"})
    (question,) = fork.questions
    assert question.context is not None and question.context.endswith("steps/2: pay ten times as much")
    assert question.shown != session.question("steps/1").shown
    fork.answer("steps/1", "yes", by=ANNA)
    assert workflow.resume(fork.id).execution_context["steps"][2]["response"] == "<pay ten times as much>"
    again = SessionManager(store="runs").get_session(fork.id).fork("steps/1")
    (question,) = again.questions
    assert question.context is not None and question.context.count("pay ten times as much") == 1


def test_a_fork_of_a_fork_shows_what_both_have_changed_once() -> None:
    workflow = chain(**FINANCE)
    fork = answered(workflow, ANNA).fork("steps/1", prompts={"steps/2": "pay twice"})
    again = fork.fork("steps/1", prompts={"steps/2": "pay three times"})
    (question,) = again.questions
    assert question.context is not None and "pay twice" not in question.context
    assert question.context.endswith("told:\nsteps/2: pay three times")
    last = fork.fork("steps/0", prompts={"steps/0": "propose less"})
    (question,) = workflow.resume(last.id).questions
    assert question.context is not None
    assert question.context.endswith("told:\nsteps/2: pay twice\nsteps/0: propose less")


def test_a_secret_in_another_prompt_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "sk-very-secret-value")
    told = {**chain().spec.to_dict(), "env": {"secrets": [{"name": "TOKEN", "key": "TOKEN", "source": "env"}]}}
    workflow = Workflow.from_dict(told, store="runs", model=ScriptedModel(lambda _: "Done."))
    fork = answered(workflow).fork(prompts={"steps/0": "use sk-very-secret-value"})
    assert workflow.resume(fork.id).status == "paused"
    assert not [
        path for path in (tmp_path / "runs").rglob("*") if path.is_file() and b"very-secret" in path.read_bytes()
    ]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"prompts": {"steps/0": "x"}, "at": "steps/2"}, "'steps/0' does not happen again in this fork"),
        ({"prompts": {"steps/9": "x"}}, "has no step 'steps/9'"),
        ({"prompts": {"steps/9": "x"}, "at": "steps/0"}, "'steps/9' is not there"),
        ({"prompts": {"steps/1": "x"}, "at": "steps/0"}, "'steps/1' is a step without an agent"),
        ({"prompts": {"steps/3": "x"}}, "'steps/3' is a step without an agent"),
        ({"answers": {"steps/1": "no"}, "at": "steps/0"}, "has no question 'steps/1'"),
        ({"answers": {"steps/1": "perhaps"}}, "perhaps"),
        ({"answers": {"steps/1": "no"}, "at": "steps/2"}, "already answered"),
        ({}, "is forked at a step"),
    ],
)
def test_what_says_nothing_is_refused_and_nothing_is_made(how: dict[str, Any], said: str) -> None:
    session = answered(chain())
    with pytest.raises((SessionError, AnswerError)) as caught:
        session.fork(**how)
    assert said in str(caught.value) and count() == 1


def test_the_command_forks_with_an_answer_or_a_prompt(tmp_path: Path) -> None:
    session = answered(chain())
    env = {**environment(tmp_path), "STRANDS_STORE": str(tmp_path / "runs"), "STRANDS_HOME": str(tmp_path / "home")}

    def fork(*words: str) -> Any:
        return command(["sessions", "fork", session.id, *words], env, tmp_path)

    told = fork("--answer", "q1=no", "--json")
    made = SessionManager(store="runs").get_session(json.loads(told.stdout)["id"])
    assert made.status == "answered"
    assert chain().resume(made.id).execution_context["steps"][1]["response"] == "no"
    told = fork("--at", "q1")
    assert SessionManager(store="runs").get_session(told.stdout.strip()).status == "paused"
    assert fork("--at", "steps/1").returncode == 0
    told = fork("--at", "steps/0", "--prompt", "propose less")
    shown = command(["sessions", "show", told.stdout.strip()], env, tmp_path).stdout
    assert f"Fork      of {session.id} at steps/0, by " in shown and "Prompt    steps/0: propose less" in shown
    paused = chain().resume(told.stdout.strip())
    assert "propose less" in str(paused.questions[0].context)
    for words in ((), ("--prompt", "x"), ("--at", "steps/2", "--answer", "q1=no")):
        assert fork(*words).returncode in (2, 17), words
