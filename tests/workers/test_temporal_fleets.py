"""Workers that Temporal delivers to: they, and its server, die and come back, and every session comes to its end."""

from __future__ import annotations

import json
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from support.temporal import needs_temporal, server
from support.workers import Fleet, WorkerProcess

pytest.importorskip("temporalio", reason="it is not installed: pip install 'strands-cli[temporal]'")
pytestmark = [needs_temporal, pytest.mark.slow]

HEARTBEAT = 2
"""Seconds after which Temporal takes a worker for dead."""


class TemporalFleet:
    """Workers of one store and one task queue."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        options = {
            "address": server().address,
            "task_queue": f"q{uuid.uuid4().hex[:8]}",
            "heartbeat": HEARTBEAT,
            "unfit": 1,
        }
        told = [part for name, value in options.items() for part in ("--engine-option", f"{name}={value}")]
        self._engine = ("--engine", "temporal", *told)

    def start(self, *arguments: str, target: str = "support.worker_app:workflows") -> WorkerProcess:
        return self.fleet.start(*self._engine, *arguments, target=target)

    def end(self, ids: list[str], seconds: float = 90) -> None:
        """Wait until all of these are completed, and see that nothing on record was done again."""
        self.fleet.until(self.fleet.completed(ids), seconds)
        assert self.fleet.repeated(ids) == []


@pytest.fixture
def temporal(started: Callable[..., Fleet]) -> TemporalFleet:
    return TemporalFleet(started())


@pytest.fixture(autouse=True)
def there_again() -> Iterator[None]:
    """Leave a server that answers, whatever a test did to it."""
    yield
    server().go_on()


@pytest.mark.parametrize("killed", ["one", "all"])
def test_what_killed_workers_held_is_driven_by_others(temporal: TemporalFleet, killed: str) -> None:
    ids = temporal.fleet.submit("long", 12)
    workers = [temporal.start("--slots", "4") for _ in range(2)]
    workers[0].until("driving")
    for each in workers[: 1 if killed == "one" else 2]:
        each.kill(signal.SIGKILL)
    if killed == "all":
        temporal.start()
    temporal.end(ids)


def test_a_worker_that_was_stopped_for_longer_than_its_heartbeat_does_no_harm(temporal: TemporalFleet) -> None:
    ids = temporal.fleet.submit("long", 12)
    first, _ = temporal.start(), temporal.start()
    first.until("driving")
    first.kill(signal.SIGSTOP)
    time.sleep(HEARTBEAT * 2)
    first.kill(signal.SIGCONT)
    temporal.end(ids)


def test_a_rolling_restart_loses_and_repeats_nothing(temporal: TemporalFleet) -> None:
    ids: list[str] = []
    worker = temporal.start("--grace", "10")
    for turn in range(3):
        ids += temporal.fleet.submit("long", 10, first=100 * turn)
        worker.until("driving")
        newer = temporal.start("--grace", "10")
        worker.kill(signal.SIGTERM)
        assert worker.wait() == 0
        assert worker.events[-1]["event"] == "drained"
        worker = newer
    temporal.end(ids)
    calls = [line.split(" ", 2)[2] for line in temporal.fleet.calls.read_text().splitlines()]
    assert len(calls) == len(set(calls)), "a step that is at work when it drains comes to its end"


def test_an_answer_in_the_last_moment_of_a_drive_is_followed_by_another(started: Callable[..., Fleet]) -> None:
    temporal = TemporalFleet(started(step=0))
    ids = temporal.fleet.submit("asking", 30)
    temporal.start(), temporal.start()
    over = threading.Event()

    def answer() -> None:
        while not over.is_set():
            temporal.fleet.answer()

    people = threading.Thread(target=answer)
    people.start()
    try:
        temporal.fleet.until(temporal.fleet.completed(ids), 90, answering=False)
    finally:
        over.set()
        people.join()
    assert temporal.fleet.repeated(ids) == []


def test_answers_are_taken_while_its_server_is_down(temporal: TemporalFleet) -> None:
    ids = temporal.fleet.submit("asking", 6)
    temporal.start()
    temporal.fleet.until(lambda: set(temporal.fleet.rests().values()) == {"paused"}, 60, answering=False)
    server().stop()
    try:
        assert temporal.fleet.answer() == 6
        time.sleep(1)
    finally:
        server().start()
    temporal.end(ids, 120)


def test_what_no_worker_is_fit_for_is_seen_and_waits_for_one_that_is(temporal: TemporalFleet) -> None:
    fleet = temporal.fleet
    (session_id,) = fleet.submit("guarded", 1)
    told = temporal.start(target="support.worker_app:unguarded").until("unfit")
    assert told["session"] == session_id
    assert "was started with the hook 'support.worker_app:guard'" in told["reason"]
    fleet.until(lambda: "unfit" in fleet.command("sessions", "list"), 20, answering=False)
    (session,) = json.loads(fleet.command("sessions", "list", "--json"))
    assert (session["status"], session["unfit"]) == ("queued", told["reason"])
    assert fleet.calls.read_text() == "", "nothing ran without the guard"
    temporal.start()
    temporal.end([session_id])


def test_every_session_ends_while_its_server_is_killed_and_silent_again_and_again(temporal: TemporalFleet) -> None:
    ids = temporal.fleet.submit("asking", 12) + temporal.fleet.submit("long", 6, first=100)
    first, _ = temporal.start("--slots", "4"), temporal.start("--slots", "4")
    first.until("driving")
    for turn in range(4):
        if turn % 2:
            server().pause()
            temporal.fleet.answer()
            time.sleep(HEARTBEAT * 1.5)
            server().go_on()
        else:
            server().stop()
            temporal.fleet.answer()
            server().start()
        time.sleep(1)
    first.kill(signal.SIGKILL)
    temporal.end(ids, 150)
