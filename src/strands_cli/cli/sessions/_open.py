"""What the commands about sessions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strands_cli.api.session_manager import Session, SessionManager


def manager() -> SessionManager:
    """Return the manager of this user's sessions."""
    from strands_cli.api.session_manager import SessionManager
    from strands_cli.cli import logs

    logs.configure()
    return SessionManager()


def session(session_id: str) -> Session:
    """Return the session with this id or unambiguous beginning of one.

    Raises:
        SessionNotFoundError: There is none, or several.
    """
    return manager().get_session(session_id)
