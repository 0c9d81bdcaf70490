"""Where sessions are kept: the interface that a new store implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands.types.exceptions import SessionException

if TYPE_CHECKING:
    from strands.multiagent.base import MultiAgentBase
    from strands.types.session import Session, SessionAgent, SessionMessage

    from .agent_record import AgentRecord
    from .multi_agent_record import MultiAgentRecord


class SessionRepository(ABC):
    """Creates, reads and updates sessions, their agents and their messages.

    The first twelve methods are all that a store needs. One that can append and lock cheaply also overrides
    `open_record` and `open_multi_agent_record`, as `FileSessionManager` does. All methods raise `SessionException`
    where they cannot do what was asked.
    """

    @abstractmethod
    def create_session(self, session: Session, **kwargs: Any) -> Session:
        """Store a new session and return it."""

    @abstractmethod
    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        """Return a session, or None when there is none."""

    @abstractmethod
    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        """Store a new agent of a session."""

    @abstractmethod
    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        """Return an agent of a session, or None when there is none."""

    @abstractmethod
    def update_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        """Replace an agent of a session; the stored `created_at` stays."""

    @abstractmethod
    def create_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        """Store a new message of an agent."""

    @abstractmethod
    def read_message(self, session_id: str, agent_id: str, message_id: int, **kwargs: Any) -> SessionMessage | None:
        """Return a message of an agent, or None when there is none."""

    @abstractmethod
    def update_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        """Replace a message of an agent; the stored `created_at` stays."""

    @abstractmethod
    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        """Return an agent's messages, oldest first.

        Args:
            session_id: The session.
            agent_id: The agent.
            limit: At most this many; None for all.
            offset: How many of the oldest to leave out.
            **kwargs: For stores that need more.
        """

    def create_multi_agent(self, session_id: str, multi_agent: MultiAgentBase, **kwargs: Any) -> None:
        """Store the state of a new graph or swarm."""
        raise NotImplementedError(f"{type(self).__name__} does not store graphs and swarms")

    def open_multi_agent(self, session_id: str, multi_agent_id: str) -> dict[str, Any] | None:
        """Return the state that a graph or swarm takes up, or None; what is written after it builds on it."""
        return self.read_multi_agent(session_id, multi_agent_id)

    def read_multi_agent(self, session_id: str, multi_agent_id: str, **kwargs: Any) -> dict[str, Any] | None:
        """Return the state of a graph or swarm, or None when there is none."""
        raise NotImplementedError(f"{type(self).__name__} does not store graphs and swarms")

    def update_multi_agent(self, session_id: str, multi_agent: MultiAgentBase, **kwargs: Any) -> None:
        """Replace the state of a graph or swarm."""
        raise NotImplementedError(f"{type(self).__name__} does not store graphs and swarms")

    def lease_multi_agent(self, session_id: str, multi_agent_id: str) -> Callable[[], None]:
        """Take the exclusive right to run a graph or swarm; return what gives it back.

        A store without locks gives it to everybody.

        Raises:
            SessionException: Somebody alive holds it.
        """
        return lambda: None

    def open_multi_agent_record(self, session_id: str, multi_agent_id: str) -> MultiAgentRecord:
        """Return the record of a graph or swarm, stored or new: what a session manager reads and writes it through."""
        from .multi_agent_record import RepositoryMultiAgentRecord

        return RepositoryMultiAgentRecord(self, session_id, multi_agent_id)

    def open_record(self, session_id: str, agent_id: str) -> AgentRecord:
        """Return the record of an agent, stored or new: what a session manager reads and writes it through."""
        from .agent_record import RepositoryRecord

        return RepositoryRecord(self, session_id, agent_id)


class JournalRepository(SessionRepository):
    """A repository that keeps each agent, graph and swarm as a journal; where those are is told by subclasses."""

    @abstractmethod
    def open_record(self, session_id: str, agent_id: str) -> AgentRecord:
        """Return the record of an agent, stored or new."""

    @abstractmethod
    def open_multi_agent_record(self, session_id: str, multi_agent_id: str) -> MultiAgentRecord:
        """Return the record of a graph or swarm, stored or new."""

    def update_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        """Replace an agent; the stored `created_at` stays.

        Raises:
            SessionException: There is no such agent.
        """
        previous = self.read_agent(session_id, session_agent.agent_id)
        if previous is None:
            raise SessionException(f"there is no agent {session_agent.agent_id!r} in session {session_id!r}")
        session_agent.created_at = previous.created_at
        self.create_agent(session_id, session_agent)

    def update_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        """Replace a message; the stored `created_at` stays.

        Raises:
            SessionException: There is no such message.
        """
        message_id = session_message.message_id
        previous = self.read_message(session_id, agent_id, message_id)
        if previous is None:
            raise SessionException(f"there is no message {message_id} of agent {agent_id!r} in session {session_id!r}")
        session_message.created_at = previous.created_at
        self._put_again(session_id, agent_id, session_message)

    def _put_again(self, session_id: str, agent_id: str, session_message: SessionMessage) -> None:
        """Store a message in place of the one that has its number."""
        self.create_message(session_id, agent_id, session_message)

    def create_multi_agent(self, session_id: str, multi_agent: MultiAgentBase, **kwargs: Any) -> None:
        """Store the state of a new graph or swarm."""
        self.update_multi_agent(session_id, multi_agent)

    def read_multi_agent(self, session_id: str, multi_agent_id: str, **kwargs: Any) -> dict[str, Any] | None:
        """Return the state of a graph or swarm, or None.

        Raises:
            SessionException: It is damaged. What was done is not known then, so nothing begins anew by itself.
        """
        return self.open_multi_agent_record(session_id, multi_agent_id).load()

    def update_multi_agent(self, session_id: str, multi_agent: MultiAgentBase, **kwargs: Any) -> None:
        """Replace the state of a graph or swarm, durably.

        Raises:
            SessionException: Somebody alive works with it.
        """
        record = self.open_multi_agent_record(session_id, multi_agent.id)
        record.load()
        record.write_alone([record.draft("state", "", multi_agent.serialize_state(), {}, whole=True)])


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
