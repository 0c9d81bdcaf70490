"""Sessions for user interfaces: every call returns at once, and the session outlives the object."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.api.live import LiveSession
from strands_cli.errors import AlreadyAnsweredError, InvalidAnswerError, SessionFinishedError
from strands_cli.session.repository import FileSessionRepository

SPEC: dict[str, Any] = {
    "version": 0,
    "name": "live",
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "You are a."}},
    "pattern": {
        "type": "chain",
        "config": {
            "steps": [
                {"agent": "a", "input": "one {{ topic }}"},
                {"type": "hitl", "prompt": "Go on?", "choices": ["yes", "no"]},
                {"agent": "a", "input": "two {{ hitl_response }}"},
            ]
        },
    },
}


def workflow(root: Path, model: ScriptedModel | None = None) -> Workflow:
    scripted = model or ScriptedModel(lambda messages: f"<{messages[-1]['content'][0]['text']}>")
    return Workflow.from_dict(SPEC, model=scripted, repository=FileSessionRepository(root))


def until(session: LiveSession, status: str) -> Any:
    deadline = time.monotonic() + 20
    while (snapshot := session.poll()).status != status:
        assert time.monotonic() < deadline, snapshot
        time.sleep(0.01)
    return snapshot


def test_start_poll_answer_and_finish(tmp_path: Path) -> None:
    session = workflow(tmp_path).create_session(topic="bees")
    assert session.poll().status == "starting"
    session.start().start()
    snapshot = until(session, "paused")
    assert [question.id for question in snapshot.questions] == ["steps/1"]
    with pytest.raises(InvalidAnswerError):
        session.answer("steps/1", "perhaps")
    session.answer("steps/1", "yes", by="ann")
    snapshot = until(session, "completed")
    assert snapshot.response == "<two yes>"
    assert [item.kind for item in snapshot.history] == ["agent", "hitl", "agent"]
    with pytest.raises(AlreadyAnsweredError, match=f"ann.*\n.*strands resume {session.id}"):
        session.answer("steps/1", "no")
    with pytest.raises(SessionFinishedError):
        session.cancel()


def test_another_process_takes_the_session_up_again(tmp_path: Path) -> None:
    first = workflow(tmp_path).create_session(topic="bees")
    first.start().wait(20)
    again = workflow(tmp_path).create_session(session_id=first.id)
    assert again.poll().status == "paused"
    again.answer("steps/1", "no")
    assert until(again, "completed").response == "<two no>"


def test_a_cancelled_session_stays_cancelled(tmp_path: Path) -> None:
    session = workflow(tmp_path).create_session(topic="bees")
    session.start().wait(20)
    session.cancel()
    assert session.start().wait(20).status == "cancelled"


def test_what_went_wrong_is_told(tmp_path: Path) -> None:
    session = workflow(tmp_path).create_session().start()
    assert "'topic' is missing" in str(until(session, "failed").error)
    failing = workflow(tmp_path, ScriptedModel([ValueError("no such model")])).create_session(topic="x").start()
    assert "no such model" in str(until(failing, "failed").error)
