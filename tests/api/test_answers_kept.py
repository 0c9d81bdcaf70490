"""An answer is kept before anything else is looked at: who cannot go on with the session says where to."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.api.session_manager import SessionManager
from strands_cli.errors import AlreadyAnsweredError, AnswerError, MissingPartsError, ProviderNotReadyError, StrandsError
from strands_cli.session.repository import FileSessionRepository

STEPS = [{"type": "hitl", "prompt": "Go on?"}, {"agent": "a", "input": "x"}]


def config(**runtime: Any) -> dict[str, Any]:
    return {
        "version": 0,
        "name": "kept",
        "runtime": {"provider": "openai", "model_id": "m", **runtime},
        "agents": {"a": {"prompt": "You are a."}},
        "pattern": {"type": "chain", "config": {"steps": STEPS}},
    }


def test_without_a_key_the_answer_is_recorded_and_the_error_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    flow = Workflow.from_dict(config(), repository=FileSessionRepository(tmp_path))
    paused = flow.run()
    monkeypatch.delenv("OPENAI_API_KEY")
    session = SessionManager(tmp_path).get_session(paused.session_id or "")
    for _ in range(2):  # the same answer again is no error of its own
        with pytest.raises(ProviderNotReadyError, match="your answer is recorded") as caught:
            session.resume("yes")
        assert f"strands resume {session.id}" in caught.value.hint
    kept = SessionManager(tmp_path).get_session(session.id)
    assert kept.status == "answered" and kept.history[0].text == "yes"
    with pytest.raises(AlreadyAnsweredError, match="'yes'"):
        kept.resume("no")
    model = ScriptedModel(lambda messages: "ok")
    assert (
        Workflow.from_dict(config(), repository=FileSessionRepository(tmp_path), model=model).resume(session.id).success
    )


def test_without_the_model_of_the_program_the_answer_is_recorded(tmp_path: Path) -> None:
    store = FileSessionRepository(tmp_path)
    flow = Workflow.from_dict(config(), repository=store, model=ScriptedModel(lambda messages: "ok"))
    paused = flow.run()
    session = SessionManager(tmp_path).get_session(paused.session_id or "")
    with pytest.raises(MissingPartsError, match="your answer is recorded"):
        session.resume("yes")
    assert flow.resume(session.id).success


@pytest.mark.parametrize("lost", ["session", "journal", "home"])
def test_an_answer_whose_session_was_removed_meanwhile_is_not_said_to_be_kept(tmp_path: Path, lost: str) -> None:
    home = tmp_path / "home"

    def model(messages: Any) -> str:
        [folder] = {each.parent for each in home.rglob("journal.jsonl")}
        if lost == "journal":
            for file in folder.iterdir():
                file.unlink()
        else:
            shutil.rmtree(folder if lost == "session" else home)
        return "ok"

    flow = Workflow.from_dict(config(), repository=FileSessionRepository(home), model=ScriptedModel(model))
    paused = flow.run()
    with pytest.raises(StrandsError) as caught:
        flow.resume(str(paused.session_id), "yes")
    assert "recorded" not in str(caught.value)
    assert "cannot be known" in str(caught.value)


def test_several_answers_are_given_by_one_call(tmp_path: Path) -> None:
    made = config()
    branches = [{"id": name, "steps": STEPS} for name in "xy"]
    made["pattern"] = {"type": "parallel", "config": {"branches": branches}}
    store = FileSessionRepository(tmp_path)
    flow = Workflow.from_dict(made, repository=store, model=ScriptedModel(lambda messages: "ok"))
    paused = flow.run()
    session = SessionManager(tmp_path).get_session(paused.session_id or "")
    one, other = (question.id for question in session.questions)
    with pytest.raises(AnswerError, match="2 questions are open"):
        session.meant("yes")
    with pytest.raises(AnswerError, match="nobody"):
        session.answer({one: "yes", "nobody": "yes"})
    assert len(SessionManager(tmp_path).get_session(session.id).questions) == 2
    session.answer({one: "yes", other: 0}, by="ann")
    found = SessionManager(tmp_path).get_session(session.id)
    assert found.status == "answered"
    assert [(item.text, item.by) for item in found.history] == [("yes", "ann"), ("0", "ann")]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), [float("-inf")]])
def test_a_variable_that_is_not_json_is_refused(value: Any, tmp_path: Path) -> None:
    from strands_cli.errors import InputError

    made = {**config(), "inputs": {"required": {"topic": {"type": "number"}}}}
    flow = Workflow.from_dict(made, repository=FileSessionRepository(tmp_path), offline=True)
    with pytest.raises(InputError, match=r"topic|plain data"):
        flow.run(topic=value)
    assert not SessionManager(tmp_path).list_sessions()
