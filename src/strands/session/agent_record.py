"""What a session holds of one agent: reading it back, and the one write."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from strands.journal.entries import Entry
from strands.types.exceptions import SessionException
from strands.types.json_bytes import decode_bytes_values, encode_bytes_values
from strands.types.session import SessionAgent, SessionMessage

from .journal_state import JournalState, Kind
from .numbers import with_plain_numbers
from .record import Record, SessionDraft, stale

if TYPE_CHECKING:
    from strands._core.recorder import OpenTurn

    from .session_repository import SessionRepository


@dataclass(slots=True)
class Loaded:
    """What was read back.

    Attributes:
        agent: The agent, or None when only its messages are known.
        messages: Its messages, oldest first, without the first `skipped`.
        turn: What is on record of the newest message, or None when no record was kept of its tools.
        next_id: The id of the next message.
        skipped: How many of the oldest messages were not read, because its conversation manager has let go of them.
    """

    agent: SessionAgent | None
    messages: list[SessionMessage] = field(default_factory=list)
    turn: OpenTurn | None = None
    next_id: int = 0
    skipped: int = 0


class AgentRecord(Record):
    """The stored side of one agent."""

    @abstractmethod
    def load(self) -> Loaded | None:
        """Return what is stored, or None when there is nothing yet."""

    def oldest(self, count: int) -> list[SessionMessage]:
        """Return the messages that `load` skipped."""
        return []

    def rested(self, next_id: int) -> SessionDraft | None:
        """Return what is to be recorded last when a call comes to its end, if anything is.

        Args:
            next_id: The id of the message that comes next.
        """
        return None


class RepositoryRecord(AgentRecord):
    """An agent's record in any `SessionRepository`, through its public methods alone.

    What is known of an open turn is kept in the agent's own record until the next message closes the turn, so it is
    as durable as the repository's `update_agent`. There is no lease: a second writer is noticed by its messages.
    """

    TURN = "open_turn"

    def __init__(self, repository: SessionRepository, session_id: str, agent_id: str) -> None:
        self._repository = repository
        self._session_id = session_id
        self._agent_id = agent_id
        self._agent: SessionAgent | None = None
        self._is_new = True
        self._turn: list[dict[str, Any]] = []
        self._next_id = 0

    def load(self) -> Loaded | None:
        self._agent = with_plain_numbers(self._repository.read_agent(self._session_id, self._agent_id))
        if self._agent is None:
            return None
        self._is_new = False
        skipped = skippable(self._agent)
        messages = self._messages(offset=skipped)
        if skipped and not messages:  # fewer are stored than were let go of
            skipped, messages = 0, self._messages()
        self._next_id = messages[-1].message_id + 1 if messages else 0
        kept = self._agent._internal_state.get(self.TURN)
        if not isinstance(kept, dict) or kept.get("after") != self._next_id:
            return Loaded(self._agent, messages, None, self._next_id, skipped)
        self._turn = list(decode_bytes_values(kept["entries"]))
        fold = JournalState().take(
            Entry(seq, item["kind"], "", item["data"], 0.0) for seq, item in enumerate(self._turn)
        )
        return Loaded(self._agent, messages, fold.open_turn(), self._next_id, skipped)

    def oldest(self, count: int) -> list[SessionMessage]:
        return self._messages(limit=count)

    def _messages(self, **part: int) -> list[SessionMessage]:
        found = self._repository.list_messages(self._session_id, self._agent_id, **part)
        return [with_plain_numbers(each) for each in found]

    def begin(self) -> None:
        if self._repository.read_message(self._session_id, self._agent_id, self._next_id) is not None:
            raise self.refusal(stale(self._session_id, self._agent_id, "another agent has added messages"))

    def end(self) -> None:
        pass

    def write(self, drafts: Sequence[SessionDraft], *, durable: bool) -> None:
        changed = False
        for draft in drafts:
            if isinstance(draft.stored, SessionMessage):
                if changed and self._is_new:
                    self._write_agent()
                self._write_message(draft.kind, draft.stored)
            elif isinstance(draft.stored, SessionAgent):
                self._agent = draft.stored
                changed = True
            else:
                if draft.taken is not None:
                    self._turn = [draft.taken.of_entry(each) for each in self._turn]
                self._turn.append({"kind": draft.kind, "data": encode_bytes_values(draft.data)})
                changed = True
        if changed:
            self._write_agent()

    def _write_message(self, kind: Kind, stored: SessionMessage) -> None:
        if kind == "redacted":
            self._repository.update_message(self._session_id, self._agent_id, stored)
            return
        self._repository.create_message(self._session_id, self._agent_id, stored)
        self._next_id = stored.message_id + 1
        self._turn = []

    def _write_agent(self) -> None:
        agent = self._agent
        if agent is None:
            raise SessionException(f"agent {self._agent_id!r} of session {self._session_id!r} was not initialized")
        agent._internal_state.pop(self.TURN, None)
        if self._turn:
            agent._internal_state[self.TURN] = {"after": self._next_id, "entries": self._turn}
        if self._repository.read_agent(self._session_id, self._agent_id) is None:
            self._repository.create_agent(self._session_id, agent)
            self._is_new = False
        else:
            self._repository.update_agent(self._session_id, agent)


def skippable(agent: SessionAgent | None) -> int:
    """Return how many of the oldest messages need not be read to restore an agent; never the newest."""
    removed = agent.conversation_manager_state.get("removed_message_count") if agent is not None else None
    return max(removed - 1, 0) if isinstance(removed, int) else 0
