"""Sessions of agents in SQLite and PostgreSQL."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Any

from strands.journal.database import Database, Transaction
from strands.journal.errors import SessionNotFoundError
from strands.journal.locate import VARIABLE, database_at, is_url
from strands.journal.projection import portable
from strands.journal.sql_log import Place, SqlLog
from strands.journal.sql_rows import remove_sessions
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage

from .agent_record import Loaded
from .disk import Naming
from .identifiers import checked
from .record import SessionDraft
from .repository_session_manager import RepositorySessionManager
from .session_repository import JournalRepository
from .sql_record import SqlAgentRecord, SqlMultiAgentRecord
from .sql_transfer import BEHIND, SESSION, session_entry


class SQLSessionManager(RepositorySessionManager, JournalRepository):
    """Keeps a session in a database: each agent's journal, with the same entries that `FileSessionManager` writes.

    While a call of an agent is under way others are told so. A process that dies is taken for alive until the system
    drops its locks, in SQLite, or until its lease is over, in PostgreSQL.

    Args:
        session_id: The session; made when it does not exist.
        store: `sqlite:///runs.db` or `postgresql://user@host/database`; default: what STRANDS_STORE says.
        database: The database, where `store` shall name only its namespace; for tests that need a failing one.
        **kwargs: `without_hooks`, and what subclasses take.

    Raises:
        ValueError: `session_id` cannot be an id, or no database is named.
        SessionException: The session could not be read or made.
    """

    def __init__(
        self, session_id: str, store: str | None = None, *, database: Database | None = None, **kwargs: Any
    ) -> None:
        place = os.environ.get(VARIABLE, "") if store is None else store
        if not is_url(place):
            raise ValueError(
                f"store={place!r} names no database. Write sqlite:///runs.db or postgresql://USER@HOST/DATABASE; "
                "FileSessionManager keeps sessions in directories"
            )
        with Naming("could not open the store", PurePath("store")):  # its URL may hold a password
            found, self._namespace = database_at(place)
        self._database: Database = database or found
        super().__init__(session_id=session_id, session_repository=self, **kwargs)

    def create_session(self, session: Session, **kwargs: Any) -> Session:
        """Store a new session.

        Raises:
            SessionException: It exists, or the database refuses.
        """
        log = self._session_log(session.session_id)
        with self._naming("make"):
            log.begin([session_entry(session)])
        return session

    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        """Return a session, or None."""
        log = self._session_log(session_id)
        with self._naming("read"):
            try:
                return Session.from_dict(log.news()[0].data["session"])
            except SessionNotFoundError:
                return None

    def delete_session(self, session_id: str, **kwargs: Any) -> None:
        """Remove a session with all that is in it.

        Raises:
            SessionException: There is no such session.
        """
        id = checked("session_id", session_id)
        first, behind = portable(f"{id}/"), portable(f"{id}{BEHIND}")
        inner = "namespace = ? and kind <> ? and id >= ? and id < ?"
        own = "namespace = ? and kind = ? and id = ?"

        def work(transaction: Transaction) -> bool:
            remove_sessions(transaction, inner, self._namespace, "workflow", first, behind)
            return bool(remove_sessions(transaction, own, self._namespace, SESSION, portable(id)))

        with self._naming("delete"):
            is_deleted = self._database.write(work, durable=True)
        if not is_deleted:
            raise SessionException(f"there is no session {session_id!r} in {self._database.name!r}")

    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        """Store a new agent."""
        self._write(session_id, session_agent.agent_id, SessionDraft("agent", {}, session_agent))

    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        """Return an agent, or None."""
        loaded = self.open_record(session_id, agent_id).load()
        return loaded.agent if loaded is not None else None

    def create_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        """Store a new message."""
        self._write(session_id, agent_id, SessionDraft("message", {}, session_message))

    def read_message(self, session_id: str, agent_id: str, message_id: int, **kwargs: Any) -> SessionMessage | None:
        """Return a message, or None."""
        return next((each for each in self._messages(session_id, agent_id) if each.message_id == message_id), None)

    def _put_again(self, session_id: str, agent_id: str, session_message: SessionMessage) -> None:
        self._write(session_id, agent_id, SessionDraft("redacted", {}, session_message))

    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        """Return an agent's messages, oldest first; see `SessionRepository`."""
        found = self._messages(session_id, agent_id)[offset:]
        return found if limit is None else found[:limit]

    def open_record(self, session_id: str, agent_id: str) -> SqlAgentRecord:
        """Return the record of an agent, stored or new."""
        session, agent = checked("session_id", session_id), checked("agent_id", agent_id)
        return SqlAgentRecord(self._database, self._namespace, session, agent)

    def open_multi_agent_record(self, session_id: str, multi_agent_id: str) -> SqlMultiAgentRecord:
        """Return the record of a graph or swarm, stored or new."""
        session, id = checked("session_id", session_id), checked("multi_agent_id", multi_agent_id)
        return SqlMultiAgentRecord(self._database, self._namespace, session, id)

    def _messages(self, session_id: str, agent_id: str) -> list[SessionMessage]:
        loaded: Loaded | None = self.open_record(session_id, agent_id).load()
        return loaded.messages if loaded is not None else []

    def _write(self, session_id: str, agent_id: str, draft: SessionDraft) -> None:
        record = self.open_record(session_id, agent_id)
        record.load()
        record.write_alone([draft])

    def _session_log(self, session_id: str) -> SqlLog:
        return SqlLog(self._database, Place(self._namespace, SESSION, checked("session_id", session_id)))

    def _naming(self, deed: str) -> Naming:
        return Naming(f"could not {deed} the session", PurePath(self._database.name))


__all__ = ["SESSION", "SQLSessionManager"]
