"""Relays: what takes due sessions from a store, and either drives them here or hands them to an engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING

from strands.journal import wake as journal_wake
from strands.journal.find import Due
from strands_cli.errors import StorageError
from strands_cli.worker.engine import Drive, Engine, Wake

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository

logger: logging.Logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How often a relay looks; less often where looking takes long, so that it is a tenth of the time at most."""

REAP_SECONDS = 2.0
"""How often a worker looks for drivers that have died."""

QUEUED_SECONDS = 30.0
"""After so many seconds an engine is told again of what it was given, and nobody drives."""

UNFIT_SECONDS = 1.0
"""After so many seconds another worker may have what one is unfit for."""

_MOST, _MOST_REFUSED = 50, 500
_FIRST_RETRY, _LAST_RETRY = 0.5, 30.0


class StoreEngine:
    """The store as an engine: what is due is driven in this process, as much as there are free slots for.

    Args:
        store: The store.
        workflows: The names of the workflows to take sessions of.
        refused: Returns the sessions to leave to others.
    """

    def __init__(
        self, store: SessionRepository, workflows: Collection[str], refused: Callable[[], Sequence[str]]
    ) -> None:
        self._store = store
        self._workflows = workflows
        self._refused = refused
        self._namespace = str(getattr(store, "namespace", ""))
        self._tries: dict[str, int] = {}

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        """Drive what is due until this is cancelled; then return when those at work have ended."""
        tasks: set[asyncio.Task[None]] = set()
        looking = Looking()
        try:
            while True:
                due = await looking.at(self._take(slots - len(tasks))) if len(tasks) < slots else []
                for each in due:
                    task = asyncio.ensure_future(self._deliver(drive, each))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                if len(tasks) >= slots:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                elif not due:
                    await asyncio.sleep(looking.pause * random.uniform(0.75, 1.25))  # not always before the same worker
        finally:
            if tasks:
                await asyncio.wait(tasks)

    async def _take(self, limit: int) -> list[Due]:
        without = self._refused()[:_MOST_REFUSED]
        return await journal_wake.take_due(self._store, limit=limit, workflows=self._workflows, without=without)

    async def _deliver(self, drive: Drive, due: Due) -> None:
        session_id = due.session_id
        try:
            outcome = await drive(Wake(self._namespace, session_id, str(due.entries)))
        except Exception as error:
            tries = self._tries[session_id] = self._tries.get(session_id, -1) + 1
            pause = min(_FIRST_RETRY * 2.0**tries, _LAST_RETRY)
            logger.warning("session %s is tried again in %g s: %s", session_id, pause, error)
            logger.debug("session %s", session_id, exc_info=True)
            await self._postpone(session_id, pause)
            return
        self._tries.pop(session_id, None)
        if outcome == "unfit":
            await self._postpone(session_id, UNFIT_SECONDS)

    async def _postpone(self, session_id: str, seconds: float) -> None:
        with contextlib.suppress(StorageError):  # then it is handed out again all the same, only later
            await journal_wake.postpone(self._store, [session_id], seconds)


async def relay(store: SessionRepository, engine: Engine) -> None:
    """Hand what is due in a store to an engine, until this is cancelled."""
    namespace = str(getattr(store, "namespace", ""))
    looking, failures = Looking(), 0
    while True:
        due = await looking.at(journal_wake.take_due(store, limit=_MOST))
        submitted = await _submit(engine, [Wake(namespace, each.session_id, str(each.entries)) for each in due])
        left = [each.session_id for each in due[len(submitted) :]]
        with contextlib.suppress(StorageError):  # then they are handed out again all the same, only later or sooner
            if submitted:
                await journal_wake.postpone(store, submitted, QUEUED_SECONDS)
            if left:
                await journal_wake.postpone(store, left, _FIRST_RETRY)
        failures = failures + 1 if left else 0
        if left or len(due) < _MOST:
            await asyncio.sleep(min(looking.pause * 2.0**failures, _LAST_RETRY))


async def _submit(engine: Engine, wakes: Sequence[Wake]) -> list[str]:
    """Submit wakes until the engine refuses one; return the sessions of those that it has taken."""
    taken: list[str] = []
    for wake in wakes:
        try:
            await engine.submit(wake)
        except Exception as error:
            logger.warning("the engine takes nothing, and is asked again: %s", _cause(error))
            break
        taken.append(wake.session_id)
    return taken


def _cause(error: Exception) -> str:
    """Return an error's first line: a remedy that follows is for the store's tables, and this is the engine's."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


async def reap(store: SessionRepository, engine: Engine | None, driver: str) -> None:
    """Have what the dead held be due, again and again, until this is cancelled.

    Args:
        store: The store.
        engine: An engine that may hold wakes of dead workers; None for none.
        driver: The id of this worker.
    """
    while True:
        try:
            await journal_wake.reap(store)
            alive = await journal_wake.workers(store) if engine is not None else {}
            if engine is not None and driver in alive:  # else who is alive is not known
                await engine.reap(list(alive))
        except Exception as error:
            logger.warning("could not look for what the dead held: %s", _cause(error))
        await asyncio.sleep(REAP_SECONDS)


class Looking:
    """How often something is looked for: seldom enough, and less often while the store cannot be reached."""

    def __init__(self) -> None:
        self.pause: float = POLL_SECONDS
        self._failures = 0

    async def at(self, looked: Awaitable[list[Due]]) -> list[Due]:
        """Return what was found; nothing while the store cannot be reached, which is said once."""
        began = time.monotonic()
        try:
            found = await looked
        except StorageError as error:
            if not self._failures:
                logger.warning("the store cannot be asked what is due, and is asked again: %s", error.message)
            self._failures += 1
            self.pause = min(POLL_SECONDS * 2.0**self._failures, 10.0)
            return []
        if self._failures:
            logger.warning("the store can be asked again")
        self._failures = 0
        self.pause = max(POLL_SECONDS, 9 * (time.monotonic() - began))
        return found
