"""Sessions that were looked at lately, so that looking again reads only what is new."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import NamedTuple
from weakref import WeakValueDictionary

from strands_cli.errors import SessionNotFoundError
from strands_cli.kernel.journal import Journal
from strands_cli.kernel.state import State
from strands_cli.session.repository import SessionRepository

_MOST_ENTRIES = 20_000
"""How many entries, of all sessions together, are kept at most."""


class KnownSession(NamedTuple):
    """A session as it is now: its journal, and what that says."""

    journal: Journal
    state: State


class KnownSessions:
    """Reads sessions, and keeps some of them.

    Args:
        store: Where they are kept.
        only_rehearsals: Take sessions that are no rehearsals for not there.
    """

    def __init__(self, store: SessionRepository, *, only_rehearsals: bool = False) -> None:
        self._store = store
        self._only_rehearsals = only_rehearsals
        self._known: OrderedDict[str, KnownSession] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._entries = 0

    async def read(self, session_id: str) -> KnownSession:
        """Return a session, up to date; nothing is written.

        Raises:
            SessionNotFoundError: There is none.
            SessionError: It cannot be read.
        """
        lock = self._locks.setdefault(session_id, asyncio.Lock())  # kept by whoever holds it or waits for it
        async with lock:
            return await self._read(session_id)

    def forget(self, session_id: str) -> None:
        """Read a session anew next time."""
        known = self._known.pop(session_id, None)
        if known is not None:
            self._entries -= known.state.count

    async def _read(self, session_id: str) -> KnownSession:
        known = self._known.get(session_id)
        if known is not None:
            try:
                new = await known.journal.tail(known.state.count)
            except SessionNotFoundError:  # another may have its id by now
                self.forget(session_id)
                known = None
            else:
                if any(entry.kind == "redacted" for entry in new):
                    self.forget(session_id)
                    known = None
        if known is None:
            journal = await self._store.open(session_id)
            known = KnownSession(journal, State(await journal.load()))
            if known.state.opened is None or (self._only_rehearsals and not known.state.origin["offline"]):
                raise SessionNotFoundError(f"there is no session {session_id!r}")
            self._known[session_id] = known
            self._entries += known.state.count
        else:
            for entry in new:
                known.state.apply(entry)
            self._entries += len(new)
            self._known.move_to_end(session_id)
        while self._entries > _MOST_ENTRIES and len(self._known) > 1:
            self.forget(next(iter(self._known)))
        return known
