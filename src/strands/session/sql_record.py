"""The records of agents, graphs and swarms in a database: their journals are all there is."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import ClassVar

from strands.journal.database import Database, DatabaseDrivers
from strands.journal.errors import SessionNotFoundError
from strands.journal.sql_log import Place, SqlLog
from strands.types.session import SessionAgent, SessionMessage

from .agent_entries import AgentEntries
from .agent_record import Loaded
from .journal_record import JournalRecord, read_line
from .journal_state import JournalState
from .multi_agent_journal import MultiAgentJournal


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

    @property
    def _location(self) -> PurePath:
        return Path(self._database.name)


class SqlMultiAgentRecord(SqlRecord, MultiAgentJournal):
    """The record of a graph or a swarm in a database."""

    kind: ClassVar[str] = "multi_agent"


class SqlAgentRecord(SqlRecord, AgentEntries):
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
