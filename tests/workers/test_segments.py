"""One drive of a session: what a wake that comes late, or again, does, and what a store that fails is to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from strands.journal.entries import Draft
from strands.journal.errors import StorageError
from strands.journal.memory import MemoryRepository
from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.worker.engine import Wake
from strands_cli.worker.segments import Segments

SPEC = """
version: 0
name: orders
runtime: {provider: ollama, model_id: none}
agents: {clerk: {prompt: You are a clerk.}}
pattern:
  type: chain
  config:
    steps: [%s]
"""
WORKS = "{agent: clerk, input: Check it.}"
ASKS = "{type: hitl, prompt: Go on?}"
EXPIRES = "{type: hitl, prompt: Go on?, timeout_seconds: 60, default: 'yes'}"


def quiet(event: str, session_id: str = "", /, **more: object) -> None:
    """Tell nobody."""


@pytest.mark.parametrize(
    ("step", "rests"),
    [
        pytest.param(WORKS, "failed", id="failed"),
        pytest.param(ASKS, "paused", id="waits"),
        pytest.param(EXPIRES, "paused", id="waits-until"),
    ],
)
def test_a_wake_that_comes_again_does_nothing_more(step: str, rests: str) -> None:
    """Engines deliver at least once: what has failed is not tried again by itself, and nothing is written."""
    calls: list[str] = []

    def fails(messages: Sequence[Any]) -> str:
        calls.append("called")
        raise RuntimeError("out of order")

    async def check() -> None:
        store = MemoryRepository()
        workflow = Workflow.from_yaml(SPEC % step, model=ScriptedModel(fails), repository=store)
        session_id = await workflow.submit_async()
        segments = Segments(store, {"orders": workflow}, quiet)
        wake = Wake("", session_id, "2")
        assert await segments.drive(wake) == rests
        recorded = len(await (await store.open(session_id)).load())
        assert [await segments.drive(wake), await segments.drive(wake)] == ["elsewhere", "elsewhere"]
        assert len(await (await store.open(session_id)).load()) == recorded
        assert len(calls) == (1 if rests == "failed" else 0)

    asyncio.run(check())


@pytest.mark.parametrize(("deaths", "ago", "outcome"), [(3, 0, "completed"), (4, 0, "unfit"), (4, 20, "completed")])
def test_a_session_over_which_processes_die_again_and_again_waits_before_the_next(
    deaths: int, ago: int, outcome: str
) -> None:
    async def check() -> None:
        store = MemoryRepository()
        workflow = Workflow.from_yaml(SPEC % WORKS, model=ScriptedModel(["Done."]), repository=store)
        journal = await store.open(await workflow.submit_async())
        started = {"agent": "clerk", "lane": "", "prompt": "Check it."}
        for death in range(deaths):
            leased = Draft("leased", "", {"driver": f"dead-{death}"}, time.time() - ago)
            entries = await journal.load()
            await journal.append([leased, Draft("started", "steps/0", started, leased.at)], expect=len(entries))
        segments = Segments(store, {"orders": workflow}, quiet)
        assert await segments.drive(Wake("", journal.session_id, "2")) == outcome
        assert [*segments.reasons()] == ([journal.session_id] if outcome == "unfit" else [])
        assert segments.refused() == []

    asyncio.run(check())


class Away(MemoryRepository):
    """A store that cannot be reached."""

    async def open(self, session_id: str) -> Any:
        raise StorageError("the store is away")


def test_a_store_that_fails_is_asked_again_soon_and_a_worker_that_lacks_something_later() -> None:
    async def check() -> None:
        segments = Segments(Away(), {}, quiet)
        with pytest.raises(StorageError, match="away"):
            await segments.drive(Wake("", "orders-1", "2"))
        assert "the store is away" in segments.unfit["orders-1"].reason  # lists say it
        assert segments.refused() == []

        store = MemoryRepository()
        workflow = Workflow.from_yaml(SPEC % WORKS, model=ScriptedModel(["Done."]), repository=store)
        session_id = await workflow.submit_async()
        segments = Segments(store, {}, quiet)
        assert await segments.drive(Wake("", session_id, "2")) == "unfit"
        assert segments.refused() == [session_id]

    asyncio.run(check())


def test_what_a_worker_is_unfit_for_is_told_once_however_often_it_comes() -> None:
    async def check() -> None:
        told: list[str] = []

        def tell(event: str, session_id: str = "", /, **more: object) -> None:
            told.append(event)

        store = MemoryRepository()
        begun = Workflow.from_yaml(SPEC % WORKS, model=ScriptedModel(["Done."]), repository=store)
        bare = Workflow.from_yaml(SPEC % WORKS, repository=store)
        wake = Wake("", await begun.submit_async(), "2")
        segments = Segments(store, {"orders": bare}, tell)
        assert [await segments.drive(wake) for _ in range(3)] == ["unfit"] * 3
        assert told == ["driving", "unfit"]

    asyncio.run(check())


def test_what_is_of_another_namespace_is_left_to_its_workers() -> None:
    async def check() -> None:
        told: list[str] = []

        def tell(event: str, session_id: str = "", /, **more: object) -> None:
            told.append(f"{event} {more.get('reason')}")

        segments = Segments(MemoryRepository(), {}, tell)
        assert await segments.drive(Wake("a tenant", "orders-1", "2")) == "unfit"  # dropped, it would be lost
        assert len(told) == 1
        assert "namespace 'a tenant'" in told[0]

    asyncio.run(check())
