"""What happens in a session, for somebody who looks on from any process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from strands_cli.kernel.events import Event, event_of
from strands_cli.kernel.state import State

if TYPE_CHECKING:
    from strands_cli.api.session_view import SessionView
    from strands_cli.kernel.journal import Journal
    from strands_cli.kernel.types import Entry

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""How often is looked for something new, in seconds: soon after something was, and less often where nothing happens."""


class Folding:
    """Turns a session's entries into events, one after the other.

    Args:
        session_id: The session.
    """

    def __init__(self, session_id: str) -> None:
        self.state: State = State()
        self._id = session_id

    def take(self, entries: Sequence[Entry]) -> list[Event]:
        """Return the events that further entries mean."""
        found = []
        for entry in entries:
            self.state.apply(entry)
            opened = self.state.opened
            assert opened is not None
            base = {name: opened.data[name] for name in ("workflow", "pattern")}
            event = event_of(entry, self.state, {"session_id": self._id, **base})
            if event is not None:
                found.append(event)
        return found


async def events(journal: Journal, session: SessionView, *, after: int, follow: bool) -> AsyncIterator[Event]:
    """Yield events as `Session.events` does."""
    folding, pause = Folding(session.id), FIRST_PAUSE
    while True:
        entries = await journal.tail(folding.state.count)
        for event in folding.take(entries):
            if event.seq >= after:
                yield event
        if not follow or folding.state.finished:
            return
        pause = FIRST_PAUSE if entries else min(pause * 1.5, LONGEST_PAUSE)
        await asyncio.sleep(pause)
