"""What a session holds of one agent, graph or swarm: the right to write, and the one write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from strands.types.exceptions import SessionException

from .journal_state import Kind

if TYPE_CHECKING:
    from strands.types.session import SessionAgent, SessionMessage

    from .redaction import InsideRedaction


class StoredState:
    """The state of a graph or swarm at one moment; stands in for it where a repository stores it.

    Attributes:
        id: The graph or swarm.
        text: All of it as JSON; "" where nobody asked for that.
    """

    def __init__(self, id: str, state: Mapping[str, Any], text: str = "") -> None:
        self.id = id
        self.text = text
        self._state = state

    def serialize_state(self) -> dict[str, Any]:
        """Return that state."""
        return dict(self._state)


class SessionDraft(NamedTuple):
    """Something to record.

    Attributes:
        kind: What it is.
        data: The entry's data; `stored.to_dict()` stands in for it where `stored` is given.
        stored: The message or agent that it is about.
        text: The entry's data as JSON, where that is written already.
        taken: What a guardrail took back of an agent used as a tool: it goes out of the entries that are there.
        key: Where it happened in a graph or swarm.
        state: The state of the graph or swarm since.
    """

    kind: Kind
    data: dict[str, Any]
    stored: SessionMessage | SessionAgent | None = None
    text: str = ""
    taken: InsideRedaction | None = None
    key: str = ""
    state: StoredState | None = None


class Record(ABC):
    """The stored side. Its methods may wait for the disk or the network: call them in a worker thread.

    Attributes:
        lease_is_cheap: `begin` takes less time than a worker thread takes to start on it, so it is called directly.
        has_rested: It is on record that the call came to its end, so that `begin` is called even if another goes on.
        refused: Somebody else was at work, or had written, when this one was about to.
    """

    lease_is_cheap: ClassVar[bool] = False
    has_rested: bool = False
    refused: bool = False

    @property
    def lease_is_due(self) -> bool:
        """Whether the lease is written with what comes next, and has to be written even if nothing comes."""
        return False

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
    def write(self, drafts: Sequence[SessionDraft], *, durable: bool) -> None:
        """Record `drafts`, all or none, in order.

        Args:
            drafts: What happened.
            durable: Return only when it outlives a power loss.

        Raises:
            SessionException: It could not be recorded, and why.
        """

    def write_alone(self, drafts: Sequence[SessionDraft]) -> None:
        """Record `drafts`, durably, with a lease for that alone.

        Raises:
            SessionException: Somebody alive holds it, or it could not be recorded, and why.
        """
        self.begin()
        try:
            self.write(drafts, durable=True)
        finally:
            self.end()
        self.write_layout_files()

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


def stale(session_id: str, id: str, why: str, noun: str = "agent") -> str:
    """Return the message for an agent, a graph or a swarm whose session went on without it."""
    return (
        f"session {session_id!r} has moved on since this {noun} {id!r} last read it: {why}. Nothing was written. "
        f"Create the {noun} again to go on from where the session is now"
    )
