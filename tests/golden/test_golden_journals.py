"""Case 8: the journals of every release resume to the end, from wherever they stopped, as they did then."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from golden import cast
from strands_cli.kernel.state import State
from strands_cli.loader import load_file
from strands_cli.plan import plan
from strands_cli.session.repository import FileSessionRepository
from support.crash import Death, Story

JOURNALS = sorted((Path(__file__).parent / "journals").glob("*/*.jsonl"))
NAMES = [f"{path.parent.name}-{path.stem}" for path in JOURNALS]


def stored(root: Path, lines: list[str]) -> FileSessionRepository:
    directory = root / "session_golden"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "journal.jsonl").write_text("".join(lines), encoding="utf-8")
    return FileSessionRepository(root)


def resumed(repository: FileSessionRepository) -> tuple[Any, list[str]]:
    (session,) = asyncio.run(repository.ids())
    spec = asyncio.run(state(repository, session)).opened
    assert spec is not None
    story = Story(spec.data["spec"], cast.model, answers=cast.ANSWERS, doubt_answer="run again", tools=cast.tools([]))
    return asyncio.run(story.play(repository, Death())), story.calls


async def state(repository: FileSessionRepository, session: str) -> State:
    return State(await (await repository.open(session)).load())


@pytest.mark.parametrize("journal", JOURNALS, ids=NAMES)
def test_a_session_of_an_earlier_release_resumes_from_any_entry_to_the_same_end(journal: Path, tmp_path: Path) -> None:
    lines = journal.read_text("utf-8").splitlines(keepends=True)
    expected = json.loads(journal.with_suffix(".json").read_text("utf-8"))
    for length in range(1, len(lines) + 1):
        result, calls = resumed(stored(tmp_path / str(length), lines[:length]))
        assert result.success and result.last_response == expected["last_response"], f"after {length} entries"
        assert result.token_usage == expected["tokens"], f"after {length} entries"
        extra = [call for call in calls if call not in expected["calls"]]
        assert not extra, f"after {length} entries: {extra}"
        if length == len(lines):
            assert not calls, "a finished session asks nothing of a model"


@pytest.mark.parametrize("journal", JOURNALS, ids=NAMES)
def test_every_key_of_a_journal_belongs_to_a_node_of_the_drawing(journal: Path) -> None:
    drawing = plan(load_file(cast.SPECS / f"{journal.stem}.yaml"))
    for line in journal.read_text("utf-8").splitlines():
        key = json.loads(line)["key"]
        assert not key or drawing.owner(key) is not None, f"{key!r} is drawn nowhere"


def test_every_pattern_has_a_golden_journal() -> None:
    newest = {path.stem for path in JOURNALS if path.parent == JOURNALS[-1].parent}
    assert newest == set(cast.PATTERNS) and len(newest) == 7
