"""A recorded answer is always followed by a drive, at whatever moment it comes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository
from support.cast import hitl, spec
from support.last_moments import lived
from support.pattern_stories import ANSWERS, EXPECTED, STORIES, VARIABLES, model, step


def story(name: str, repository: Any, moment: tuple[int, bool]) -> tuple[Any, int]:
    def flow(watched: Any) -> Workflow:
        return Workflow.from_dict(STORIES[name], repository=watched, model=model([]))

    return asyncio.run(lived(repository, flow, ANSWERS[name], moment, VARIABLES[name]))


@pytest.mark.parametrize("name", STORIES)
def test_an_answer_at_each_moment_of_waiting_is_followed_by_a_drive(name: str, tmp_path: Path) -> None:
    result, waits = story(name, MemorySessionRepository(), (0, False))
    assert result.last_response == EXPECTED[name] and waits > 2
    for number in range(1, waits + 1):
        for after in (False, True):
            in_files = (number + after) % 2
            repository = FileSessionRepository(tmp_path / str(number)) if in_files else MemorySessionRepository()
            result, _ = story(name, repository, (number, after))
            assert result.last_response == EXPECTED[name]


FAILING = spec(
    "parallel",
    {
        "branches": [
            {"id": "ask", "steps": [hitl("Go on?"), step("a", "go on: {{ hitl_response }}")]},
            {"id": "fail", "steps": [step("b", "fail")]},
        ]
    },
    ["a", "b"],
)


def test_an_answer_beside_a_failure_is_followed_by_a_drive(tmp_path: Path) -> None:
    def refuse(messages: Any) -> str:
        if messages[-1]["content"][-1]["text"] == "fail":
            raise RuntimeError("no")
        return "went on"

    def flow(watched: Any) -> Workflow:
        return Workflow.from_dict(FAILING, repository=watched, model=ScriptedModel(refuse))

    def failed(repository: Any, moment: tuple[int, bool]) -> int:
        error, waits = asyncio.run(lived(repository, flow, {}, moment))
        assert "RuntimeError: no" in str(error)
        (session,) = SessionManager(repository=repository).list_sessions()
        entries = asyncio.run(session.entries_async())
        answered = [entry.seq for entry in entries if entry.kind == "answered"]
        went_on = any(entry.kind == "done" and entry.key == "branches/ask/steps/1" for entry in entries)
        assert went_on == (bool(answered) and answered[0] < max(e.seq for e in entries if e.kind == "failed"))
        return waits

    for number in range(1, failed(MemorySessionRepository(), (0, False)) + 1):
        for after in (False, True):
            failed(FileSessionRepository(tmp_path / f"{number}{after}"), (number, after))
