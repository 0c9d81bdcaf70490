"""What the commands about sessions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def summary(session: Session) -> dict[str, Any]:
    """Return what a list says of a session."""
    return {
        "id": session.id,
        "status": session.status,
        "workflow": session.workflow_name,
        "pattern": session.pattern,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
        "questions": [question.id for question in session.questions],
        "tokens": sum(session.token_usage.values()),
    }
