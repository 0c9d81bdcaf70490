"""Sessions of agents, graphs and swarms from one store to another, and those that are old removed from one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from strands.journal import lines
from strands.journal.errors import SessionDamagedError, StrandsError
from strands.journal.projection import change_of
from strands.journal.transfer import SessionOutcome
from strands.types.exceptions import SessionException

AGENT, MULTI_AGENT = "agent", "multi_agent"


class StoredSession(NamedTuple):
    """A session as a store has it.

    Attributes:
        id: Its id.
        session: What `session.json` says.
        journals: What it holds, by kind (agent, or multi_agent) and id: the lines, as a file holds them.
    """

    id: str
    session: dict[str, Any]
    journals: dict[tuple[str, str], bytes]

    def drivers(self) -> set[str]:
        """Return who made the last call of what it holds, and may be at it still."""
        found = {change_of(lines.parse(each).entries, 0).driver for each in self.journals.values()}
        return {driver for driver in found if driver}

    def waits(self) -> bool:
        """Whether a question is open in it."""
        for each in self.journals.values():
            change = change_of(lines.parse(each).entries, 0)
            if change.asked.keys() - change.answered.keys():
                return True
        return False


class SessionStore(Protocol):
    """What keeps sessions of agents, graphs and swarms."""

    def ids(self) -> list[str]:
        """Return the ids of all sessions."""
        ...

    def get(self, session_id: str) -> StoredSession | None:
        """Return a session; None where there is none.

        Raises:
            SessionException, StrandsError: It is damaged, or cannot be read.
        """
        ...

    def check(self, session_id: str) -> None:
        """Read a session whole, and change nothing.

        Raises:
            SessionException, StrandsError: It is damaged, or cannot be read.
        """
        ...

    def put(self, session: StoredSession) -> bool:
        """Begin a session as another store has it, durably and at once; False where its id is taken."""
        ...

    def is_driven(self, session: StoredSession) -> bool:
        """Whether somebody is at work in a session."""
        ...

    def prune(self, *, before: float, limit: int, dry_run: bool = False) -> list[str]:
        """Remove sessions that nobody has used since, in which no question is open and no call was cut off.

        Args:
            before: Unix time in seconds.
            limit: At most so many.
            dry_run: Remove nothing.

        Returns:
            Their ids.
        """
        ...


def copy_all(source: SessionStore, target: SessionStore) -> Iterator[SessionOutcome]:
    """Copy each session that the other store lacks; what is there already, and the same, is left as it is.

    One in which somebody is at work is not copied: two would go on with it.
    """
    for session_id in source.ids():
        try:
            session = source.get(session_id)
            if session is not None:
                yield _copied(source, target, session)
        except (StrandsError, SessionException) as error:
            yield SessionOutcome(session_id, str(getattr(error, "message", error)).rstrip("."))


def check_all(store: SessionStore) -> Iterator[SessionOutcome]:
    """Read each session whole, and tell what is wrong with any."""
    for session_id in store.ids():
        try:
            store.check(session_id)
            yield SessionOutcome(session_id)
        except (StrandsError, SessionException) as error:
            yield SessionOutcome(session_id, str(getattr(error, "message", error)).rstrip("."))


def _copied(source: SessionStore, target: SessionStore, session: StoredSession) -> SessionOutcome:
    if source.is_driven(session):
        return SessionOutcome(session.id, "it is being run; copy it again when it rests")
    if target.put(session):
        return SessionOutcome(session.id)
    if target.get(session.id) == session:
        return SessionOutcome(session.id, was_there=True)
    return SessionOutcome(
        session.id, "another session has its id there, or one of the two went on since; delete it there to copy it anew"
    )


def whole(session_id: str, name: str, content: bytes) -> bytes:
    """Return the lines of a journal, without the beginning of one that is cut off.

    Raises:
        SessionDamagedError: A line is not what was written.
    """
    parsed = lines.parse(content)
    if parsed.damage is not None and not parsed.damage.torn:
        raise SessionDamagedError(
            f"session {session_id!r}, {name!r}, line {parsed.damage.line}: {parsed.damage.cause}",
            hint="Restore it from a backup, or give it up.",
        )
    return content[: parsed.size]
