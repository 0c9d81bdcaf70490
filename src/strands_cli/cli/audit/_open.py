"""What the commands of the audit share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository


def store() -> SessionRepository:
    """Return the store of this command.

    Raises:
        StorageError: It is named, and not there.
    """
    from strands_cli.cli import logs
    from strands_cli.session.repository import existing_store

    logs.configure()
    return existing_store(None)


def ids(prefixes: Sequence[str]) -> list[str] | None:
    """Return the ids that these begin; None for none at all, which means all sessions.

    One that begins no id is returned as it is: it may be that of a session that is gone.

    Raises:
        SessionNotFoundError: One begins several.
    """
    return [_resolved(prefix) for prefix in prefixes] or None


def _resolved(prefix: str) -> str:
    from strands.journal.protocol import resolve_ids
    from strands_cli.api.bridge import run_sync
    from strands_cli.errors import SessionNotFoundError

    found = run_sync(lambda: resolve_ids(store(), prefix))
    if len(found) > 1 and prefix != found[0]:
        raise SessionNotFoundError(f"{prefix!r} begins several ids", hint="Give more of it: strands sessions list.")
    return found[0] if found else prefix
