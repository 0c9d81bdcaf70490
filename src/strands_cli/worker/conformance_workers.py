"""The workers of the suite of engines: a drive that notes what it is given, and a process that can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.worker.engine import DriveOutcome, Engine, Wake

if TYPE_CHECKING:
    from strands.journal.database import Database


def new_wake(namespace: str = "") -> Wake:
    """Return a wake of a session that there was not before."""
    return Wake(namespace, f"s-{uuid.uuid4().hex}", "7")


class Deliveries:
    """A drive that notes what it is given, and does as it is told.

    Args:
        does: What it does with a wake, given how often that came before; None: it is `completed`.

    Attributes:
        begun: The wakes that came, in order.
        ended: Those whose drive has come to something.
        at_once: How many were driven at a time, at most.
    """

    def __init__(self, does: Callable[[Wake, int], Coroutine[Any, Any, DriveOutcome]] | None = None) -> None:
        self.begun: list[Wake] = []
        self.ended: list[Wake] = []
        self.at_once: int = 0
        self._does = does
        self._now = 0

    async def __call__(self, wake: Wake) -> DriveOutcome:
        before = self.begun.count(wake)
        self.begun.append(wake)
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            outcome: DriveOutcome = "completed"
            if self._does is not None:
                outcome = await self._does(wake, before)
            self.ended.append(wake)
            return outcome
        finally:
            self._now -= 1


class EngineCase:
    """What a test of engines needs; see `strands_cli.worker.conformance.EngineConformance`.

    Attributes:
        patience: Seconds for which a delivery is waited for.
        many: How many wakes the test of many submits.
    """

    patience: float = 60.0
    many: int = 100
    _workers: Sequence[asyncio.Task[None]] = ()

    def make_engine(self) -> Engine:
        """Return an engine on the queue of this test: each call in one test sees the same."""
        raise NotImplementedError

    def in_another_process(self) -> tuple[str, str, Mapping[str, str]] | None:
        """Return how another process makes an engine on the same queue: factory (`MODULE:FUNCTION`), store and options.

        None where the queue belongs to this process: what needs another worker, and its death, is then not tried.
        """
        return None

    def restart(self) -> None:
        """Stop what keeps the queue, and start it again; the default does nothing."""

    def database(self) -> Database | None:
        """Return the database in whose transactions the engine queues; None where it cannot."""
        return None

    def run(self, check: Coroutine[Any, Any, None]) -> None:
        """Run one test."""
        asyncio.run(check)

    @contextlib.asynccontextmanager
    async def working(
        self, drive: Deliveries, *, engine: Engine | None = None, slots: int = 4, alive_as: str = "worker"
    ) -> AsyncIterator[Engine]:
        """Run a worker, and yield its engine."""
        engine = engine or self.make_engine()
        worker = asyncio.create_task(engine.work(drive, slots=slots, alive_as=alive_as))
        self._workers = [worker]
        try:
            yield engine
        finally:
            self._workers = []
            if worker.done():
                worker.result()
            worker.cancel()
            await asyncio.wait([worker], timeout=self.patience)
            assert worker.done(), "the worker does not stop"
            if not worker.cancelled() and worker.exception() is not None:
                worker.result()

    async def until(
        self,
        holds: Callable[[], bool],
        *,
        reaps: Engine | None = None,
        times: float = 1.0,
    ) -> None:
        """Wait until something holds."""
        end = asyncio.get_running_loop().time() + self.patience * times
        while not holds():
            assert asyncio.get_running_loop().time() < end, "it did not come"
            for worker in self._workers:
                if worker.done():
                    worker.result()
            if reaps is not None:
                await reaps.reap({"worker"})
            await asyncio.sleep(0.05)

    async def until_taken(self, engine: Engine, wake: Wake, deliveries: Deliveries, times: int) -> None:
        """Submit a wake, as the relay does while a session is due, until it was driven so many times."""
        end = asyncio.get_running_loop().time() + self.patience
        while deliveries.ended.count(wake) < times:
            assert asyncio.get_running_loop().time() < end, "it did not come"
            with contextlib.suppress(Exception):
                await engine.submit(wake)
            await asyncio.sleep(0.2)

    async def until_cancelled(self, engine: Engine, wake: Wake) -> None:
        """Cancel a session; an engine whose lists lag behind may do it again here."""
        await engine.cancel(wake.namespace, wake.session_id)

    @contextlib.contextmanager
    def other_worker(self, behaviour: str, *, slots: int) -> Iterator[OtherWorker]:
        """Run a worker in a process of its own: it can be killed."""
        how = self.in_another_process()
        assert how is not None
        other = OtherWorker(*how, behaviour, slots)
        try:
            yield other
        finally:
            other.kill()


class OtherWorker:
    """A worker in a process of its own, which notes what it is given in a file."""

    def __init__(self, factory: str, store: str, options: Mapping[str, str], behaviour: str, slots: int) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="strands-engine-")
        self._notes = Path(self._directory.name) / "begun"
        self._notes.touch()
        told = json.dumps([factory, store, dict(options), behaviour, slots, str(self._notes)])
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from strands_cli.worker.conformance_workers import other_main; other_main()", told],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
            stdin=subprocess.DEVNULL,
        )

    def begun(self) -> list[Wake]:
        """Return the wakes that it was given."""
        lines = self._notes.read_text(encoding="utf-8").splitlines()
        return [Wake(*json.loads(line)) for line in lines]

    def kill(self) -> None:
        """End it at once, and let it tell nobody."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            self._directory.cleanup()


def other_main() -> None:
    factory, store, options, behaviour, slots, notes = json.loads(sys.argv[1])
    module, _, function = factory.partition(":")
    engine: Engine = getattr(import_module(module), function)(store, options)

    async def drive(wake: Wake) -> DriveOutcome:
        _note(Path(notes), wake)
        if behaviour == "hang":
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(0.1)
        return "completed"

    asyncio.run(engine.work(drive, slots=slots, alive_as=f"other-{os.getpid()}"))


def _note(notes: Path, wake: Wake) -> None:
    with notes.open("a", encoding="utf-8") as file:
        file.write(json.dumps(wake) + "\n")
