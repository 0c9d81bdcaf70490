"""Others who write to a session do not disturb the run that drives it, and it does not keep them waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from strands.journal.entries import Draft
from strands.journal.protocol import Conflict, Journal, Repository
from strands_cli.kernel.state import State
from strands_cli.kernel.types import AgentReply, Call
from strands_cli.session import answers
from strands_cli.session.repository import store_at
from support.driving import driven, reply, session, spec
from support.postgres import close_all, fresh_url, needs_postgres

GATES = 100
BRANCHES = [
    {"id": f"b{number}", "steps": [{"type": "hitl", "prompt": "ok?"}, {"agent": "a", "input": "go on"}]}
    for number in range(GATES)
]
MANY = spec("parallel", {"branches": [*BRANCHES, {"id": "slow", "steps": [{"agent": "b", "input": "work"}]}]})


@pytest.fixture(params=["files", "sqlite", pytest.param("postgres", marks=needs_postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    if request.param == "postgres":
        yield store_at(fresh_url())
        close_all()
        return
    yield store_at({"files": str(tmp_path / "files"), "sqlite": f"sqlite:///{tmp_path}/runs.db"}[request.param])


async def note(journal: Journal, key: str) -> None:
    """Append as any other program would: again where somebody was faster."""
    while True:
        try:
            count = len(await journal.load())
            await journal.append([Draft("noted", key, {"value": key}, time.time())], expect=count)
            return
        except Conflict:
            continue


async def asked(journal: Journal) -> list[str]:
    while True:
        keys = [entry.key for entry in await journal.load() if entry.kind == "asked"]
        if len(keys) == GATES:
            return keys
        await asyncio.sleep(0.05)


class Waits:
    """Agents of which one works until it is let go."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.calls: list[str] = []

    async def __call__(self, call: Call) -> AgentReply:
        self.calls.append(call.key)
        if call.prompt == "work":
            await self.done.wait()
        return reply("done")


def test_a_hundred_answers_and_notes_come_while_a_run_is_alive(store: Repository) -> None:
    async def check() -> None:
        journal, agents = await session(store), Waits()
        run = asyncio.create_task(driven(journal, MANY, agents))
        other = await store.open(journal.session_id)
        keys = await asked(other)
        for number, key in enumerate(keys):
            await answers.give(other, key, "yes", by="ann")
            if number % 10 == 0:
                await note(await store.open(journal.session_id), f"of-another/{number}")
        agents.done.set()
        assert (await run).status == "completed"
        entries = await journal.load()
        assert sorted(agents.calls) == sorted({*agents.calls}) and len(agents.calls) == GATES + 1
        assert len(State(entries).answered) == GATES
        assert sum(entry.kind == "noted" and entry.key.startswith("of-another/") for entry in entries) == GATES // 10
        assert sum(entry.kind == "leased" for entry in entries) == 1

    asyncio.run(check())


def test_a_cancel_ends_a_run_that_others_answer(store: Repository) -> None:
    async def check() -> None:
        journal, agents = await session(store), Waits()
        run = asyncio.create_task(driven(journal, MANY, agents))
        other = await store.open(journal.session_id)
        for key in (await asked(other))[:10]:
            await answers.give(other, key, "yes", by="ann")
        while True:
            try:
                count = len(await other.load())
                await other.append([Draft("cancelled", "", {"by": "ben"}, time.time())], expect=count)
                break
            except Conflict:
                continue
        assert (await run).status == "cancelled"
        entries = await journal.load()
        at = next(seq for seq, entry in enumerate(entries) if entry.kind == "cancelled")
        assert not [entry for entry in entries[at:] if entry.kind in ("started", "asked")]

    asyncio.run(check())
