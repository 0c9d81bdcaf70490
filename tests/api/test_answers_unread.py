"""Whoever answers need not read the session: what stands before the question may be as long as it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from strands import SessionManager, Workflow
from strands_cli.errors import AlreadyAnsweredError, AnswerError, InvalidAnswerError, SessionDamagedError
from support.console import Console
from support.specs import PAUSING

Answer = Callable[[Path, str, str], None]


def by_manager(home: Path, session_id: str, value: str) -> None:
    SessionManager(home).answer(session_id, "steps/1", value, by="ann")


def by_manager_in_a_loop(home: Path, session_id: str, value: str) -> None:
    asyncio.run(SessionManager(home).answer_async(session_id[:-1], {"steps/1": value}, by="ann"))


def by_live_session(home: Path, session_id: str, value: str) -> None:
    live = Workflow.from_dict(PAUSING, store=home).create_session(session_id=session_id)
    live.answer("steps/1", value, by="ann")
    with pytest.raises(SessionDamagedError):
        live.wait(10)


def by_command(home: Path, session_id: str, value: str) -> None:
    console = Console(home.parent, {"NO_COLOR": "1"})
    command = ["--store", str(home), "sessions", "answer", session_id, "--by", "ann"]
    console.run(*command, "--answer", f"steps/1={value}")


def by_response(home: Path, session_id: str, value: str) -> None:
    console = Console(home.parent, {"NO_COLOR": "1"})
    console.run("--store", str(home), "sessions", "answer", session_id, "--by", "ann", "--response", value)


@pytest.mark.parametrize(
    "answer",
    [by_manager, by_manager_in_a_loop, by_live_session, by_command, by_response],
    ids=lambda each: each.__name__,
)
def test_an_answer_is_recorded_whatever_stands_before_its_question(answer: Answer, tmp_path: Path) -> None:
    home = tmp_path / "sessions"
    session_id = Workflow.from_dict(PAUSING, store=home).run().session_id or ""
    journal = home / f"session_{session_id}" / "journal.jsonl"
    content = journal.read_bytes()
    journal.write_bytes(content.replace(b'"prompt":"one"', b'"prompt":"two"', 1))
    answer(home, session_id, "yes")
    with pytest.raises(SessionDamagedError):
        SessionManager(home).get_session(session_id)
    assert journal.read_bytes().count(b'"kind":"answered"') == 1
    journal.write_bytes(journal.read_bytes().replace(b'"prompt":"two"', b'"prompt":"one"', 1))
    assert SessionManager(home).get_session(session_id).status == "answered"


def test_what_cannot_be_taken_is_refused_as_ever(tmp_path: Path) -> None:
    session_id = Workflow.from_dict(PAUSING, store=tmp_path / "sessions").run().session_id or ""
    manager = SessionManager(tmp_path / "sessions")
    wrong: Mapping[str, str] = {"steps/1": "yes", "steps/7": "yes"}
    with pytest.raises(AnswerError, match="has no question 'steps/7'") as caught:
        manager.answer(session_id, wrong)
    assert "Open questions: steps/1" in caught.value.hint
    with pytest.raises(InvalidAnswerError, match="is empty"):
        manager.answer(session_id, "steps/1", " ")
    manager.answer(session_id, "steps/1", "yes", by="ann")
    manager.answer(session_id, "steps/1", "yes", by="ann")
    with pytest.raises(AlreadyAnsweredError, match="already answered by ann at"):
        manager.answer(session_id, "steps/1", "yes", by="bob")
