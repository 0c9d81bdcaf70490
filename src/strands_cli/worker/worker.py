"""`Worker`: holds workflows by name, and drives the sessions of a store that are due, until it is told to drain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands._version import __version__
from strands.journal import wake as journal_wake
from strands_cli.errors import ExecutionError, StorageError, StrandsError
from strands_cli.session.timers import Firing
from strands_cli.worker.engine import queue_by
from strands_cli.worker.health import HealthServer, LoopWatch
from strands_cli.worker.relay import StoreEngine, reap, relay
from strands_cli.worker.segments import Segments, Tell

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.session.repository import SessionRepository
    from strands_cli.worker.engine import Engine

SLOTS = 8
GRACE_SECONDS = 25.0
"""How long steps that are at work may go on when a worker is told to drain; less than process managers wait."""

_SAY_SECONDS, _LOOK_SECONDS = 10.0, 1.0
_MOST_UNFIT = 50


class Worker:
    """Drives sessions of a store.

    Args:
        store: Where they are kept.
        workflows: What it can drive, by the workflows' names.
        engine: Delivers what is due; None lets the store itself.
        engine_name: What it is called in lists.
        slots: How many sessions are driven at a time, at most; one that waits for people takes none.
        grace: Seconds that steps at work may go on when it drains.
        tell: Told of what happens.
        health_port: Where to answer on the loopback interface how it stands; None for nowhere.
        health_file: The file to say so in; None for none.
        only_served: Leave what was begun by hand, and interrupted, to whoever began it.
        fires: Record reminders, escalations and deadlines of sessions that nobody drives.
        base_dir: What stands in for the directory in which a session was started, where that is not on this machine;
            default: the current one.
    """

    def __init__(
        self,
        store: SessionRepository,
        workflows: Mapping[str, Workflow],
        *,
        engine: Engine | None = None,
        engine_name: str = "",
        slots: int = SLOTS,
        grace: float = GRACE_SECONDS,
        tell: Tell,
        health_port: int | None = None,
        health_file: str | None = None,
        only_served: bool = False,
        fires: bool = True,
        base_dir: Path | None = None,
    ) -> None:
        self._store = store
        self._workflows = workflows
        self._engine = engine
        self._engine_name = engine_name
        self._slots = slots
        self._grace = grace
        self._tell = tell
        self._health_port = health_port
        self._health_file = health_file
        self._fires = fires
        self._since = time.time()
        self._watch = LoopWatch()
        self._draining: asyncio.Event = asyncio.Event()
        self.segments: Segments = Segments(store, workflows, tell, only_served=only_served, base_dir=base_dir)

    def said(self) -> dict[str, Any]:
        """Return what it says of itself: nothing that a session holds but its id."""
        unfit = list(self.segments.reasons().items())[-_MOST_UNFIT:]
        return {
            "host": platform.node(),
            "pid": os.getpid(),
            "since": self._since,
            "version": __version__,
            "engine": self._engine_name,
            "workflows": sorted(self._workflows),
            "slots": self._slots,
            "at_work": len(self.segments),
            "draining": self._draining.is_set(),
            "unfit": dict(unfit),
        }

    def drain(self) -> None:
        """Take nothing more; what is at work goes on to its next rest, or is given back before its next step."""
        self._draining.set()

    async def run(self) -> None:
        """Work until `drain` is called and all that is at work rests or was given back.

        Raises:
            StorageError: The store cannot be reached at the beginning.
            InputError: The health port or file cannot be used.
            Exception: What the engine raises.
        """
        server = None if self._health_port is None else HealthServer(self._health_port, self._watch, self.said)
        self._health_port = server.port if server is not None else None
        vouch = getattr(self._store, "vouched_by", None)
        if vouch is not None:
            vouch(self._watch.turns)
        try:
            async with journal_wake.entered(self._store) as driver:
                await self._run(driver)
        finally:
            if server is not None:
                server.close()

    async def _run(self, driver: str) -> None:
        await self._say(driver)
        if not hasattr(self._engine, "ready"):
            self._tell_ready()
        engine = self._engine or StoreEngine(self._store, sorted(self._workflows), self.segments.refused)
        working = engine.work(self.segments.drive, slots=self._slots, alive_as=driver)
        taking = [asyncio.ensure_future(working)]
        if self._engine is not None:
            queue_by(self._store, self._engine)
            taking.append(asyncio.ensure_future(relay(self._store, self._engine)))
        beside = [
            asyncio.ensure_future(self._watch.beat(said=self.said, file=self._health_file)),
            asyncio.ensure_future(self._keep_saying(driver)),
            asyncio.ensure_future(reap(self._store, self._engine, driver)),
        ]
        if self._fires:
            beside.append(asyncio.ensure_future(Firing(self._store).keep()))
        draining = asyncio.ensure_future(self._draining.wait())
        if hasattr(self._engine, "ready"):
            beside.append(asyncio.ensure_future(self._tell_when_ready(self._engine)))
        try:
            done, _ = await asyncio.wait([draining, *taking, *beside], return_when=asyncio.FIRST_COMPLETED)
            await self._drain(taking)
            for each in done - {draining}:
                self._ended(each)
        finally:
            for each in (draining, *taking, *beside):
                each.cancel()
            await asyncio.wait([draining, *taking, *beside])
            with contextlib.suppress(StorageError):
                await journal_wake.remove_worker(self._store, driver)

    def _tell_ready(self) -> None:
        ready = {"slots": self._slots, "engine": self._engine_name, "health_port": self._health_port}
        self._tell("ready", workflows=sorted(self._workflows), **ready)

    async def _tell_when_ready(self, engine: Any) -> None:
        """Say that it is ready once its engine delivers; then there is nothing more to say."""
        await engine.ready()
        self._tell_ready()
        await self._draining.wait()

    def _ended(self, task: asyncio.Future[Any]) -> None:
        """Raise what ended a task: nothing but an error does."""
        try:
            task.result()
        except StrandsError:
            raise
        except Exception as error:
            if not self._engine_name:
                raise
            said = (str(error).strip().splitlines() or ["it says no more"])[0]
            hint = "Look at its options, and at what it needs to run; --debug shows where it was."
            raise ExecutionError(
                f"the engine {self._engine_name!r} has failed: {type(error).__name__}: {said}", hint=hint
            ) from error

    async def _drain(self, taking: list[asyncio.Task[None]]) -> None:
        self._draining.set()
        self._tell("draining", at_work=len(self.segments), grace=self._grace)
        self.segments.draining = True
        for each in taking:
            each.cancel()
        await self.segments.drained(self._grace)
        self._tell("drained")

    async def _say(self, driver: str) -> dict[str, Any]:
        said = self.said()
        await journal_wake.put_worker(self._store, driver, said)
        return said

    async def _keep_saying(self, driver: str) -> None:
        """Say how it stands when that changes, and now and then so that others see that it is there."""
        said, when = self.said(), time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if said == self.said() and time.monotonic() - when < _SAY_SECONDS:
                continue
            with contextlib.suppress(StorageError):
                said, when = await self._say(driver), time.monotonic()
