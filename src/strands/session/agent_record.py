"""What a session holds of one agent: reading it back, and the one write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from strands.journal.entries import Entry
from strands.types.exceptions import SessionException
from strands.types.json_bytes import decode_bytes_values, encode_bytes_values
from strands.types.session import SessionAgent, SessionMessage

from .journal_state import JournalState, Kind
from .numbers import with_plain_numbers

if TYPE_CHECKING:
    from strands._core.recorder import OpenTurn

    from .redaction import InsideRedaction
    from .session_repository import SessionRepository


class Draft(NamedTuple):
    """Something to record.

    Attributes:
        kind: What it is.
        data: The entry's data; `stored.to_dict()` stands in for it where `stored` is given.
        stored: The message or agent that it is about.
        text: The entry's data as JSON, where that is written already.
        taken: What a guardrail took back of an agent used as a tool: it goes out of the entries that are there.
    """

    kind: Kind
    data: dict[str, Any]
    stored: SessionMessage | SessionAgent | None = None
    text: str = ""
    taken: InsideRedaction | None = None


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


class AgentRecord(ABC):
    """The stored side of one agent. Its methods may wait for the disk or the network: call them in a worker thread.

    Attributes:
        lease_is_cheap: `begin` takes less time than a worker thread takes to start on it, so it is called directly.
        has_rested: It is on record that the call came to its end, so that `begin` is called even if another goes on.
        refused: Somebody else was at work, or had written, when this one was about to.
    """

    lease_is_cheap: ClassVar[bool] = False
    has_rested: bool = False
    refused: bool = False

    @abstractmethod
    def load(self) -> Loaded | None:
        """Return what is stored, or None when there is nothing yet."""

    def oldest(self, count: int) -> list[SessionMessage]:
        """Return the messages that `load` skipped."""
        return []

    @abstractmethod
    def begin(self) -> None:
        """Take the exclusive right to write, until `end`.

        Raises:
            SessionException: Somebody alive holds it, or somebody has written since this record was loaded.
        """

    @abstractmethod
    def end(self) -> None:
        """Give the right to write back; harmless when it is not held."""

    @abstractmethod
    def write(self, drafts: Sequence[Draft], *, durable: bool) -> None:
        """Record `drafts`, all or none, in order.

        Args:
            drafts: What happened.
            durable: Return only when it outlives a power loss.

        Raises:
            SessionException: It could not be recorded, and why.
        """

    def rested(self, next_id: int) -> Draft | None:
        """Return what is to be recorded last when a call comes to its end, if anything is.

        Args:
            next_id: The id of the message that comes next.
        """
        return None

    def refusal(self, text: str) -> SessionException:
        """Return the error for a writer that was not the first."""
        self.refused = True
        return SessionException(text)

    def forked(self) -> None:  # noqa: B027 - most records hold nothing that belongs to one process
        """This is a copy in a forked child, where no call is under way: locks and leases are the parent's."""

    def write_layout_files(self) -> None:  # noqa: B027 - most records have nothing to add
        """Complete what is only there for other readers; what fails is tried again by the next call."""

    def write_layout_files_soon(self) -> None:  # noqa: B027
        """Have `write_layout_files` done while nobody waits for it."""


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

    def write(self, drafts: Sequence[Draft], *, durable: bool) -> None:
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


def stale(session_id: str, agent_id: str, why: str) -> str:
    """Return the message for an agent whose session went on without it."""
    return (
        f"session {session_id!r} has moved on since this agent {agent_id!r} last read it: {why}. Nothing was written. "
        "Create the agent again to go on from where the session is now"
    )
