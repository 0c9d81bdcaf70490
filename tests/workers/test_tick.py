"""`strands tick`, sweepers and workers look after one store: each reminder comes once, what is ready goes on."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from strands.journal.entries import Draft
from strands_cli.inbox.sweeper import Sweeper
from strands_cli.kernel import timers
from strands_cli.kernel.types import Entry
from support.commands import STRANDS
from support.postgres import needs_postgres
from support.workers import Fleet

STORES = ["files", "sqlite", pytest.param("postgres", marks=needs_postgres)]
everywhere = pytest.mark.parametrize("url", STORES, indirect=True)


def wait_for_people(fleet: Fleet, count: int, *, remind: Sequence[float] = (), **asked: Any) -> list[str]:
    """Put in sessions of which a question was asked an hour ago; return their ids."""
    then = time.time() - 3600
    told = {"format": 1, "workflow": "elsewhere", "pattern": "chain", "spec": {}, "inputs": {}}
    question = {
        "prompt": "?",
        "timers": timers.stored(remind, [{"after": 60, "ask": {"roles": ["cfo"]}}], then),
        **asked,
    }
    rest = [Draft("asked", "q", question, then), Draft("paused", "", {"questions": ["q"]}, then)]

    async def put_in() -> None:
        for number in range(count):
            await fleet.store.create(f"s{number}", Draft("opened", "", told, then), rest)

    asyncio.run(put_in())
    return [f"s{number}" for number in range(count)]


def tick(fleet: Fleet, *arguments: str) -> subprocess.Popen[str]:
    command = [*STRANDS, "tick", "--json", *arguments]
    return subprocess.Popen(command, env=fleet.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    found: dict[str, Any] = json.loads(out)
    return found


def acts(fleet: Fleet, session_id: str) -> list[tuple[str, Any]]:
    return [
        (each.kind, each.data.get("n", each.data.get("level")))
        for each in fleet.entries(session_id)
        if each.kind in ("reminded", "escalated", "expired")
    ]


@everywhere
def test_two_ticks_a_worker_and_a_sweeper_record_each_reminder_once(fleet: Fleet) -> None:
    sessions = wait_for_people(fleet, 5, remind=[30, 90])
    heard: list[str] = []

    def hear(session_id: str, entries: list[Entry]) -> None:
        heard.extend(f"{session_id} {each.kind}" for each in entries)

    fleet.start()
    ticks = [tick(fleet), tick(fleet)]
    asyncio.run(Sweeper(fleet.store, on_entries=hear).once())
    heard += [f"{each['session']} {each['kind']}" for process in ticks for each in told(process)["fired"]]
    fleet.until(lambda: all(len(acts(fleet, each)) == 2 for each in sessions), 20, answering=False)
    for each in sessions:
        assert acts(fleet, each) == [("escalated", 1), ("reminded", 2)]
    assert len(heard) == len(set(heard)), "nobody hears of what another has recorded"
    assert told(tick(fleet))["fired"] == []


@everywhere
def test_ticks_that_are_killed_leave_nothing_out_and_record_nothing_twice(fleet: Fleet) -> None:
    sessions = wait_for_people(fleet, 12, remind=[30])

    def recorded() -> int:
        return sum(bool(acts(fleet, each)) for each in sessions)

    for least in (1, 4, 8):
        killed = tick(fleet)
        fleet.until(lambda least=least: recorded() >= least, 30, answering=False)  # type: ignore[misc]
        killed.kill()
        killed.communicate()
    told(tick(fleet))
    assert [acts(fleet, each) for each in sessions] == [[("reminded", 1), ("escalated", 1)]] * 12


def test_a_tick_says_what_it_has_done(fleet: Fleet) -> None:
    wait_for_people(fleet, 1, remind=[30], deadline=time.time() - 60)
    done = subprocess.run([*STRANDS, "tick"], env=fleet.environment, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == ["s0: expired q", "1 expired question."]
    done = subprocess.run([*STRANDS, "tick"], env=fleet.environment, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == ["Nothing was due."]


@pytest.mark.parametrize("arguments", [["--drive"], ["support.worker_app:workflows"]])
def test_a_target_is_for_drive(arguments: list[str], fleet: Fleet) -> None:
    done = subprocess.run([*STRANDS, "tick", *arguments], env=fleet.environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@everywhere
def test_ticks_drive_what_was_queued_and_answered_to_its_end(fleet: Fleet) -> None:
    (session_id,) = fleet.submit("asking", 1)
    for _ in range(2):
        assert told(tick(fleet, "--drive", "support.worker_app:workflows"))["driven"] == {session_id: "paused"}
        assert fleet.answer() == 1
    assert told(tick(fleet, "--drive", "support.worker_app:workflows"))["driven"] == {session_id: "completed"}
    assert told(tick(fleet, "--drive", "support.worker_app:workflows"))["driven"] == {}


def test_what_was_begun_by_hand_and_interrupted_is_left_to_who_began_it(fleet: Fleet) -> None:
    by_hand = subprocess.Popen(
        [sys.executable, "-c", "from support.worker_app import asking; asking.run(n='0')"],
        env={**fleet.environment, "STEP_SECONDS": "60"},
    )
    fleet.until(lambda: bool(fleet.calls.read_text()), 20, answering=False)
    by_hand.kill()
    by_hand.wait()
    found = told(tick(fleet, "--drive", "support.worker_app:workflows"))
    assert found["driven"] == {}
    assert list(found["unfit"].values()) == ["it was begun by hand and interrupted: go on with strands resume"]


def test_what_has_no_time_left_is_gone_on_with_by_the_next(started: Callable[..., Fleet]) -> None:
    fleet = started(step=0.3)
    (session_id,) = fleet.submit("long", 1)
    found = told(tick(fleet, "--drive", "--limit", "0.5", "support.worker_app:workflows"))
    assert found["more"]
    assert fleet.entries(session_id)[-1].kind == "queued"
    assert told(tick(fleet, "--drive", "support.worker_app:workflows"))["driven"] == {session_id: "completed"}


def test_a_sweeper_drives_what_is_queued_while_it_runs(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLS", str(fleet.calls))
    (session_id,) = fleet.submit("asking", 1)
    from support import worker_app

    class Apps:
        def __init__(self) -> None:
            self.workflows = {"asking": worker_app.asking}

    async def sweep() -> None:
        paused = asyncio.Event()

        def tell(event: str, session_id: str = "", /, **more: object) -> None:
            if event == "paused":
                paused.set()

        sweeper = Sweeper(fleet.store, Apps(), drive=2, tell=tell)
        running = asyncio.ensure_future(sweeper.run())
        await asyncio.wait_for(paused.wait(), 30)
        sweeper.drain()
        await running

    asyncio.run(sweep())
    assert fleet.rests() == {session_id: "paused"}


def test_doctor_says_that_nothing_looks_after_timers(fleet: Fleet, tmp_path: Path) -> None:
    def doctor() -> dict[str, Any]:
        command = [*STRANDS, "doctor", "--json"]
        environment = {**fleet.environment, "STRANDS_HOME": str(tmp_path / "home")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return {each["name"]: each for each in json.loads(done.stdout)["checks"]}

    wait_for_people(fleet, 1, remind=[30])
    assert "overdue" in doctor()["timers"]["found"]
    assert "strands tick" in doctor()["timers"]["hint"]
    told(tick(fleet))
    assert "timers" not in doctor()
