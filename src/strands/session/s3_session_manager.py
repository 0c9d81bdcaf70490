"""Sessions in an S3 bucket."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage

from .identifiers import checked
from .pending import Pending
from .repository_session_manager import RepositorySessionManager
from .s3_files import S3AgentFiles
from .s3_lease import LEASE_SECONDS
from .s3_log import NAME
from .s3_record import S3AgentJournal, S3MultiAgentJournal
from .s3_store import S3Store
from .session_repository import JournalRepository

SESSION_PREFIX = "session_"
AGENT_PREFIX = "agent_"
MESSAGE_PREFIX = "message_"
MULTI_AGENT_PREFIX = "multi_agent_"
LEAST_SECONDS = 3
_USER_AGENT = "strands-agents"


class S3SessionManager(RepositorySessionManager, JournalRepository):
    """Keeps a session as objects of `bucket`, named as `FileSessionManager` names its files.

    Each write is made on the condition that nobody else has written, so of two writers the second is refused. While a
    call of an agent is under way others are told so, and take over once nothing was heard of it for `lease_seconds`.

    Args:
        session_id: The session; made when it does not exist.
        bucket: The bucket.
        prefix: What all keys begin with.
        boto_session: The boto3 session to use; one from the environment by default.
        boto_client_config: A botocore configuration for the client.
        region_name: The region, when the boto3 session does not name it.
        endpoint_url: The service, when it is not AWS.
        lease_seconds: How long who calls an agent is taken to be at work after it was last heard of, by the clock of
            the service; at least 3. It is heard of three times in that time.
        **kwargs: For subclasses.

    Raises:
        ImportError: boto3 is not installed.
        ValueError: `session_id` cannot be part of a key, or `lease_seconds` is less than 3.
        SessionException: The session could not be read or made.
    """

    def __init__(
        self,
        session_id: str,
        bucket: str,
        prefix: str = "",
        boto_session: Any = None,
        boto_client_config: Any = None,
        region_name: str | None = None,
        endpoint_url: str | None = None,
        *,
        lease_seconds: float = LEASE_SECONDS,
        **kwargs: Any,
    ) -> None:
        if not lease_seconds >= LEAST_SECONDS:
            raise ValueError(f"lease_seconds={lease_seconds!r} must be at least {LEAST_SECONDS}: S3 dates in seconds")
        self._lease_seconds = lease_seconds
        self.bucket = bucket
        self.prefix = prefix
        if boto_session is None:
            boto_session = _boto3().Session(region_name=region_name)
        self.client: Any = boto_session.client(
            "s3", config=_named(boto_client_config), region_name=region_name, endpoint_url=endpoint_url
        )
        self._store = S3Store(self.client, bucket)
        super().__init__(session_id=session_id, session_repository=self, **kwargs)

    def create_session(self, session: Session, **kwargs: Any) -> Session:
        """Store a new session.

        Raises:
            SessionException: It exists, or the service refuses.
        """
        if not self._store.create(f"{self._session_key(session.session_id)}session.json", session.to_dict()):
            raise SessionException(f"session {session.session_id!r} exists already in bucket {self.bucket!r}")
        return session

    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        """Return a session, or None."""
        data = self._store.read(f"{self._session_key(session_id)}session.json")
        return Session.from_dict(data) if data is not None else None

    def delete_session(self, session_id: str, **kwargs: Any) -> None:
        """Remove a session with all that is in it.

        Raises:
            SessionException: There is no such session.
        """
        start = self._session_key(session_id)
        Pending.settle(PurePosixPath(self._store.name(start)))  # else an object may be written while it is removed
        keys = self._store.keys(start)
        if not keys:
            raise SessionException(f"there is no session {session_id!r} in bucket {self.bucket!r}")
        self._store.delete([key for key in keys if key.endswith(f"/{NAME}")])  # from here on nobody writes
        self._store.delete(self._store.keys(start))

    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        """Store a new agent."""
        self._store.write(f"{self._agent_key(session_id, session_agent.agent_id)}agent.json", session_agent.to_dict())

    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        """Return an agent, or None."""
        self._settle(session_id, agent_id)
        data = self._store.read(f"{self._agent_key(session_id, agent_id)}agent.json")
        return SessionAgent.from_dict(data) if data is not None else None

    def create_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        """Store a new message."""
        key = self._message_key(session_id, agent_id, session_message.message_id)
        self._store.write(key, session_message.to_dict())

    def read_message(self, session_id: str, agent_id: str, message_id: int, **kwargs: Any) -> SessionMessage | None:
        """Return a message, or None."""
        self._settle(session_id, agent_id)
        data = self._store.read(self._message_key(session_id, agent_id, message_id))
        return SessionMessage.from_dict(data) if data is not None else None

    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        """Return an agent's messages, oldest first."""
        self._settle(session_id, agent_id)
        prefix = self._agent_key(session_id, agent_id)
        files = S3AgentFiles(self._store, prefix)
        ids = sorted(files.sizes(self._store.listing(f"{prefix}messages/")))
        chosen = ids[offset:] if limit is None else ids[offset : offset + limit]
        found = self._store.read_all([files.message_key(id) for id in chosen])
        return [SessionMessage.from_dict(data) for data in found if data is not None]

    def open_multi_agent_record(self, session_id: str, multi_agent_id: str) -> S3MultiAgentJournal:
        """Return the record of a graph or swarm: its journal and its object."""
        key = self._multi_agent_key(session_id, multi_agent_id)
        return S3MultiAgentJournal(self._store, key, session_id, multi_agent_id, self._lease_seconds)

    def open_record(self, session_id: str, agent_id: str) -> S3AgentJournal:
        """Return the record of an agent: its journal and its objects."""
        key = self._agent_key(session_id, agent_id)
        return S3AgentJournal(self._store, key, session_id, agent_id, self._lease_seconds)

    def _settle(self, session_id: str, agent_id: str) -> None:
        """Let what this process knows be in the objects that are read next."""
        Pending.settle(PurePosixPath(self._store.name(self._agent_key(session_id, agent_id))))

    def _session_key(self, session_id: str) -> str:
        start = f"{self.prefix}/" if self.prefix else ""
        return f"{start}{SESSION_PREFIX}{checked('session_id', session_id)}/"

    def _agent_key(self, session_id: str, agent_id: str) -> str:
        return f"{self._session_key(session_id)}agents/{AGENT_PREFIX}{checked('agent_id', agent_id)}/"

    def _message_key(self, session_id: str, agent_id: str, message_id: int) -> str:
        if not isinstance(message_id, int) or message_id < 0:
            raise ValueError(f"message_id {message_id!r} must be a whole number from 0 on")
        return f"{self._agent_key(session_id, agent_id)}messages/{MESSAGE_PREFIX}{message_id}.json"

    def _multi_agent_key(self, session_id: str, multi_agent_id: str) -> str:
        name = f"{MULTI_AGENT_PREFIX}{checked('multi_agent_id', multi_agent_id)}"
        return f"{self._session_key(session_id)}multi_agents/{name}/"


def _named(config: Any) -> Any:
    """Return a configuration by which requests say what they are from."""
    from botocore.config import Config

    given = getattr(config, "user_agent_extra", None)
    named = Config(user_agent_extra=f"{given} {_USER_AGENT}" if given else _USER_AGENT)
    return named if config is None else config.merge(named)


def _boto3() -> Any:
    try:
        import boto3
    except ImportError as error:
        raise ImportError("S3SessionManager needs boto3: pip install boto3") from error
    return boto3


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
