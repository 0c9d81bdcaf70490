"""A server that is killed at any write to its store: the next one ends the run, and nothing comes twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from strands_cli.audit.verify import verify
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.session.repository import store_at
from support.in_memory import tmp_path as tmp_path
from support.mortal_server import Team
from support.postgres import close_all, fresh_url
from support.session_worker import Workers
from support.web_server import STORES

STEPS = [pytest.param(5, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)]
WHEN = ["before", "after"]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    running = Workers("support.mortal_server")
    yield running
    running.close()


def place(kind: str, folder: Path) -> str:
    if kind == "postgres":
        return fresh_url(lease="1")
    return {"files": str(folder / "files"), "sqlite": f"sqlite:///{folder}/runs.db"}[kind]


async def entries_of(store: str) -> list[Entry]:
    (session_id,) = await store_at(store).ids()
    return list(await (await store_at(store).open(session_id)).load())


def check(store: str) -> None:
    """Check that there is one run, which has ended, and each question was asked, reminded of and answered once."""
    entries = asyncio.run(entries_of(store))
    seen = Counter((each.kind, each.key) for each in entries)
    assert State(entries).status == "completed"
    for key in ("steps/1", "steps/3"):
        assert (seen["asked", key], seen["answered", key]) == (1, 1)
    assert seen["reminded", "steps/1"] == 1
    (answered,) = (each for each in entries if each.kind == "answered" and each.key == "steps/1")
    votes = [entry for entry in entries if entry.kind == "voted"]
    assert [vote.data["principal"]["person"] for vote in votes] == ["anna", "ben"]
    assert answered.data["votes"] == [vote.seq for vote in votes]
    report = asyncio.run(verify(store_at(store)))
    assert [each for each in report.findings if each.is_fault] == []
    assert report.sessions == 1


def outlived(kind: str, when: str, number: int, workers: Workers, folder: Path) -> int:
    """Have a run done whose first server dies at a write; return how many have died."""
    home = folder / f"{number} {when}"
    home.mkdir(mode=0o700)
    store = place(kind, home)
    team = Team(home, store, workers, (when, number))
    team.live()
    check(store)
    return team.deaths


@pytest.mark.timeout(600)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", STORES)
def test_a_run_outlives_its_server_whichever_write_that_dies_at(
    kind: str, step: int, workers: Workers, tmp_path: Path
) -> None:
    for number in count(1, step):
        whens = WHEN if step == 1 else [WHEN[number % 2]]
        if not sum(outlived(kind, when, number, workers, tmp_path) for when in whens):
            assert number > 10, "it was not killed"
            break
    close_all()
