"""Many runs in one event loop: they leave it its share, and one that ended leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import json
import time
import weakref
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow, tool
from strands.models import Model
from strands.models.scripted import ScriptedModel
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository
from support.disks import PowerLossDisk, WatchedDisk
from support.specs import solo


class Forgetful(Model):
    """A model that does not keep what it was asked."""

    def update_config(self, **config: Any) -> None: ...

    def get_config(self) -> dict[str, Any]:
        return {}

    async def structured_output(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        yield {}

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        yield {"contentBlockDelta": {"delta": {"text": "done"}}}
        yield {"messageStop": {"stopReason": "end_turn"}}


@tool
def nothing() -> str:
    """Do nothing."""
    return ""


def slowly(messages: Any) -> str:
    """Keep the event loop from everything else, as a model does that computes in it."""
    time.sleep(0.005)
    return "done"


async def rounds_of_the_loop_during(flow: Workflow, runs: int) -> int:
    rounds, over = 0, False

    async def count() -> None:
        nonlocal rounds
        while not over:
            rounds += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    results = await asyncio.gather(*(flow.run_async() for _ in range(runs)))
    over = True
    await counting
    assert all(result.success for result in results)
    return rounds


@pytest.mark.parametrize("kept", ["memory", "files"])
def test_runs_that_are_ready_at_once_let_the_loop_look_around(kept: str, tmp_path: Path) -> None:
    repository = MemorySessionRepository() if kept == "memory" else FileSessionRepository(tmp_path)
    flow = Workflow.from_dict(solo(1), model=ScriptedModel(slowly), repository=repository)
    # 40 replies of 5 ms each: after 10 ms of them others have their turn
    assert asyncio.run(rounds_of_the_loop_during(flow, 40)) >= 10


def test_runs_that_give_way_go_on_in_the_order_in_which_they_came() -> None:
    order: list[str] = []

    def answer(messages: Any) -> str:
        order.append(messages[-1]["content"][0]["text"])
        time.sleep(0.003)
        return "done"

    spec = solo(1)
    spec["pattern"]["config"]["steps"] = [{"agent": "worker", "input": "{{ number }}"}]
    flow = Workflow.from_dict(spec, model=ScriptedModel(answer), repository=MemorySessionRepository())

    async def all_at_once() -> None:
        await asyncio.gather(*(flow.run_async(number=str(number)) for number in range(30)))

    asyncio.run(all_at_once())
    assert order == [str(number) for number in range(30)]


def test_a_run_that_gives_way_can_be_cancelled() -> None:
    flow = Workflow.from_dict(solo(1), model=ScriptedModel(slowly), repository=MemorySessionRepository())

    async def go() -> int:
        tasks = [asyncio.ensure_future(flow.run_async()) for _ in range(20)]
        await asyncio.sleep(0)
        for task in tasks[10:]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) or each.success for each in results)  # type: ignore[union-attr]
        return sum(not isinstance(each, BaseException) for each in results)

    assert asyncio.run(go()) >= 10


@pytest.mark.parametrize("steps", [1, 3])
def test_a_run_that_ended_leaves_nothing_to_the_garbage_collector(steps: int) -> None:
    async def go() -> bool:
        model = Forgetful()
        flow = Workflow.from_dict(solo(steps), model=model, tools=[nothing], repository=MemorySessionRepository())
        assert (await flow.run_async()).success
        gone = weakref.ref(model)
        del flow, model
        return gone() is None

    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(go())
    finally:
        gc.enable()


def test_the_end_of_a_chain_goes_to_the_disk_with_its_last_reply(tmp_path: Path) -> None:
    syncs: list[int] = []
    disk = WatchedDisk(after=lambda number, name: syncs.append(number) if name == "sync" else None)
    flow = Workflow.from_dict(
        solo(3), model=ScriptedModel(lambda messages: "done"), repository=FileSessionRepository(tmp_path, disk=disk)
    )
    assert asyncio.run(flow.run_async()).success
    assert len(syncs) == 1 + 3  # its beginning, two replies, and the last reply with the end


def test_listeners_are_told_of_a_reply_once_it_outlives_a_power_loss(tmp_path: Path) -> None:
    disk = PowerLossDisk(tmp_path)
    flow = Workflow.from_dict(
        solo(2), model=ScriptedModel(lambda messages: "done"), repository=FileSessionRepository(tmp_path, disk=disk)
    )
    told: list[tuple[str, str]] = []

    def on_disk() -> set[str]:
        (journal,) = tmp_path.rglob("journal.jsonl")
        entries = [json.loads(line) for line in disk.synced(journal).splitlines()]
        return {entry["key"] for entry in entries if entry["kind"] == "done"}

    @flow.on("step_complete")
    def note(event: Any) -> None:
        assert event.step_id in on_disk()
        told.append((event.type, event.step_id))

    flow.on("workflow_complete", lambda event: told.append((event.type, event.step_id)))
    assert asyncio.run(flow.run_async()).success
    assert told == [("step_complete", "steps/0"), ("step_complete", "steps/1"), ("workflow_complete", "")]
