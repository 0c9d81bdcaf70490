"""Journals that a store keeps beside its sessions: of what holds for all of them, and no list shows."""

from __future__ import annotations

from typing import Any

from strands.journal.entries import Draft
from strands.journal.errors import SessionNotFoundError
from strands.journal.protocol import Journal, Repository


async def beside(repository: Repository, name: str, opened: Draft | None = None) -> Journal | None:
    """Return a journal of a store that is none of its sessions.

    Args:
        repository: The store.
        name: Which one.
        opened: What it is begun with where it is not there.

    Returns:
        The journal; None where it is not there and is not to be begun, or where the store keeps none.
    """
    own: Any = getattr(repository, "beside", None)
    if own is None:
        return None
    try:
        journal: Journal = await own(name, opened)
    except SessionNotFoundError:
        return None
    return journal
