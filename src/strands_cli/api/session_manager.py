"""`SessionManager`: what is kept, and how to find it."""

from __future__ import annotations

import asyncio
import logging
import time
from os import PathLike
from typing import TYPE_CHECKING, Any

from strands_cli.api.bridge import run_sync
from strands_cli.api.history import HistoryItem
from strands_cli.api.running import Options
from strands_cli.api.session import Session
from strands_cli.errors import LeaseHeldError, SessionError, SessionFinishedError, SessionNotFoundError

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository

__all__ = ["HistoryItem", "Session", "SessionManager"]

logger = logging.getLogger(__name__)

DAY = 86_400.0


class SessionManager:
    """The workflow sessions of this user.

    Args:
        storage_dir: Where they are kept; default: `workflows` in STRANDS_HOME or ~/.strands.
        repository: Another store, instead.
    """

    def __init__(
        self, storage_dir: str | PathLike[str] | None = None, *, repository: SessionRepository | None = None
    ) -> None:
        if repository is None:
            from strands_cli.session.repository import FileSessionRepository

            repository = FileSessionRepository(storage_dir)
        self._options = Options(repository=repository)

    async def list_sessions_async(
        self, *, status: str | None = None, workflow: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Session]:
        """Return sessions, the newest first; a damaged one is named in the log and left out.

        Args:
            status: Only those with this status.
            workflow: Only those of the workflow with this name.
            limit: At most so many, after the first `offset`.
        """
        store = self._options.store()
        found = []
        for session_id in await store.ids():
            try:
                session = await Session.found(self._options, session_id)
            except SessionNotFoundError:
                continue
            except SessionError as error:
                logger.warning("%s", error.message)
                continue
            if status in (None, session.status) and workflow in (None, session.workflow_name):
                found.append(session)
            await asyncio.sleep(0)
        found.sort(key=lambda session: session.created_at, reverse=True)
        return found[offset:] if limit is None else found[offset : offset + limit]

    def list_sessions(self, **filters: Any) -> list[Session]:
        """Return sessions as `list_sessions_async` does."""
        return run_sync(lambda: self.list_sessions_async(**filters))

    def list_active_sessions(self) -> list[Session]:
        """Return the sessions that are not completed or cancelled."""
        return [session for session in self.list_sessions() if session.status not in ("completed", "cancelled")]

    async def get_session_async(self, session_id: str) -> Session:
        """Return the session with this id, or whose id alone begins with it.

        Raises:
            SessionNotFoundError: None does.
        """
        return await Session.found(self._options, session_id)

    def get_session(self, session_id: str) -> Session:
        """Return the session as `get_session_async` does."""
        return run_sync(lambda: self.get_session_async(session_id))

    def cleanup_old_sessions(self, max_age_days: float = 7, *, paused: bool = False) -> list[str]:
        """Remove sessions untouched for `max_age_days` days and return their ids.

        One with an open question, and one that is being run, stays; `paused` removes the former too.
        """
        return run_sync(lambda: self._cleanup(max_age_days, paused))

    async def _cleanup(self, max_age_days: float, paused: bool) -> list[str]:
        oldest = time.time() - max_age_days * DAY
        removed = []
        for session in await self.list_sessions_async():
            if session.updated_at > oldest or session.status == "running" or (session.questions and not paused):
                continue
            try:
                await session.delete_async()
            except (SessionNotFoundError, LeaseHeldError, SessionFinishedError):
                continue
            removed.append(session.id)
        return removed
