"""`Sweeper`: what is due by the time is put on record, and what is ready is driven on, in a server or once by cron."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from strands.journal import wake as journal_wake
from strands_cli.errors import StorageError
from strands_cli.session.timers import LEAST_SECONDS, MOST_SECONDS, Firing
from strands_cli.worker.engine import DriveOutcome, Wake
from strands_cli.worker.relay import UNFIT_SECONDS
from strands_cli.worker.segments import Segments, Tell
from strands_cli.worker.worker import GRACE_SECONDS, Worker

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.kernel.types import Entry
    from strands_cli.session.repository import SessionRepository

OnEntries = Callable[[str, "list[Entry]"], object]
"""Told of a session, by its id, and of what was recorded of it."""


class HasWorkflows(Protocol):
    """What a process can drive."""

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """The workflows, by name."""
        ...


@dataclass(slots=True)
class Swept:
    """What came of a sweep.

    Attributes:
        fired: Session id to what was recorded of it by the time: reminders, escalations, what closes questions.
        driven: Session id to what its drive came to.
        unfit: Session id to why it is not driven here.
        more: There was no time for all of it.
    """

    fired: dict[str, list[Entry]] = field(default_factory=dict)
    driven: dict[str, DriveOutcome] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    more: bool = False


class Sweeper:
    """Looks after the sessions of a store; any number of processes may do so at the same time.

    It takes what is ready: what was queued or answered, and what had been begun by a server or a worker that died. What
    somebody has begun by hand, and that was interrupted, is left to them.

    Args:
        store: Where the sessions are kept.
        apps: What it can drive; None for nothing.
        drive: How many sessions are driven at a time, at most; 0 for none.
        grace: Seconds that steps at work may go on when it drains.
        on_entries: Told of what was recorded.
        tell: Told of how each drive ends.
        only_rehearsals: Sessions that are no rehearsals are left as they are.
    """

    def __init__(
        self,
        store: SessionRepository,
        apps: HasWorkflows | None = None,
        *,
        drive: int = 0,
        grace: float = GRACE_SECONDS,
        on_entries: OnEntries | None = None,
        tell: Tell | None = None,
        only_rehearsals: bool = False,
    ) -> None:
        self._store = store
        self._workflows: Mapping[str, Workflow] = apps.workflows if apps is not None else {}
        self._slots = drive if self._workflows else 0
        self._on_entries = on_entries
        self._firing = Firing(store, only_rehearsals=only_rehearsals)
        self._grace = grace
        self._tell = tell or _tell_nobody
        self._changed = asyncio.Event()
        self._draining = asyncio.Event()
        self._soon: asyncio.TimerHandle | None = None
        self._worker: Worker | None = None

    def look(self) -> None:
        """Look now: something has changed."""
        self._changed.set()

    def drain(self) -> None:
        """Take nothing more; what is at work goes on to its next rest, or is given back before its next step."""
        self._draining.set()
        if self._worker is not None:
            self._worker.drain()

    async def run(self) -> None:
        """Work until `drain` is called and all that is at work rests or was given back.

        Raises:
            StorageError: The store cannot be reached at the beginning.
        """
        firing = asyncio.ensure_future(self._keep_firing())
        try:
            if not self._slots:
                await self._draining.wait()
                return
            self._worker = Worker(
                self._store,
                self._workflows,
                slots=self._slots,
                grace=self._grace,
                tell=self._heard,
                only_served=True,
                fires=False,
            )
            if not self._draining.is_set():
                await self._worker.run()
        finally:
            firing.cancel()
            await asyncio.wait([firing])

    def _heard(self, event: str, session_id: str = "", /, **more: object) -> None:
        """Of a question that was asked just now something may be due before it is time to look again."""
        self._tell(event, session_id, **more)
        if event == "paused":
            loop = asyncio.get_running_loop()
            if self._soon is None or self._soon.when() <= loop.time():  # one look is for all that pause meanwhile
                self._soon = loop.call_later(LEAST_SECONDS, self.look)

    async def _keep_firing(self) -> None:
        """Record what is due, again and again: when the next timer says so, or when something has changed."""
        while True:
            self._changed.clear()
            try:
                await journal_wake.reap(self._store)  # what the dead held is nobody's
                pause = LEAST_SECONDS if await self._fire() else await self._firing.seconds()
            except StorageError:  # the store is away, which whoever drives says
                pause = MOST_SECONDS
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except asyncio.TimeoutError:
                continue

    async def once(self, limit: float = 20.0) -> Swept:
        """Do what is due now, and return when nothing more is.

        Args:
            limit: Seconds after which nothing more is begun.

        Raises:
            StorageError: The store cannot be asked.
        """
        until, swept = time.monotonic() + limit, Swept()
        await journal_wake.reap(self._store)
        while fired := await self._fire():
            for session_id, entries in fired.items():
                swept.fired.setdefault(session_id, []).extend(entries)
            if time.monotonic() >= until:
                swept.more = True
                break
        if self._slots:
            segments = Segments(self._store, self._workflows, self._tell, only_served=True)
            async with journal_wake.entered(self._store):
                await self._drive_all(segments, swept, until)
            swept.unfit = segments.reasons()
        return swept

    async def _fire(self) -> dict[str, list[Entry]]:
        fired = await self._firing.once()
        if self._on_entries is not None:
            for session_id, entries in fired.items():
                self._on_entries(session_id, entries)
        return fired

    async def _drive_all(self, segments: Segments, swept: Swept, until: float) -> None:
        tasks: dict[asyncio.Task[DriveOutcome], str] = {}
        while time.monotonic() < until:
            due = await journal_wake.take_due(
                self._store,
                limit=self._slots - len(tasks),
                workflows=sorted(self._workflows),
                without=[*segments.refused(), *tasks.values()],
            )
            for each in due:
                wake = Wake(str(getattr(self._store, "namespace", "")), each.session_id, str(each.entries))
                tasks[asyncio.ensure_future(segments.drive(wake))] = each.session_id
            if not tasks:
                return
            left = max(until - time.monotonic(), 0)
            done, _ = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await self._ended(task, tasks.pop(task), swept)
        swept.more = True
        await segments.drained(self._grace)
        for task, session_id in tasks.items():
            await self._ended(task, session_id, swept)

    async def _ended(self, task: asyncio.Task[DriveOutcome], session_id: str, swept: Swept) -> None:
        if task.cancelled() or task.exception() is not None:  # why is among the reasons of the segments
            await journal_wake.postpone(self._store, [session_id], UNFIT_SECONDS)
            return
        if task.result() not in ("unfit", "elsewhere"):
            swept.driven[session_id] = task.result()


def _tell_nobody(event: str, session_id: str = "", /, **more: object) -> None:
    """Nobody is told."""
