"""What the commands about sessions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands_cli.api.open_session import OpenSession
    from strands_cli.api.session_manager import Session, SessionManager


def manager() -> SessionManager:
    """Return the manager of this user's sessions."""
    from strands_cli.api.session_manager import SessionManager
    from strands_cli.cli import logs
    from strands_cli.session.repository import check_named

    logs.configure()
    check_named()
    return SessionManager()


def unfit_reasons(sessions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return why no worker that is alive drives a session, for those that wait for one, by their ids."""
    from strands_cli.api.bridge import run_sync
    from strands_cli.session.repository import store_at
    from strands_cli.worker.listing import unfit

    return run_sync(lambda: unfit(store_at(), sessions))


def workflows_of_workers() -> set[str]:
    """Return the workflows of which somebody who is alive drives what is due; none where that cannot be read."""
    from strands_cli.api.bridge import run_sync
    from strands_cli.errors import StorageError
    from strands_cli.session.repository import store_at
    from strands_cli.worker.listing import alive

    try:
        return {name for each in run_sync(lambda: alive(store_at())) for name in each["workflows"]}
    except StorageError:
        return set()


def session(session_id: str) -> Session:
    """Return the session with this id or unambiguous beginning of one.

    Raises:
        SessionNotFoundError: There is none, or several.
    """
    return manager().get_session(session_id)


def to_answer(session_id: str, answers: Sequence[str], response: str | None) -> OpenSession | Session:
    """Return the session with this id or unambiguous beginning of one, and no more of it than these answers need.

    Args:
        session_id: The id, or its beginning.
        answers: QUESTION=VALUE.
        response: The answer to the only open question.

    Raises:
        SessionNotFoundError: There is none, or several.
    """
    from strands_cli.api.bridge import run_sync
    from strands_cli.api.open_session import OpenSession
    from strands_cli.api.options import Options
    from strands_cli.cli import logs

    logs.configure()
    found = run_sync(lambda: OpenSession.found(Options(), session_id))
    names = [text.partition("=")[0] for text in answers]
    plain = all(text.count("=") == 1 for text in answers) and set(names) <= set(found.question_ids)
    return found if plain and (response is None or found.questions) else session(found.id)
