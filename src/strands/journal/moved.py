"""Which sessions somebody has written to, told by how many entries each has."""

from __future__ import annotations

from typing import Any, NamedTuple

from strands.journal.find import folded_of
from strands.journal.protocol import Repository


class Moved(NamedTuple):
    """A session that somebody may have written to.

    Attributes:
        session_id: The session.
        created_at: When it was begun, Unix time in seconds; it tells it from another that had its id before.
        entries: How many entries it has.
    """

    session_id: str
    created_at: float
    entries: int


async def moved(repository: Repository, since: float) -> list[Moved]:
    """Return the sessions whose last entry is from `since` or later, Unix time in seconds, by the clock of its writer.

    Raises:
        StorageError: The store cannot be asked.
    """
    own: Any = getattr(repository, "moved", None)
    if own is not None:
        told: list[Moved] = await own(since)
        return told
    folded = await folded_of(repository)
    return [Moved(id, each.created_at, each.entries) for id, each in folded if each.updated_at >= since]
