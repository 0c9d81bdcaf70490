"""The records of agents, graphs and swarms in a database: their journals are all there is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from strands.journal.database import Database, DatabaseDrivers
from strands.journal.errors import SessionNotFoundError
from strands.journal.protocol import Conflict
from strands.journal.sql_log import Place, SqlLog
from strands.types.exceptions import SessionException
from strands.types.session import SessionAgent, SessionMessage

from .agent_entries import as_stored, redacted, redactions_in, without
from .agent_record import AgentRecord, Loaded
from .disk import Naming
from .journal_record import JournalRecord, read_line
from .journal_state import JournalState
from .multi_agent_journal import MultiAgentJournal
from .record import SessionDraft


class SqlRecord(JournalRecord):
    """A record in a database.

    Args:
        database: Where it is.
        namespace: Whose it is.
        session_id: The session.
        id: The agent, graph or swarm.
    """

    lease_is_cheap: ClassVar[bool] = False
    kind: ClassVar[str]
    """The kind of its journal among those of a database."""

    def __init__(self, database: Database, namespace: str, session_id: str, id: str) -> None:
        self._database = database
        self._place = Place(namespace, self.kind, f"{session_id}/{id}")
        super().__init__(session_id, id, DatabaseDrivers(database))

    def new_log(self) -> SqlLog:
        return SqlLog(self._database, self._place, read=read_line)

    def _prepare(self) -> None:
        """There is nothing to mend: the database keeps all of an append or nothing."""

    def _changed_outside(self) -> str:
        return ""

    def _naming(self, deed: str) -> Naming:
        what = f"could not {deed} {self.noun} {self._id!r} of session {self._session_id!r}"
        return Naming(what, Path(self._database.name))


class SqlMultiAgentRecord(SqlRecord, MultiAgentJournal):
    """The record of a graph or a swarm in a database."""

    kind: ClassVar[str] = "multi_agent"


class SqlAgentRecord(SqlRecord, AgentRecord):
    """The record of an agent in a database."""

    kind: ClassVar[str] = "agent"

    def load(self) -> Loaded | None:
        with self._naming("read"):
            try:
                entries = self.log.news()
            except SessionNotFoundError:
                return None
        state = JournalState().take(entries)
        self.known(state)
        messages = [SessionMessage.from_dict(state.messages[id]) for id in sorted(state.messages)]
        agent = SessionAgent.from_dict(state.agent) if state.agent is not None else None
        next_id = messages[-1].message_id + 1 if messages else 0
        return Loaded(agent, messages, state.open_turn(), next_id) if agent is not None or messages else None

    def write(self, drafts: Sequence[SessionDraft], *, durable: bool) -> None:
        if not self._my_driver:
            raise SessionException(self._not_held())
        with self._naming("write"):
            items, redactions = [as_stored(draft)[0] for draft in drafts], list(redactions_in(drafts))
            if redactions:
                items = [without(redactions, item) for item in items]

            def rewrite() -> None:
                if not redacted(self.log, self._count, items, redactions):
                    raise Conflict([])

            self._append(items, durable, rewrite if redactions else None)
            self.has_rested: bool = bool(drafts) and drafts[-1].kind == "rested"

    def rested(self, next_id: int) -> SessionDraft:
        return SessionDraft("rested", {"next_id": next_id})
