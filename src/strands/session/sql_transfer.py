"""Whole sessions of agents, graphs and swarms out of a database, and into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from strands.journal import lines
from strands.journal.database import Database, Row, Transaction
from strands.journal.entries import Encoded
from strands.journal.projection import DELETED, change_of, original, portable
from strands.journal.sql_log import Place
from strands.journal.sql_rows import begin_session, lines_from, remove_sessions
from strands.types.session import Session

from .journal_record import encoded
from .json_text import to_json
from .transfer import AGENT, MULTI_AGENT, StoredSession, whole

SESSION = "session"
"""The kind of a session's own entry among the journals of a database."""

BEHIND = "0"
"""The character after the slash that parts a session from what is in it."""

_OF_SESSION = "namespace = ? and kind in (?, ?) and id >= ? and id < ?"
_IN_USE = (
    "exists (select 1 from strands_sessions part where part.namespace = strands_sessions.namespace "
    "and part.kind in (?, ?) and part.id >= strands_sessions.id || '/' and part.id < strands_sessions.id || '0' "
    "and (part.updated_at >= ? or part.open > 0 or part.driver <> ''))"
)


def session_entry(session: Session) -> Encoded:
    """Return the entry by which a database knows a session; it is the same wherever the session was before."""
    data = to_json({"format": 1, "session": session.to_dict()})
    try:
        begun = datetime.fromisoformat(session.created_at).timestamp()
    except (TypeError, ValueError):  # another program has written it
        begun = 0.0
    return encoded("opened", "", data, begun)


class DatabaseSessions:
    """The sessions of a database; see `SessionStore`.

    Args:
        database: Where they are.
        namespace: Whose they are.
    """

    def __init__(self, database: Database, namespace: str) -> None:
        self._database = database
        self._namespace = namespace

    def ids(self) -> list[str]:
        """Return the ids of all sessions."""
        statement = "select id from strands_sessions where namespace = ? and kind = ? and status <> ? order by id"
        rows = self._database.read(lambda each: each.execute(statement, self._namespace, SESSION, DELETED))
        return [original(id) for (id,) in rows]

    def get(self, session_id: str) -> StoredSession | None:
        """Return a session; None where there is none.

        Raises:
            SessionDamagedError: It is damaged.
        """
        found = self._database.read(partial(self._lines_of, session_id))
        journals = {
            key: whole(session_id, key[1] or session_id, b"".join(line + b"\n" for line in there))
            for key, there in found.items()
        }
        own = journals.pop((SESSION, ""), None)
        if own is None:
            return None
        return StoredSession(session_id, lines.parse(own).entries[0].data["session"], journals)

    def check(self, session_id: str) -> None:
        """Read a session whole; see `SessionStore`."""
        self.get(session_id)

    def put(self, session: StoredSession) -> bool:
        """Begin a session as another store has it, durably and at once; False where its id is taken."""
        own, _, _ = lines.encode([session_entry(Session.from_dict(session.session))], 0, "")
        journals = {(SESSION, ""): own, **session.journals}

        def work(transaction: Transaction) -> bool:
            return all(
                self._begun(transaction, kind, f"{session.id}/{name}" if name else session.id, content)
                for (kind, name), content in journals.items()
            )

        return self._all_or_nothing(work)

    def is_driven(self, session: StoredSession) -> bool:
        """Whether somebody is at work in a session."""
        drivers = sorted(session.drivers())
        return bool(drivers and self._database.alive(drivers))

    def prune(self, *, before: float, limit: int, dry_run: bool = False) -> list[str]:
        """Remove sessions that nobody has used since; see `SessionStore`."""
        statement = (
            f"select id from strands_sessions where namespace = ? and kind = ? and updated_at < ? and not {_IN_USE} "
            "order by no limit ?"
        )
        values = (self._namespace, SESSION, before, AGENT, MULTI_AGENT, before, limit)
        ids = [original(id) for (id,) in self._database.read(lambda each: each.execute(statement, *values))]
        return ids if dry_run else [id for id in ids if self._all_or_nothing(partial(self._removed, id, before))]

    def _removed(self, session_id: str, before: float, transaction: Transaction) -> bool:
        """Remove a session; False where somebody has taken it up meanwhile."""
        rests = f"{_OF_SESSION} and updated_at < ? and open = 0 and driver = ''"
        remove_sessions(transaction, rests, *self._of(session_id), before)
        own = "namespace = ? and kind = ? and id = ?"
        remove_sessions(transaction, own, self._namespace, SESSION, portable(session_id))
        return not transaction.execute(f"select 1 from strands_sessions where {_OF_SESSION}", *self._of(session_id))

    def _all_or_nothing(self, work: Callable[[Transaction], bool]) -> bool:
        """Run `work`, and take back what it did where it returns False."""

        def checked(transaction: Transaction) -> None:
            if not work(transaction):
                raise _TakenBack

        try:
            self._database.write(checked, durable=True)
        except _TakenBack:
            return False
        return True

    def _begun(self, transaction: Transaction, kind: str, id: str, content: bytes) -> bool:
        entries = lines.parse(content).entries
        place, rows = Place(self._namespace, kind, id), content[:-1].split(b"\n")
        return bool(begin_session(transaction, place, rows, change_of(entries, 0), (None, None), entries[0].at))

    def _lines_of(self, session_id: str, transaction: Transaction) -> dict[tuple[str, str], list[bytes]]:
        statement = (
            "select no, kind, id from strands_sessions where namespace = ? and kind = ? and id = ? and status <> ? "
            f"union all select no, kind, id from strands_sessions where {_OF_SESSION} order by kind, id"
        )
        own = (self._namespace, SESSION, portable(session_id), DELETED)
        rows: list[Row] = transaction.execute(statement, *own, *self._of(session_id))
        return {(kind, original(id)[len(session_id) + 1 :]): lines_from(transaction, no, 0) for no, kind, id in rows}

    def _of(self, session_id: str) -> tuple[object, ...]:
        first, behind = portable(f"{session_id}/"), portable(f"{session_id}{BEHIND}")
        return self._namespace, AGENT, MULTI_AGENT, first, behind


class _TakenBack(Exception):
    """What was begun is not to count."""
