"""What is due is handed out once at a time, and what the dead held is due: every store says the same."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from strands.journal import wake
from strands.journal.entries import Draft
from strands.journal.find import Due
from strands.journal.memory import MemoryRepository
from strands.journal.protocol import Repository
from strands.journal.transfer import exported, imported
from strands_cli.session.repository import store_at
from support.places import KEPT, new_place

NOW = time.time()


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from new_place(request.param, tmp_path, lease="1")


@pytest.fixture
def store(url: str) -> Repository:
    return store_at(url) if url else MemoryRepository()


everywhere = pytest.mark.parametrize("url", ["memory", *KEPT], indirect=True)
kept = pytest.mark.parametrize("url", KEPT, indirect=True)


def entry(kind: str, key: str = "", **data: Any) -> Draft:
    return Draft(kind, key, data, NOW)


QUEUED, PAUSED = entry("queued"), entry("paused")
ASKED, ANSWERED = entry("asked", "q", prompt="?"), entry("answered", "q", value=1)
LEASED, RELEASED = entry("leased", driver="gone"), entry("released")


async def begin(store: Repository, name: str, *rest: Draft, workflow: str = "w") -> None:
    opened = entry("opened", format=1, workflow=workflow, pattern="chain", spec={}, inputs={})
    await store.create(name, opened, rest)


async def add(store: Repository, name: str, *drafts: Draft) -> None:
    journal = await store.open(name)
    await journal.append(drafts, expect=len(await journal.load()))


async def taken(store: Repository, **how: Any) -> list[str]:
    return sorted(each.session_id for each in await wake.take_due(store, **{"limit": 50, **how}))


@everywhere
def test_each_is_handed_out_once_at_a_time(store: Repository) -> None:
    async def check() -> None:
        for number in range(5):
            await begin(store, f"s{number}", QUEUED)
        some = await taken(store, limit=3)
        assert len(some) == 3
        assert sorted([*some, *await taken(store)]) == [f"s{number}" for number in range(5)]
        assert await taken(store) == []
        await begin(store, "later", QUEUED)
        assert await taken(store, ahead=0.0) == ["later"]
        assert await taken(store) == ["later"]
        await wake.postpone(store, ["later"], 0.0)
        assert await taken(store) == ["later"]
        await add(store, "later", LEASED, ASKED, PAUSED, ANSWERED)
        await wake.postpone(store, ["later", "s0"], 60.0)
        assert await taken(store) == ["later"], "what has become due anew is not put off"

    asyncio.run(check())


@everywhere
@pytest.mark.parametrize(
    ("story", "is_due"),
    [
        ([], False),
        ([QUEUED], True),
        ([QUEUED, LEASED, RELEASED], False),
        ([LEASED, QUEUED], True),
        ([LEASED, ASKED, PAUSED], False),
        ([LEASED, ASKED, PAUSED, ANSWERED], True),
        ([LEASED, ASKED, ANSWERED, RELEASED], True),
        ([LEASED, ASKED, PAUSED, ANSWERED, LEASED, entry("closed")], False),
        ([LEASED, ASKED, QUEUED, entry("cancelled")], False),
        ([LEASED, entry("failed", error="x")], False),
        ([LEASED], True),
    ],
    ids=lambda story: "-".join(each.kind for each in story) if isinstance(story, list) else None,
)
def test_who_is_due(store: Repository, story: Sequence[Draft], is_due: bool) -> None:
    """`leased` alone is of a driver who has died."""

    async def check() -> None:
        await begin(store, "whole", *story)
        await begin(store, "step-by-step")
        for draft in story:
            await add(store, "step-by-step", draft)
        await imported(store, "copied", (await exported(store, "whole")))
        await wake.reap(store)
        assert await taken(store) == (["copied", "step-by-step", "whole"] if is_due else [])

    asyncio.run(check())


@everywhere
def test_only_those_of_some_workflows_and_none_that_are_left_out(store: Repository) -> None:
    async def check() -> None:
        await begin(store, "a1", QUEUED, workflow="a")
        await begin(store, "a2", QUEUED, workflow="a")
        await begin(store, "b1", QUEUED, workflow="b")
        assert await taken(store, workflows=[]) == []
        assert await taken(store, workflows=["a", "c"], without=["a2"]) == ["a1"]
        assert await taken(store, workflows=["b"]) == ["b1"]
        assert await taken(store) == ["a2"]

    asyncio.run(check())


@everywhere
def test_what_is_driven_is_its_drivers(store: Repository) -> None:
    async def check() -> None:
        await begin(store, "s", ASKED)
        journal = await store.open("s")
        async with journal.lease() as driver:
            await add(store, "s", entry("leased", driver=driver), ANSWERED)
            assert await wake.reap(store) == 0
            assert await taken(store) == []
        await wake.reap(store)
        assert [each.entries for each in await wake.take_due(store, limit=5)] == [4]
        assert await wake.reap(store) == 0

    asyncio.run(check())


@kept
def test_who_was_killed_gives_back_what_it_drove(url: str, store: Repository) -> None:
    program = """
