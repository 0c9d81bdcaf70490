"""One live graph or swarm in a session: one writer at a time, and the newest state wins."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from strands._threads import on_disk
from strands.types.exceptions import SessionException

from .json_text import to_json
from .numbers import plain_numbers
from .record import stale

if TYPE_CHECKING:
    from collections.abc import Callable

    from strands.multiagent.base import MultiAgentBase

    from .session_repository import SessionRepository


class Stored:
    """The state of a graph or swarm at one moment; stands in for it where a repository stores it."""

    def __init__(self, id: str, state: dict[str, Any]) -> None:
        self.id = id
        self._state = state

    def serialize_state(self) -> dict[str, Any]:
        """Return that state."""
        return self._state


class MultiAgentRecorder:
    """Keeps what `source` does in a session.

    Args:
        repository: Where the session is kept.
        session_id: The session.
        source: The graph or swarm.
    """

    def __init__(self, repository: SessionRepository, session_id: str, source: MultiAgentBase) -> None:
        self.source = source
        self._repository = repository
        self._session_id = session_id
        self._known: str | None = None
        self._release: Callable[[], None] | None = None
        self._pid = os.getpid()
        self._gate = threading.Lock()
        self._taken = 0
        self._written = 0
        self._changed = False  # written since `_known` was read

    def load(self) -> None:
        """Restore the graph or swarm, or take it into the session when it is new there; blocks."""
        state = plain_numbers(self._repository.open_multi_agent(self._session_id, self.source.id)) or self._made()
        if state is None:
            self._known = self._comparable()
        else:
            self._known = to_json(state)  # as it is stored: whoever takes it may add to it
            self.source.deserialize_state(state)

    def _made(self) -> dict[str, Any] | None:
        """Take the graph or swarm into the session; return the state that another one has taken there first."""
        try:
            self._repository.create_multi_agent(self._session_id, self.source)
        except SessionException:
            state = self._read()
            if state is None:
                raise
            return state
        return None

    async def begin(self) -> None:
        """Take the lease for one call.

        Raises:
            SessionException: Somebody alive holds it, or the session has moved on.
        """
        if self._release is not None:
            return
        taking = on_disk(self._begin)
        try:
            await asyncio.shield(taking)
        except asyncio.CancelledError:
            await asyncio.wait([taking])  # a thread may have it already
            await self.end()
            raise

    def _begin(self) -> None:
        release = self._repository.lease_multi_agent(self._session_id, self.source.id)
        try:
            if self._comparable() != self._known:
                raise SessionException(stale(self._session_id, self.source.id, "another one has written to it"))
        except BaseException:
            release()
            raise
        self._release, self._pid = release, os.getpid()

    @property
    def at_work(self) -> bool:
        """Whether the lease is held."""
        return self._release is not None

    async def rest(self, sync: Callable[[Any], None]) -> None:
        """Store the state and give the lease back, also when nobody waits for it any more."""
        resting = asyncio.ensure_future(self._rest(sync))
        try:
            await asyncio.shield(resting)
        except asyncio.CancelledError:
            await asyncio.wait([resting])
            raise

    async def _rest(self, sync: Callable[[Any], None]) -> None:
        try:
            await self.write(sync)
        finally:
            await self.end()

    async def write(self, sync: Callable[[Any], None]) -> None:
        """Store the state as it is now, through `sync`."""
        self._taken += 1
        stored, number = Stored(self.source.id, self.source.serialize_state()), self._taken
        await on_disk(partial(self._write, stored, number, sync))

    def _write(self, stored: Stored, number: int, sync: Callable[[Any], None]) -> None:
        if self.at_work and os.getpid() != self._pid:
            raise SessionException(f"this process was forked while {self.source.id!r} was at work: nothing was written")
        with self._gate:
            if number > self._written:
                sync(stored)
                self._written = number
                self._changed = True

    async def end(self) -> None:
        """Give the lease back."""
        if self._release is not None:
            await on_disk(self._end)

    def _end(self) -> None:
        release, self._release = self._release, None
        try:
            if self._changed:
                self._known, self._changed = self._comparable(), False
        finally:
            if release is not None:
                release()

    def _comparable(self) -> str:
        return to_json(self._read())

    def _read(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = plain_numbers(
            self._repository.read_multi_agent(self._session_id, self.source.id)
        )
        return found
