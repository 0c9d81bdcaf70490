"""What a session stores: the session itself, its agents and their messages, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from .content import Message as Message
from .json_bytes import BYTES_KEY as BYTES_KEY
from .json_bytes import decode_bytes_values, encode_bytes_values
from .json_bytes import encode_bytes as encode_bytes

if TYPE_CHECKING:
    from strands.agent.agent import Agent


class SessionType(str, Enum):
    """Whom a session belongs to."""

    AGENT = "AGENT"


def now() -> str:
    """Return the present moment as ISO 8601 text in UTC."""
    return datetime.now(timezone.utc).isoformat()


@dataclass
class SessionMessage:
    """One message of an agent, as it is stored.

    Attributes:
        message: The message itself.
        message_id: Its place in the agent's history, from 0.
        redact_message: What stands in for it once it was redacted, or None.
        created_at: ISO 8601, UTC.
        updated_at: ISO 8601, UTC.
    """

    message: Message
    message_id: int
    redact_message: Message | None = None
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @classmethod
    def from_message(cls, message: Message, index: int) -> SessionMessage:
        """Return the stored form of `message`, the `index`th of its agent."""
        moment = now()
        return cls(message=message, message_id=index, created_at=moment, updated_at=moment)

    def to_message(self) -> Message:
        """Return the message as the agent sees it: the redacted one where there is one."""
        return self.message if self.redact_message is None else self.redact_message

    @classmethod
    def from_dict(cls, env: dict[str, Any]) -> SessionMessage:
        """Return the message that `to_dict` described; unknown keys are left out.

        Raises:
            KeyError: `message` or `message_id` is missing.
        """
        return cls(
            message=cast("Message", decode_bytes_values(env["message"])),
            message_id=env["message_id"],
            redact_message=cast("Message | None", decode_bytes_values(env.get("redact_message"))),
            **_moments(env),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the message as JSON-able data."""
        return {
            "message": encode_bytes_values(self.message),
            "message_id": self.message_id,
            "redact_message": encode_bytes_values(self.redact_message),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@dataclass
class SessionAgent:
    """One agent of a session, without its messages.

    Attributes:
        agent_id: Its id, unique in the session.
        state: What its `agent.state` holds.
        conversation_manager_state: What its conversation manager needs to go on.
        created_at: ISO 8601, UTC.
        updated_at: ISO 8601, UTC.
    """

    agent_id: str
    state: dict[str, Any]
    conversation_manager_state: dict[str, Any]
    _internal_state: dict[str, Any] = field(default_factory=dict)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @classmethod
    def from_agent(cls, agent: Agent) -> SessionAgent:
        """Return what is stored of `agent`.

        Raises:
            ValueError: The agent has no id.
        """
        if agent.agent_id is None:
            raise ValueError("an agent of a session needs an agent_id, not None")
        return cls(
            agent_id=agent.agent_id,
            state=agent.state.get(),
            conversation_manager_state=agent.conversation_manager.get_state(),
            _internal_state=agent.internal_state(),
        )

    def initialize_internal_state(self, agent: Any) -> None:
        """Give `agent` the questions and the model state that are stored."""
        agent.restore_internal_state(self._internal_state)

    @classmethod
    def from_dict(cls, env: dict[str, Any]) -> SessionAgent:
        """Return the agent that `to_dict` described; unknown keys are left out.

        Raises:
            KeyError: `agent_id`, `state` or `conversation_manager_state` is missing.
        """
        return cls(
            agent_id=env["agent_id"],
            state=decode_bytes_values(env["state"]),
            conversation_manager_state=decode_bytes_values(env["conversation_manager_state"]),
            _internal_state=decode_bytes_values(env.get("_internal_state") or {}),
            **_moments(env),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the agent as JSON-able data."""
        return {
            "agent_id": self.agent_id,
            "state": encode_bytes_values(self.state),
            "conversation_manager_state": encode_bytes_values(self.conversation_manager_state),
            "_internal_state": encode_bytes_values(self._internal_state),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@dataclass
class Session:
    """A session: the agents that share an id and a place in the store."""

    session_id: str
    session_type: SessionType
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @classmethod
    def from_dict(cls, env: dict[str, Any]) -> Session:
        """Return the session that `to_dict` described; unknown keys are left out.

        Raises:
            KeyError: `session_id` or `session_type` is missing.
        """
        return cls(session_id=env["session_id"], session_type=SessionType(env["session_type"]), **_moments(env))

    def to_dict(self) -> dict[str, Any]:
        """Return the session as JSON-able data."""
        return {
            "session_id": self.session_id,
            "session_type": self.session_type.value,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


def _moments(env: dict[str, Any]) -> dict[str, str]:
    return {name: env[name] for name in ("created_at", "updated_at") if isinstance(env.get(name), str)}
