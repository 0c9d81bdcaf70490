"""A store of one's own, for sessions."""

from __future__ import annotations

from typing import Any

from strands.session import SessionRepository
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage


class MemoryRepository(SessionRepository):
    """Keeps everything as plain data, the way a database would."""

    def __init__(self) -> None:
        self.sessions: dict[str, Any] = {}
        self.agents: dict[tuple[str, str], Any] = {}
        self.messages: dict[tuple[str, str], dict[int, Any]] = {}

    def create_session(self, session: Session, **kwargs: Any) -> Session:
        self.sessions[session.session_id] = session.to_dict()
        return session

    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        data = self.sessions.get(session_id)
        return Session.from_dict(data) if data else None

    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        self.agents[session_id, session_agent.agent_id] = session_agent.to_dict()
        self.messages.setdefault((session_id, session_agent.agent_id), {})

    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        data = self.agents.get((session_id, agent_id))
        return SessionAgent.from_dict(data) if data else None

    def update_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        self.agents[session_id, session_agent.agent_id] = session_agent.to_dict()

    def create_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        if (session_id, agent_id) not in self.agents:
            raise SessionException(f"no agent {agent_id!r}")  # as a foreign key would have it
        self.messages[session_id, agent_id][session_message.message_id] = session_message.to_dict()

    def read_message(self, session_id: str, agent_id: str, message_id: int, **kwargs: Any) -> SessionMessage | None:
        data = self.messages.get((session_id, agent_id), {}).get(message_id)
        return SessionMessage.from_dict(data) if data else None

    def update_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        self.create_message(session_id, agent_id, session_message)

    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        kept = self.messages.get((session_id, agent_id), {})
        chosen = sorted(kept)[offset:] if limit is None else sorted(kept)[offset : offset + limit]
        return [SessionMessage.from_dict(kept[id]) for id in chosen]
