"""Which store of agents', graphs' and swarms' sessions a place means."""

from __future__ import annotations

import os

from strands.journal.locate import database_at, is_url

from .transfer import SessionStore


def sessions_at(place: str | os.PathLike[str]) -> SessionStore:
    """Return the store at a place.

    Args:
        place: A directory, `sqlite:///runs.db` or `postgresql://user@host/database`.

    Raises:
        StoreNotReadyError: It names no store.
    """
    if is_url(place):
        from .sql_transfer import DatabaseSessions

        return DatabaseSessions(*database_at(os.fspath(place)))
    from .directory_transfer import DirectorySessions

    return DirectorySessions(place)


def sessions_of(store: object) -> SessionStore | None:
    """Return what keeps the sessions of agents where a store keeps those of workflows; None for one of another kind."""
    database, namespace, root = (getattr(store, name, None) for name in ("database", "namespace", "root"))
    if database is not None:
        from .sql_transfer import DatabaseSessions

        return DatabaseSessions(database, namespace or "")
    if root is not None:
        from .directory_transfer import DirectorySessions

        return DirectorySessions(root)
    return None
