"""How due sessions get from a store to a drive, here or by an engine, and what a process manager hears."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from strands.journal import wake
from strands.journal.entries import Draft
from strands.journal.errors import StorageError
from strands.journal.find import Due
from strands.journal.memory import MemoryRepository
from strands.models.scripted import ScriptedModel
from strands_cli.api import SessionManager, Workflow
from strands_cli.errors import ExecutionError, InputError, SessionExistsError
from strands_cli.session import answers
from strands_cli.session.repository import store_at
from strands_cli.worker.engine import DriveOutcome, Wake, queue_by
from strands_cli.worker.health import HealthServer, LoopWatch, notify
from strands_cli.worker.relay import StoreEngine, reap, relay
from strands_cli.worker.worker import Worker
from support.postgres import close_all, fresh_url, needs_postgres

SPEC = """
version: 0
name: orders
runtime: {provider: ollama, model_id: none}
inputs: {required: {n: integer}}
agents: {clerk: {prompt: You are a clerk.}}
pattern: {type: chain, config: {steps: [{agent: clerk, input: "{{ n }}"}]}}
"""


def orders(**options: Any) -> Workflow:
    return Workflow.from_yaml(SPEC, model=ScriptedModel(["done"]), **options)


async def until(done: Any) -> None:
    for _ in range(2000):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come")


@contextlib.asynccontextmanager
async def running(*work: Any) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Unsteady(MemoryRepository):
    """A store that cannot be asked at first."""

    failures = 2

    async def ids(self) -> list[str]:
        self.failures -= 1
        if self.failures >= 0:
            raise StorageError("the store is away")
        return await super().ids()


def test_what_is_due_is_driven_and_a_drive_that_raises_is_tried_again() -> None:
    async def check() -> None:
        store, driven = Unsteady(), list[Wake]()
        session_id = await orders(repository=store).submit_async(n=1)

        async def drive(each: Wake) -> DriveOutcome:
            driven.append(each)
            if len(driven) < 3:
                raise OSError("out of reach")
            return "elsewhere"

        async with running(StoreEngine(store, ["orders"], list).work(drive, slots=1, alive_as="me")):
            await until(lambda: len(driven) == 3)
        assert driven == [Wake("", session_id, "2")] * 3

    asyncio.run(check())


def test_who_is_told_to_drain_waits_for_what_is_at_work() -> None:
    async def check() -> None:
        store, ended = MemoryRepository(), list[str]()
        await orders(repository=store).submit_async(n=1)
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def drive(each: Wake) -> DriveOutcome:
            begun.set()
            await go_on.wait()
            ended.append(each.session_id)
            return "completed"

        task = asyncio.ensure_future(StoreEngine(store, ["orders"], list).work(drive, slots=1, alive_as="me"))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0.05)
        assert not task.done()
        go_on.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert len(ended) == 1

    asyncio.run(check())


class Noting:
    """An engine that takes wakes down, the second time that it is given one."""

    def __init__(self) -> None:
        self.refused: list[Wake] = []
        self.taken: list[Wake] = []
        self.alive: list[Collection[str]] = []

    def enqueue(self, transaction: object, wake: Wake) -> bool:
        self.taken.append(wake)
        return True

    async def submit(self, wake: Wake) -> None:
        if wake in self.refused:
            self.taken.append(wake)
            return
        self.refused.append(wake)
        raise OSError("the engine is away")

    async def work(self, drive: object, *, slots: int, alive_as: str) -> None:
        raise NotImplementedError

    async def cancel(self, namespace: str, session_id: str) -> None:
        raise NotImplementedError

    async def reap(self, alive: Collection[str]) -> int:
        self.alive.append(alive)
        return 0


def test_an_engine_that_fails_is_named_with_what_it_says(tmp_path: Path) -> None:
    told: list[str] = []
    worker = Worker(
        store_at(f"sqlite:///{tmp_path}/runs.db"),
        {"orders": orders()},
        engine=Noting(),
        engine_name="noting",
        tell=lambda event, _="", /, **__: told.append(event),
    )
    with pytest.raises(ExecutionError, match="the engine 'noting' has failed: NotImplementedError: it says no more"):
        asyncio.run(worker.run())
    assert told == ["ready", "draining", "drained"]


def test_an_engine_is_given_what_is_due_until_it_takes_it_and_who_is_alive(tmp_path: Path) -> None:
    async def check() -> None:
        store, engine = store_at(f"sqlite:///{tmp_path}/runs.db?namespace=shop"), Noting()
        session_id = await orders(repository=store).submit_async(n=1)
        async with wake.entered(store) as me, wake.entered(store) as other, running(relay(store, engine)):
            await wake.put_worker(store, other, {})
            async with running(reap(store, engine, me)):
                await until(lambda: engine.taken)
            assert engine.alive == [], "who is not in the list of workers does not know who is alive"
            await wake.put_worker(store, me, {})
            async with running(reap(store, engine, me)):
                await until(lambda: engine.alive)
            assert set(engine.alive[0]) == {me, other}
        assert engine.taken == [Wake("shop", session_id, "2")]

    asyncio.run(check())


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=needs_postgres)])
def test_an_engine_in_the_same_database_queues_by_the_transaction_that_makes_a_session_due(
    kind: str, tmp_path: Path
) -> None:
    store: Any = store_at(f"sqlite:///{tmp_path}/runs.db" if kind == "sqlite" else fresh_url())
    engine = Noting()
    queue_by(store, engine)

    async def check() -> None:
        await orders(repository=store).submit_async(n=1, session_id="one")
        opened = Draft("opened", "", {"format": 1, "workflow": "w", "pattern": "chain", "spec": {}, "inputs": {}}, 1.0)
        asked = Draft("asked", "q", {"prompt": "?", "type": "hitl"}, 2.0)
        for name, rest in {"resting": [Draft("paused", "", {}, 3.0)], "driven": []}.items():
            await store.create(name, opened, [Draft("leased", "", {"driver": "d"}, 1.0), asked, *rest])
            await answers.give(await store.open(name), "q", "yes", by="ann")
        assert engine.taken == [Wake("", "one", "2"), Wake("", "resting", "5")]
        assert await wake.take_due(store, limit=5) == [], "the relay submits them only if nobody drives them"

        def refuse(*_: object) -> bool:
            return False

        store.on_wake(refuse)
        await orders(repository=store).submit_async(n=1, session_id="two")
        assert [each.session_id for each in await wake.take_due(store, limit=5)] == ["two"]

    asyncio.run(check())
    close_all()


def test_a_run_is_queued_with_its_variables_or_not_at_all(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    workflow = orders(repository=store)
    with pytest.raises(InputError, match="n"):
        workflow.submit()
    with pytest.raises(InputError, match="m"):
        workflow.submit(n=1, m=2)
    assert asyncio.run(store.ids()) == []
    assert workflow.submit(session_id="one", variables={"n": 7}) == "one"
    with pytest.raises(SessionExistsError):
        workflow.submit(session_id="one", n=8)
    session = SessionManager(repository=store).get_session("one")
    assert (session.status, session.inputs, session.drives) == ("queued", {"n": 7}, 0)
    assert [each.id for each in SessionManager(repository=store).list_sessions(status="queued")] == ["one"]
    assert workflow.resume("one").success


class Old(MemoryRepository):
    """A store made for release 0.1.0, which begins a session with one entry."""

    async def create(self, session_id: str, opened: Draft) -> Any:  # type: ignore[override]
        return await super().create(session_id, opened)


def test_a_store_of_release_010_queues_too() -> None:
    async def check() -> Sequence[Due]:
        store: Any = Old()
        await orders(repository=store).submit_async(n=1)
        return await wake.take_due(store, limit=5)

    assert [each.entries for each in asyncio.run(check())] == [2]


# -- health ---------------------------------------------------------------------------------------------------------


def test_a_loop_that_hangs_is_not_healthy() -> None:
    watch = LoopWatch(hung=0.1)
    server = HealthServer(0, watch, lambda: {"slots": 1})

    def asked() -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/") as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    async def turn() -> tuple[int, dict[str, Any]]:
        async with running(watch.beat(said=dict)):
            await asyncio.sleep(0)
            return await asyncio.to_thread(asked)

    try:
        assert asyncio.run(turn()) == (200, {"healthy": True, "slots": 1})
        time.sleep(0.15)
        assert asked() == (503, {"healthy": False, "slots": 1})
        with pytest.raises(InputError, match="--health-port"):
            HealthServer(server.port, watch, dict)
    finally:
        server.close()


def test_systemd_is_told_where_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notify("READY=1")  # nobody asks
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        async def work() -> None:
            async with running(LoopWatch().beat(said=dict)):
                await asyncio.sleep(0)

        asyncio.run(work())
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


@needs_postgres
def test_the_lease_of_a_process_that_does_not_get_on_lapses() -> None:
    """It is renewed by a thread, which goes on although the event loop hangs."""
    url, gets_on = fresh_url(lease="0.3"), threading.Event()
    gets_on.set()
    other: Any = store_at(f"{url}&namespace=other")
    store: Any = store_at(f"{url}&pool=2")

    async def check() -> None:
        async with wake.entered(store) as driver:
            store.vouched_by(gets_on.is_set)
            await asyncio.sleep(0.5)
            assert await other.alive([driver]) == {driver}
            gets_on.clear()
            await until_not_alive(driver)
            gets_on.set()
            await asyncio.sleep(0.5)
            assert await other.alive([driver]) == {driver}

    async def until_not_alive(driver: str) -> None:
        ends = time.monotonic() + 20
        while await other.alive([driver]):
            assert time.monotonic() < ends
            await asyncio.sleep(0.05)

    try:
        asyncio.run(check())
    finally:
        close_all()
