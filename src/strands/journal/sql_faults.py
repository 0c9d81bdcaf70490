"""What can be wrong with a session's rows, said with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands.journal import faults
from strands.journal.errors import SessionDamagedError, StorageError
from strands.journal.projection import DELETED

if TYPE_CHECKING:
    from strands.journal.database import Database
    from strands.journal.place import Place
    from strands.journal.sql_rows import Told


def went_back(database: Database, place: Place) -> StorageError:
    """Lines that the database had confirmed are not there."""
    return StorageError(
        f"session {place.id!r}: {database.name} has lost entries that it had confirmed",
        hint="Nothing was written. Was it restored, or did another server take over? "
        "Resume the session: it goes on from what is left.",
    )


def damaged(database: Database, place: Place, seq: int, cause: str) -> SessionDamagedError:
    """A line is not what was written."""
    return SessionDamagedError(
        f"{database.name}, session {place.id!r}, entry {seq}: {cause}",
        hint=f"It is left as it is. Restore it from a backup, or give the session up: {_giving_up(place)}.",
    )


def check_row(database: Database, place: Place, told: Told | None) -> None:
    """See that a session's row speaks of the lines that are there: nobody could append behind others.

    Raises:
        SessionNotFoundError: The session was deleted.
        SessionDamagedError: The row speaks of others.
    """
    if told is None or told.status == DELETED:
        raise faults.missing(place.id)
    if told.entries != told.there:
        cause = f"the session's row tells of {told.entries} entries, and there are {told.there}"
        raise damaged(database, place, min(told.entries, told.there), cause)
    if told.last_sum != told.sum_there:
        raise damaged(database, place, told.entries - 1, "the session's row has another checksum for it")


def _giving_up(place: Place) -> str:
    if place.kind == "workflow":
        return f"strands sessions delete {place.id} --force"
    id = place.id.partition("/")[0]
    return f"SQLSessionManager({f'not-{id}'!r}, ...).delete_session({id!r})"
