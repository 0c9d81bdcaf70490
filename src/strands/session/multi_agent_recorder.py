"""One live graph or swarm in a session: what happens in it, on record before anything is built on it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

from strands._threads import on_disk
from strands.interrupt import InterruptState
from strands.types.exceptions import SessionException

from .lease import this_process
from .multi_agent_record import NOUN, MultiAgentRecord
from .record import SessionDraft
from .recorder import SessionRecorder

if TYPE_CHECKING:
    from strands.multiagent.base import MultiAgentBase

    from .journal_state import Kind


class MultiAgentRecorder(SessionRecorder):
    """Keeps what `source` does in a session.

    A tool's start in a node is on disk before the tool runs; its result goes there while the node's model is asked.
    The end of a node is written before the next one begins, and synced meanwhile.

    Args:
        record: The stored side.
        source: The graph or swarm.
    """

    _what: ClassVar[str] = f"this {NOUN}"

    def __init__(self, record: MultiAgentRecord, source: MultiAgentBase) -> None:
        super().__init__()
        self.source = source
        self._record: MultiAgentRecord = record

    def load(self) -> None:
        """Restore the graph or swarm, or take it into the session when it is new there; blocks."""
        state = self._record.load()
        if state is None:
            self._note("state", whole=True)
            try:
                self.write_through()
                return
            except SessionException:
                state = self._record.load()  # somebody else has taken one in
                if state is None:
                    raise
                self._drafts.clear()
        self.source.deserialize_state(state)
        self._answered = {each.id for each in self._interrupts() if each.answered}

    def take_over(self) -> None:
        """Go on from what is stored without restoring it; blocks."""
        self._record.load()

    async def save(self, kind: Kind, key: str) -> None:
        """Record that something has happened, and where it stands since.

        Args:
            kind: What happened.
            key: Where.
        """
        self._note(kind, key, whole=kind == "redacted")
        if kind == "finished":
            self._write_result_soon()
        elif kind == "node":
            await on_disk(functools.partial(self.flush, durable=False))
            self._write_result_soon()
        else:
            await self._settle()

    def store(self) -> None:
        """Record where it stands, durably; blocks."""
        self._note("state", whole=True)
        if self.invoking:
            self.flush(durable=True)
        else:
            self.write_through()

    async def rest(self) -> None:
        try:
            asked = [each.id for each in self._interrupts() if not each.answered]
            self._note("asked" if asked else "state", whole=True, data={"interrupts": asked} if asked else None)
        finally:
            await super().rest()

    def _ending(self) -> SessionDraft | None:
        return self._record.rested()

    def _note_beginning(self) -> None:
        answered = {each.id for each in self._interrupts() if each.answered}
        for id in sorted(answered - self._answered):
            self._add(SessionDraft("answered", {"interrupt": {"id": id}, "by": this_process()}))
        self._answered = answered
        self._note("state")
        self.flush(durable=False)

    def _note(self, kind: Kind, key: str = "", *, whole: bool = False, data: dict[str, Any] | None = None) -> None:
        self._add(self._record.draft(kind, key, self.source.serialize_state(), data or {}, whole=whole))

    def _interrupts(self) -> list[Any]:
        # An orchestrator of the user's own may mean something else by the name.
        state = getattr(self.source, "interrupts", None)
        return list(state.interrupts.values()) if isinstance(state, InterruptState) else []
