"""One reader of each session's journal for all who look on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from strands_cli.api.following import FIRST_PAUSE, LONGEST_PAUSE, Folding
from strands_cli.errors import SessionError, StorageError
from strands_cli.kernel.events import Event
from strands_cli.kernel.journal import Journal
from strands_cli.session.repository import SessionRepository

logger: logging.Logger = logging.getLogger(__name__)

_KEPT = 2_000
"""So many events of a session are kept for those who look on; earlier ones are read anew for who asks for them."""


class SessionTail:
    """What has happened in a session, and goes on to.

    Args:
        journal: The session's journal.

    Attributes:
        is_over: Nothing more will happen: it is completed, cancelled or deleted.
    """

    def __init__(self, journal: Journal) -> None:
        self.is_over: bool = False
        self.readers: int = 0
        self._journal = journal
        self._folding = Folding(journal.session_id)
        self._events: list[Event] = []
        self._news = asyncio.Event()

    async def since(self, after: int, *, limit: int = 500) -> list[Event]:
        """Return events with numbers above `after`, the first ones, as far as they are on record."""
        if not self._events or self._events[0].seq <= after + 1 or len(self._events) < _KEPT:
            return [event for event in self._events if event.seq > after][:limit]
        earlier = Folding(self._journal.session_id).take(await self._journal.tail(0))
        return [event for event in earlier if event.seq > after][:limit]

    async def look(self) -> None:
        """Read what is new."""
        try:
            found = self._folding.take(await self._journal.tail(self._folding.state.count))
        except SessionError:  # it was deleted, or is damaged from here on
            self.is_over = True
        else:
            self._events = [*self._events, *found][-_KEPT:]
            self.is_over = self._folding.state.finished
            if not found and not self.is_over:
                return
        self.wake()

    def wake(self) -> None:
        """Have those who wait look again."""
        self._news.set()
        self._news = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait until something is new, at most so many seconds; return whether something is."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
            return True
        return False

    async def watch(self) -> None:
        """Go on reading while anybody looks on."""
        pause = FIRST_PAUSE
        while not self.is_over:
            await asyncio.sleep(pause)
            before = self._folding.state.count
            try:
                await self.look()
            except StorageError as error:
                logger.warning("session %s cannot be read now: %s", self._journal.session_id, error.message)
            pause = FIRST_PAUSE if self._folding.state.count > before else min(pause * 1.5, LONGEST_PAUSE)


class SessionTails:
    """The sessions that somebody looks on.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: SessionRepository) -> None:
        self._store = store
        self._tails: dict[str, tuple[SessionTail, asyncio.Task[None]]] = {}
        self._opening: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, session_id: str) -> AsyncIterator[SessionTail]:
        """Look on a session while the block runs.

        Raises:
            SessionNotFoundError: There is none.
        """
        lock = self._opening.setdefault(session_id, asyncio.Lock())
        async with lock:
            known = self._tails.get(session_id)
            if known is None:
                tail = SessionTail(await self._store.open(session_id))
                await tail.look()
                known = self._tails[session_id] = tail, asyncio.ensure_future(tail.watch())
            tail, task = known
            tail.readers += 1
        try:
            yield tail
        finally:
            tail.readers -= 1
            if not tail.readers:
                task.cancel()
                self._tails.pop(session_id, None)

    def wake(self) -> None:
        """Have all who look on look again."""
        for tail, _ in self._tails.values():
            tail.wake()
