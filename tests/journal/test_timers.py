"""Reminders, escalations and deadlines are recorded once, whoever looks: every store finds the sessions they are of."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from strands.journal.entries import Draft, Entry
from strands.journal.find import due, next_timer, timed
from strands.journal.memory import MemoryRepository
from strands.journal.protocol import Journal, Repository
from strands_cli.kernel import timers
from strands_cli.session.answers import give
from strands_cli.session.repository import store_at
from strands_cli.session.timers import Firing, fire
from support.places import KEPT, new_place

NOW = time.time()


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from new_place(request.param, tmp_path)


@pytest.fixture
def store(url: str) -> Repository:
    return store_at(url) if url else MemoryRepository()


everywhere = pytest.mark.parametrize("url", ["memory", *KEPT], indirect=True)
kept = pytest.mark.parametrize("url", KEPT, indirect=True)


def entry(kind: str, key: str = "", at: float = NOW, **data: Any) -> Draft:
    return Draft(kind, key, data, at)


def asked(key: str, *, remind: Sequence[float] = (), escalate: Sequence[float] = (), **data: Any) -> Draft:
    """Return a question whose reminders and escalations come so many seconds after the tests began."""
    steps = [{"after": each, "ask": {"roles": ["cfo"]}, "notify": ["slack:#cfo"]} for each in escalate]
    return entry("asked", key, prompt="?", timers=timers.stored(remind, steps, NOW), **data)


async def paused(store: Repository, name: str, *questions: Draft) -> Journal:
    opened = entry("opened", format=1, workflow="w", pattern="chain", spec={}, inputs={})
    return await store.create(name, opened, [*questions, entry("paused")])


async def acts(journal: Journal) -> list[tuple[str, str, Any]]:
    """Return what happened by itself: which kind, to which question, and which number."""
    return [
        (each.kind, each.key, each.data.get("n", each.data.get("level")))
        for each in await journal.load()
        if each.kind in ("reminded", "escalated", "expired", "answered")
    ]


@everywhere
def test_what_is_due_is_found_and_recorded_once(store: Repository) -> None:
    async def check() -> None:
        journal = await paused(store, "s", asked("q", remind=[-20, 3600], escalate=[-10], deadline=NOW + 7200))
        await paused(store, "later", asked("q", remind=[3600]))
        await paused(store, "never", entry("asked", "q", prompt="?"))
        assert await timed(store) == ["s"]
        fired = await Firing(store).once()
        assert {name: [each.kind for each in entries] for name, entries in fired.items()} == {
            "s": ["reminded", "escalated"]
        }
        reminded, escalated = fired["s"]
        assert (reminded.data["n"], reminded.data["next"]) == (1, NOW + 3600)
        assert escalated.data == {
            "level": 1,
            "ask": {"roles": ["cfo"]},
            "notify": ["slack:#cfo"],
            "next": NOW + 3600,
        }
        assert await timed(store) == []
        assert await Firing(store).once() == {}
        assert await fire(journal) == []
        assert await next_timer(store) == NOW + 3600

    asyncio.run(check())


@everywhere
def test_a_reminder_makes_no_session_due(store: Repository) -> None:
    """Nobody has to drive it: there is nothing new for its workflow."""

    async def check() -> None:
        await paused(store, "s", asked("q", remind=[-10]))
        assert await due(store) == []
        await Firing(store).once()
        assert await due(store) == []

    asyncio.run(check())


@everywhere
def test_a_deadline_makes_its_session_due(store: Repository) -> None:
    async def check() -> None:
        journal = await paused(store, "s", asked("q", remind=[-20], deadline=NOW - 10, default="no"))
        await Firing(store).once()
        assert await acts(journal) == [("answered", "q", None)]
        assert [each.session_id for each in await due(store)] == ["s"]
        assert await timed(store) == []
        assert await next_timer(store) is None

    asyncio.run(check())


@everywhere
def test_of_reminders_that_were_missed_one_is_left(store: Repository) -> None:
    async def check() -> None:
        journal = await paused(store, "s", asked("q", remind=[-30, -20, -10, 3600], escalate=[-25, -15]))
        await Firing(store).once()
        assert await acts(journal) == [("escalated", "q", 1), ("escalated", "q", 2), ("reminded", "q", 3)]

    asyncio.run(check())


@everywhere
def test_what_is_over_failed_or_answered_is_not_reminded_of(store: Repository) -> None:
    async def check() -> None:
        ends = [entry("cancelled"), entry("closed"), entry("failed", error="x"), entry("answered", "q", value=1)]
        for number, end in enumerate(ends):
            journal = await paused(store, f"s{number}", asked("q", remind=[-10]))
            await journal.append([end], expect=3)
        assert await timed(store) == []
        assert await next_timer(store) is None

    asyncio.run(check())


@everywhere
def test_an_answer_records_what_is_due_of_other_questions_and_no_reminder_of_its_own(store: Repository) -> None:
    async def check() -> None:
        journal = await paused(
            store,
            "s",
            asked("mine", remind=[-10]),
            asked("other", remind=[-10]),
            asked("late", deadline=NOW - 10),
            asked("later", remind=[3600]),
        )
        await give(journal, "mine", "yes", by="anna")
        assert sorted(await acts(journal)) == [
            ("answered", "mine", None),
            ("expired", "late", None),
            ("reminded", "other", 1),
        ]
        await give(journal, "other", "yes", by="anna")
        assert sorted(await acts(journal))[:2] == [("answered", "mine", None), ("answered", "other", None)]

    asyncio.run(check())


@everywhere
def test_a_session_whose_journal_is_damaged_keeps_no_other_waiting(store: Repository) -> None:
    async def check() -> None:
        for number in range(3):
            await paused(store, f"s{number}", asked("q", remind=[-30 + number]))
        broken = await store.open("s0")
        await broken.append([entry("deleted")], expect=3)
        fired = await Firing(store).once(limit=2)
        assert list(fired) == ["s1", "s2"]

    asyncio.run(check())


@everywhere
def test_a_clock_that_goes_back_reminds_nobody_again(store: Repository) -> None:
    async def check() -> None:
        journal = await paused(store, "s", asked("q", remind=[10, 20]))
        assert [each.data["n"] for each in await fire(journal, now=NOW + 15)] == [1]
        assert await fire(journal, now=NOW + 5) == []
        assert await fire(journal, now=NOW + 12) == []
        assert [each.data["n"] for each in await fire(journal, now=NOW + 25)] == [2]

    asyncio.run(check())


LOOKER = """
import asyncio, sys
from strands_cli.session.repository import store_at
from strands_cli.session.timers import Firing

