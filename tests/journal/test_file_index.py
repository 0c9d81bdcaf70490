"""The index of a directory of sessions: it saves reading, is never the truth, and may be lost or damaged."""

from __future__ import annotations

import asyncio
import logging
import stat
from pathlib import Path

import pytest

from strands import SessionManager
from strands.journal.file_index import NAME
from strands.journal.file_lists import FEW
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository

NEVER = 3600.0
"""Seconds after which a list of a test looks at all journals again."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with sessions enough for an index; every third waits for an answer."""

    async def begin() -> None:
        repository = FileSessionRepository(tmp_path)
        for number in range(FEW + 3):
            rest = [draft("asked", "q", prompt="?"), draft("paused")] if number % 3 == 0 else [draft("closed")]
            await repository.create(f"s{number:03}", opening(), rest)

    asyncio.run(begin())
    return tmp_path


def listed(root: Path, recheck: float = 0) -> dict[str, str]:
    """What a list says: one that looks at all journals, or one that believes what was noted."""
    manager = SessionManager(repository=FileSessionRepository(root, recheck=recheck))
    return {each["id"]: each["status"] for each in manager.summaries(limit=1000)}


def truth(root: Path) -> dict[str, str]:
    """What the journals say one by one."""
    manager = SessionManager(root)
    ids = asyncio.run(FileSessionRepository(root).ids())
    return {id: manager.get_session(id).status for id in ids}


def age_of_index(root: Path) -> int:
    return (root / NAME).stat().st_mtime_ns


def test_a_list_reads_only_what_has_changed(root: Path) -> None:
    assert listed(root, NEVER) == truth(root)
    assert stat.S_IMODE((root / NAME).stat().st_mode) == 0o600
    written = age_of_index(root)
    assert listed(root, NEVER) == truth(root) and age_of_index(root) == written
    manager = SessionManager(root)
    manager.get_session("s000").answer("q", "yes")
    manager.get_session("s003").cancel()
    manager.get_session("s006").delete()
    assert listed(root, NEVER) == truth(root)
    assert listed(root, NEVER)["s000"] == "answered" and "s006" not in listed(root, NEVER)
    assert age_of_index(root) > written
    waiting = {each.id for each in manager.list_waiting_sessions()}
    assert waiting == {id for id, status in truth(root).items() if status == "paused"}


@pytest.mark.parametrize("harm", ["removed", "no database", "cut off", "a directory", "of others"])
def test_an_index_that_is_lost_or_damaged_is_made_anew(root: Path, harm: str) -> None:
    expected, index = listed(root), root / NAME
    if harm == "removed":
        index.unlink()
    elif harm == "no database":
        index.write_text("not a database " * 100)
    elif harm == "cut off":
        index.write_bytes(index.read_bytes()[:5000])
    elif harm == "a directory":
        index.unlink()
        index.mkdir()
    else:
        index.chmod(0o666)
    assert listed(root) == expected == truth(root)
    assert listed(root) == expected


def test_a_damaged_session_hides_no_other_and_is_named_each_time(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    expected = listed(root)
    journal = root / "session_s001" / "journal.jsonl"  # which this package's writers have not told
    journal.write_bytes(journal.read_bytes().replace(b'"w"', b'"v"'))
    del expected["s001"]
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert listed(root) == expected
        assert "session_s001" in caplog.text and "checksum" in caplog.text
