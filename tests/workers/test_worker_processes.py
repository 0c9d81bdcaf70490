"""Workers as processes: what is queued runs, people answer, machines die, and every session comes to its end."""

from __future__ import annotations

import signal
import time

import pytest

from support.postgres import needs_postgres
from support.workers import Fleet
from workers.conftest import LEASE, STORES

shared = pytest.mark.parametrize("url", STORES, indirect=True)
databases = pytest.mark.parametrize("url", STORES[1:], indirect=True)


@databases
def test_what_a_killed_worker_drove_is_driven_by_another(fleet: Fleet) -> None:
    ids = fleet.submit("asking", 8)
    first, _ = fleet.start("--slots", "4"), fleet.start("--slots", "4")
    first.until("driving")
    first.kill(signal.SIGKILL)
    fleet.until(fleet.completed(ids), 40)
    assert fleet.repeated(ids) == []


@shared
@pytest.mark.slow
def test_fifty_sessions_outlive_a_kill(fleet: Fleet) -> None:
    ids = fleet.submit("asking", 50)
    first, _ = fleet.start(), fleet.start()
    fleet.until(lambda: "completed" in fleet.rests().values(), 60)
    ids += fleet.submit("long", 16, first=100)
    time.sleep(1)  # both are at it
    first.kill(signal.SIGKILL)
    killed = time.monotonic()
    fleet.until(lambda: not _left(fleet), LEASE + 5, answering=False)
    assert time.monotonic() - killed < LEASE + 5
    fleet.until(fleet.completed(ids), 120)
    assert fleet.repeated(ids) == []


@databases
@pytest.mark.slow
def test_a_worker_that_was_stopped_for_longer_than_its_lease_does_no_harm(fleet: Fleet) -> None:
    ids = fleet.submit("long", 16)
    first, _ = fleet.start(), fleet.start()
    first.until("driving")
    first.kill(signal.SIGSTOP)
    time.sleep(LEASE * 4)
    first.kill(signal.SIGCONT)
    fleet.until(fleet.completed(ids), 60)
    assert fleet.repeated(ids) == []


@shared
@pytest.mark.slow
def test_when_all_are_killed_those_who_come_after_go_on(fleet: Fleet) -> None:
    """The reapers are among them; a host of the same name is there again at once."""
    ids = fleet.submit("long", 24)
    for _ in range(3):
        workers = [fleet.start(), fleet.start()]
        workers[0].until("driving")
        for each in workers:
            each.kill(signal.SIGKILL)
    fleet.start()
    fleet.until(fleet.completed(ids), 60)
    assert fleet.repeated(ids) == []


@shared
@pytest.mark.slow
def test_a_rolling_restart_loses_and_repeats_nothing(fleet: Fleet) -> None:
    ids: list[str] = []
    worker = fleet.start("--grace", "10")
    for turn in range(4):
        ids += fleet.submit("long", 12, first=100 * turn)
        worker.until("driving")
        newer = fleet.start("--grace", "10")
        worker.kill(signal.SIGTERM)
        assert worker.wait() == 0
        assert worker.events[-1]["event"] == "drained"
        worker = newer
    fleet.until(fleet.completed(ids), 60)
    assert fleet.repeated(ids) == []
    calls = [line.split(" ", 2)[2] for line in fleet.calls.read_text().splitlines()]
    assert len(calls) == len(set(calls)), "a step that is at work when it drains comes to its end"


@pytest.mark.slow
def test_ten_thousand_that_wait_for_people_take_no_slot(fleet: Fleet) -> None:
    fleet.fill("asking", 10_000)
    worker = fleet.start("--slots", "1")
    ids = fleet.submit("long", 2)
    fleet.until(fleet.completed(ids), 60, answering=False)
    assert {each["session"] for each in worker.events if "session" in each} <= set(ids)


@needs_postgres
@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_answers_are_taken_while_no_worker_is_there(fleet: Fleet) -> None:
    ids = fleet.submit("asking", 4)
    worker = fleet.start()
    fleet.until(lambda: set(fleet.rests().values()) == {"paused"}, 30, answering=False)
    worker.kill(signal.SIGTERM)
    assert worker.wait() == 0
    assert fleet.answer() == 4
    fleet.start()
    fleet.until(fleet.completed(ids), 30)


def _left(fleet: Fleet) -> list[str]:
    """Return the sessions that nobody drives and nobody rests."""
    from strands_cli.api import SessionManager

    manager = SessionManager(repository=fleet.store)
    return [each["id"] for each in manager.summaries(status="interrupted", limit=1000)]