async def look(store):
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        fired = await Firing(store).once()
        if not fired:
            return

asyncio.run(look(store_at(sys.argv[1])))
"""


@kept
def test_of_processes_that_look_at_the_same_time_one_records_each(url: str) -> None:
    store = store_at(url)

    async def begin() -> None:
        for number in range(6):
            await paused(store, f"s{number}", asked("q", remind=[-20], escalate=[-10], deadline=NOW + 3600))

    asyncio.run(begin())
    command = [sys.executable, "-c", LOOKER, url]
    lookers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for each in lookers:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in lookers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    assert [each.wait(60) for each in lookers] == [0, 0, 0]
    for each in lookers:
        each.communicate()

    async def told() -> list[list[tuple[str, str, Any]]]:
        return [await acts(await store.open(f"s{number}")) for number in range(6)]

    assert asyncio.run(told()) == [[("reminded", "q", 1), ("escalated", "q", 1)]] * 6


def test_an_entry_that_was_reminded_of_is_as_others_to_the_fold() -> None:
    from strands_cli.kernel.state import State

    drafts = [
        entry("opened", format=1, workflow="w", pattern="chain", spec={}, inputs={}),
        asked("q", remind=[10, 20], escalate=[15], deadline=NOW + 30),
        entry("paused"),
        entry("reminded", "q", n=1, next=NOW + 15),
        entry("escalated", "q", level=1, next=NOW + 20),
    ]
    state = State(Entry(seq, *draft) for seq, draft in enumerate(drafts))
    assert state.status == "paused"
    assert [each.kind for each in state.on_questions["q"]] == ["reminded", "escalated"]
    assert timers.next_at(state, "q", NOW) == NOW + 20
    assert timers.next_at(state, "q", NOW + 20) == NOW + 30
    assert timers.next_at(state, "q", NOW + 30) is None
