"""What is due by the time is put on record, by whoever sees it first: each once, however many look."""

from __future__ import annotations

import asyncio
import logging
import time

from strands.journal import find
from strands.journal.excerpt import Excerpt, answer_by_all, now_of
from strands_cli.errors import SessionError, SessionNotFoundError, StorageError
from strands_cli.kernel import timers
from strands_cli.kernel.journal import Journal
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session.repository import SessionRepository

logger: logging.Logger = logging.getLogger(__name__)

MOST = 50
"""How many sessions are asked for at once."""

LEAST_SECONDS, MOST_SECONDS = 0.2, 5.0
"""How long to wait, at least and at most, before something may be due again."""

LEFT_SECONDS = 30.0
"""For how long a session is left alone in which nothing could be recorded."""


async def fire(journal: Journal, *, now: float | None = None, only_rehearsals: bool = False) -> list[Entry]:
    """Record durably what is due of a session's open questions: what closes them, reminders, escalations.

    It is decided on all that is on record, and written only if nobody has written since: of several processes that do
    so at the same time one records each.

    Args:
        journal: The session's journal.
        now: Unix time in seconds; default: the store's clock decides.
        only_rehearsals: Record nothing in a session that is no rehearsal.

    Returns:
        The entries.

    Raises:
        SessionNotFoundError: There is no such session, or it was deleted.
        StorageError: The write failed.
    """

    def due(there: Excerpt) -> list[Draft]:
        state = State(there.entries)
        if only_rehearsals and not state.origin.get("offline"):
            return []
        return timers.due(state, there.now, time.time() if now is None else now)

    return await answer_by_all(journal, due, now=now)


class Firing:
    """Records what is due in the sessions of a store that nobody drives, as `fire` does.

    A session that cannot be read or written is named in the log, and keeps none of the others waiting.

    Args:
        store: Where they are kept.
        only_rehearsals: Record nothing in sessions that are no rehearsals.
    """

    def __init__(self, store: SessionRepository, *, only_rehearsals: bool = False) -> None:
        self._store = store
        self._only_rehearsals = only_rehearsals
        self._left: dict[str, float] = {}

    async def once(self, *, limit: int = MOST) -> dict[str, list[Entry]]:
        """Record what is due now.

        Args:
            limit: In so many sessions, at most, those first that have waited longest.

        Returns:
            Session id to the entries, of those in which any were written.

        Raises:
            StorageError: The store cannot be asked.
        """
        now = time.monotonic()
        self._left = {each: until for each, until in self._left.items() if until > now}
        fired = {}
        for session_id in await find.timed(self._store, limit=limit, without=list(self._left)):
            entries = await self._fired(session_id)
            if entries:
                fired[session_id] = entries
            else:
                self._left[session_id] = now + LEFT_SECONDS
        return fired

    async def seconds(self, *, most: float = MOST_SECONDS) -> float:
        """Return in how many seconds something may be due.

        Args:
            most: Not more than so many: what others write meanwhile may be due sooner.

        Raises:
            StorageError: The store cannot be asked.
        """
        then = await find.next_timer(self._store)
        if then is None:
            return most
        left = then - await now_of(self._store)
        return most if left <= 0 and self._left else min(max(left, LEAST_SECONDS), most)

    async def keep(self) -> None:
        """Record what is due, again and again, until this is cancelled."""
        while True:
            try:
                pause = LEAST_SECONDS if await self.once() else await self.seconds()
            except StorageError:  # the store is away, which whoever looks for work says
                pause = MOST_SECONDS
            await asyncio.sleep(pause)

    async def _fired(self, session_id: str) -> list[Entry]:
        try:
            return await fire(await self._store.open(session_id), only_rehearsals=self._only_rehearsals)
        except SessionNotFoundError:
            pass
        except (SessionError, StorageError) as error:
            logger.warning("what is due in session %s could not be recorded: %s", session_id, error.message)
        return []