import asyncio, sys
from strands.journal.entries import Draft
from strands_cli.session.repository import store_at

async def drive():
    journal = await store_at(sys.argv[1]).open("s")
    async with journal.lease() as driver:
        await journal.append([Draft("leased", "", {"driver": driver}, 0.0)], expect=1)
        print("driving", flush=True)
        await asyncio.sleep(60)

asyncio.run(drive())
"""

    async def nothing_is_due() -> None:
        await wake.reap(store)
        assert await taken(store) == []

    async def it_comes_to_be_due() -> None:
        found: list[Due] = []
        until = time.monotonic() + 20
        while not found and time.monotonic() < until:
            await wake.reap(store)
            found = await wake.take_due(store, limit=5)
            await asyncio.sleep(0.1)
        assert [each.session_id for each in found] == ["s"]

    asyncio.run(begin(store, "s"))
    with subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None and driver.stdout.readline() == "driving\n"
        asyncio.run(nothing_is_due())
        driver.kill()
    asyncio.run(it_comes_to_be_due())


@pytest.mark.parametrize("url", KEPT[1:], indirect=True)
def test_what_a_worker_could_not_say_when_a_drive_ended_it_says_later(url: str, store: Any) -> None:
    """The store was away, say: others see that the worker is alive, and would wait for that drive of it."""

    async def check() -> None:
        await begin(store, "s")
        async with wake.entered(store):
            journal = await store.open("s")
            async with journal.lease() as driver:
                await journal.append([entry("leased", driver=driver)], expect=1)
                await wake.reap(store)
                assert await taken(store) == []
            assert await wake.reap(store) == 1
            assert [each.kind for each in await journal.load()] == ["opened", "leased", "queued"]
            assert await taken(store) == ["s"]
            assert await store.check("s") == ""

    asyncio.run(check())


@pytest.mark.parametrize("url", KEPT[1:], indirect=True)
def test_a_session_that_was_given_back_is_not_damaged(url: str, store: Any) -> None:
    async def check() -> None:
        await begin(store, "s", LEASED)
        await wake.reap(store)
        assert await store.check("s") == ""

    asyncio.run(check())


@kept
def test_workers_that_are_alive_say_what_they_are(store: Repository) -> None:
    async def check() -> None:
        async with wake.entered(store) as one:
            async with wake.entered(store) as other:
                await wake.put_worker(store, one, {"slots": 8})
                await wake.put_worker(store, one, {"slots": 4})
                await wake.put_worker(store, other, {"slots": 1})
                assert await wake.workers(store) == {one: {"slots": 4}, other: {"slots": 1}}
            assert await wake.workers(store) == {one: {"slots": 4}}
            await wake.remove_worker(store, one)
            assert await wake.workers(store) == {}

    asyncio.run(check())


def test_a_store_that_keeps_no_list_of_workers_has_none() -> None:
    async def check() -> None:
        store = MemoryRepository()
        async with wake.entered(store) as driver:
            await wake.put_worker(store, driver, {"slots": 1})
            assert await wake.workers(store) == {}
            await wake.remove_worker(store, driver)

    asyncio.run(check())


@pytest.mark.parametrize("url", KEPT[1:], indirect=True)
def test_two_who_ask_at_once_are_given_different_ones(store: Any) -> None:
    async def check() -> None:
        for number in range(40):
            await begin(store, f"s{number}", QUEUED)
        found = await asyncio.gather(*(wake.take_due(store, limit=10) for _ in range(8)))
        ids = [each.session_id for some in found for each in some]
        assert sorted([*ids, *await taken(store)]) == sorted(f"s{number}" for number in range(40))

    asyncio.run(check())


@pytest.mark.parametrize("url", KEPT[1:], indirect=True)
def test_one_that_waits_without_a_deadline_is_in_no_index(store: Any) -> None:
    async def check() -> None:
        await begin(store, "s", LEASED, ASKED, PAUSED)
        await begin(store, "late", LEASED, entry("asked", "q", prompt="?", deadline=NOW + 60), PAUSED)

    asyncio.run(check())
    statement = "select id from strands_sessions where wake_at is not null or driver <> ''"
    assert store.database.read(lambda each: each.execute(statement)) == [("late",)]
