"""`SessionManager`: what is kept, and how to find it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from strands_cli.api import listing
from strands_cli.api.bridge import run_sync
from strands_cli.api.cleanup import DAY, OVER, Cleanup, clean_up, prune
from strands_cli.api.history import HistoryItem
from strands_cli.api.options import Options
from strands_cli.api.session import Session
from strands_cli.types import Json, RunResult

if TYPE_CHECKING:
    from datetime import timedelta

    from typing_extensions import Unpack

    from strands_cli.api.keywords import SessionFilters
    from strands_cli.kernel.principal import Principal
    from strands_cli.session.memories import MemoryDocument
    from strands_cli.session.remembered import RememberedApproval
    from strands_cli.session.repository import SessionRepository

__all__ = ["Cleanup", "HistoryItem", "Session", "SessionManager"]

logger: logging.Logger = logging.getLogger(__name__)


class SessionManager:
    """The workflow sessions of this user.

    Args:
        storage_dir: The directory they are kept in.
        repository: Another store, instead.
        store: A directory or the URL of a database, as `sqlite:///runs.db`; default: what STRANDS_STORE says, else
            `workflows` in STRANDS_HOME or ~/.strands.

    Raises:
        StorageError: `store` names none, or more than one of these is given.
    """

    def __init__(
        self,
        storage_dir: str | PathLike[str] | None = None,
        *,
        repository: SessionRepository | None = None,
        store: str | PathLike[str] | None = None,
    ) -> None:
        from strands_cli.session.repository import FileSessionRepository, chosen

        if storage_dir is not None and repository is None:
            repository = FileSessionRepository(storage_dir)
        self._options = Options(repository=chosen(repository, store))

    async def list_sessions_async(
        self, *, status: str | None = None, workflow: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Session]:
        """Return sessions, the newest first; one that cannot be read is named in the log and left out.

        Args:
            status: Only those with this status.
            workflow: Only those of the workflow with this name.
            limit: At most so many, after the first `offset`.
        """
        return await listing.sessions(self._options, status=status, workflow=workflow, limit=limit, offset=offset)

    def list_sessions(self, **filters: Unpack[SessionFilters]) -> list[Session]:
        """Return sessions as `list_sessions_async` does."""
        return run_sync(lambda: self.list_sessions_async(**filters))

    async def summaries_async(
        self, *, status: str | None = None, workflow: str | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Return what a list says of sessions, the newest first; a store that answers by queries reads no journal.

        Args:
            status: Only those with this status.
            workflow: Only those of the workflow with this name.
            limit: At most so many.

        Returns:
            For each: id, status, workflow, pattern, created_at, updated_at, questions (their ids) and tokens.
        """
        return await listing.lines(self._options, status=status, workflow=workflow, limit=limit)

    def summaries(
        self, *, status: str | None = None, workflow: str | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Return what a list says of sessions, as `summaries_async` does."""
        return run_sync(lambda: self.summaries_async(status=status, workflow=workflow, limit=limit))

    async def list_waiting_sessions_async(self) -> list[Session]:
        """Return the sessions that wait for an answer."""
        return await listing.waiting(self._options)

    def list_waiting_sessions(self) -> list[Session]:
        """Return the sessions that wait for an answer."""
        return run_sync(self.list_waiting_sessions_async)

    async def list_active_sessions_async(self) -> list[Session]:
        """Return the sessions that are not completed or cancelled."""
        return [each for each in await self.list_sessions_async() if each.status not in OVER]

    def list_active_sessions(self) -> list[Session]:
        """Return the sessions that are not completed or cancelled."""
        return run_sync(self.list_active_sessions_async)

    async def get_session_async(self, session_id: str) -> Session:
        """Return the session with this id, or whose id alone begins with it.

        Raises:
            SessionNotFoundError: None does.
        """
        return await Session.found(self._options, session_id)

    def get_session(self, session_id: str) -> Session:
        """Return the session as `get_session_async` does."""
        return run_sync(lambda: self.get_session_async(session_id))

    async def answer_async(
        self,
        session_id: str,
        question_id: str | Mapping[str, Json],
        value: Json = None,
        *,
        by: str | Principal | None = None,
        reason: str | None = None,
        channel: str | None = None,
        shown: Mapping[str, str] | None = None,
        request: str | None = None,
    ) -> None:
        """Answer one question of a session, or several, without reading its journal: it may be long, and being written.

        The run goes on when the session is resumed, or at once if it is live.

        Args:
            session_id: The session's id, or how that alone begins.
            question_id: The question, or question id to answer: all are taken or, if one cannot be, none.
            value: The answer to the one question.
            by: Who answers, or only the name that people are shown; default: the user of this process.
            reason: Why, for the record.
            channel: How: terminal, python, ...; default: as the principal says.
            shown: Question id to the `shown` of the question that was shown; another one is not answered.
            request: Names this request: given once more it is a success, and nothing is recorded twice.

        Raises:
            SessionNotFoundError: There is no such session.
            InvalidAnswerError: One does not fit; the question stays open.
            AlreadyAnsweredError: Somebody was first, or its deadline has passed.
            NotEntitledError: Who answers may not; its `code` says why.
            ChangedQuestionError: It is not the question that was shown.
        """
        from strands_cli.api.open_session import answer_all

        answers = question_id if isinstance(question_id, Mapping) else {question_id: value}
        how = {"reason": reason, "channel": channel, "shown": shown, "request": request}
        await answer_all(self._options, session_id, answers, by=by, **how)

    def answer(
        self,
        session_id: str,
        question_id: str | Mapping[str, Json],
        value: Json = None,
        *,
        by: str | Principal | None = None,
        reason: str | None = None,
    ) -> None:
        """Answer as `answer_async` does."""
        run_sync(lambda: self.answer_async(session_id, question_id, value, by=by, reason=reason))

    async def cleanup_old_sessions_async(
        self, max_age_days: float = 7, *, paused: bool = False, dry_run: bool = False
    ) -> Cleanup:
        """Remove sessions that are over (completed or cancelled) and were not touched for `max_age_days` days.

        What can still go on stays: what is running, waits for an answer, was answered, failed or was interrupted.

        Args:
            max_age_days: Days since the last entry.
            paused: Remove also what waits for an answer that nobody has given.
            dry_run: Remove nothing; tell what would be.

        Returns:
            The ids of those that were removed; its `kept` tells of the others that are as old why they stay.
        """
        return await clean_up(self._options, max_age_days, paused=paused, dry_run=dry_run)

    def cleanup_old_sessions(self, max_age_days: float = 7, *, paused: bool = False, dry_run: bool = False) -> Cleanup:
        """Remove sessions as `cleanup_old_sessions_async` does."""
        return run_sync(lambda: self.cleanup_old_sessions_async(max_age_days, paused=paused, dry_run=dry_run))

    async def prune_async(
        self,
        older_than_days: float = 30,
        *,
        statuses: Sequence[str] = ("completed", "cancelled"),
        limit: int = 1000,
        dry_run: bool = False,
    ) -> list[str]:
        """Remove a batch of sessions that are over; call it again while it removes as many as `limit`.

        Args:
            older_than_days: Days since the last entry.
            statuses: completed, cancelled, or both; what is not over is never removed.
            limit: At most so many.
            dry_run: Remove nothing; tell what would be.

        Returns:
            Their ids.
        """
        before = time.time() - older_than_days * DAY
        over = [status for status in statuses if status in OVER]
        return await prune(self._options, before=before, statuses=over, limit=limit, dry_run=dry_run)

    def prune(
        self,
        older_than_days: float = 30,
        *,
        statuses: Sequence[str] = ("completed", "cancelled"),
        limit: int = 1000,
        dry_run: bool = False,
    ) -> list[str]:
        """Remove a batch of sessions as `prune_async` does."""
        return run_sync(lambda: self.prune_async(older_than_days, statuses=statuses, limit=limit, dry_run=dry_run))

    async def remembered_approvals_async(self) -> list[RememberedApproval]:
        """Return the approvals that hold in every session, and those that have ended, the oldest first.

        Raises:
            StorageError: The store cannot be read.
        """
        from strands_cli.session.remembered import RememberedApprovals

        return list(await RememberedApprovals(self._options.store()).all())

    def remembered_approvals(self) -> list[RememberedApproval]:
        """Return approvals as `remembered_approvals_async` does."""
        return run_sync(self.remembered_approvals_async)

    async def revoke_approval_async(
        self, approval_id: str, *, principal: Principal | None = None
    ) -> RememberedApproval:
        """End an approval that is remembered: the next call that it would have let through is asked about.

        Args:
            approval_id: Its id, or how that alone begins.
            principal: Who revokes it; default: the user of this process.

        Raises:
            ApprovalNotFoundError: There is none, or it has ended already.
        """
        from strands_cli.kernel.principal import os_principal
        from strands_cli.session.remembered import RememberedApprovals

        return await RememberedApprovals(self._options.store()).revoke(approval_id, principal or os_principal())

    def revoke_approval(self, approval_id: str, *, principal: Principal | None = None) -> RememberedApproval:
        """End an approval as `revoke_approval_async` does."""
        return run_sync(lambda: self.revoke_approval_async(approval_id, principal=principal))

    async def memories_async(
        self, name: str | None = None, *, workflow: str | None = None, key: str | None = None
    ) -> list[MemoryDocument]:
        """Return what runs keep for later ones in the memories of their workflows.

        Args:
            name: Only of the memory of this name.
            workflow: Only that of workflows of this name.
            key: Only the one of this key.

        Raises:
            StorageError: The store cannot be read.
        """
        from strands_cli.session.memories import StoredMemories

        wanted = {"name": name, "workflow": workflow, "key": key}
        return [
            each
            for each in await StoredMemories(self._options.store()).all()
            if all(value is None or getattr(each.id, attribute) == value for attribute, value in wanted.items())
        ]

    def memories(
        self, name: str | None = None, *, workflow: str | None = None, key: str | None = None
    ) -> list[MemoryDocument]:
        """Return memories as `memories_async` does."""
        return run_sync(lambda: self.memories_async(name, workflow=workflow, key=key))

    async def clear_memory_async(self, name: str, *, workflow: str | None = None, key: str | None = None) -> int:
        """Forget what `memories_async` returns with the same arguments; return of how many documents."""
        from strands_cli.session.memories import StoredMemories

        found = await self.memories_async(name, workflow=workflow, key=key)
        await StoredMemories(self._options.store()).clear([each.id for each in found])
        return len(found)

    def clear_memory(self, name: str, *, workflow: str | None = None, key: str | None = None) -> int:
        """Forget as `clear_memory_async` does."""
        return run_sync(lambda: self.clear_memory_async(name, workflow=workflow, key=key))

    async def delete_damaged_async(self, session_id: str) -> None:
        """Remove a session whose journal cannot be read, by its whole id.

        Raises:
            SessionNotFoundError: There is none.
        """
        await self._options.store().delete(session_id)

    def delete_damaged(self, session_id: str) -> None:
        """Remove a session as `delete_damaged_async` does."""
        run_sync(lambda: self.delete_damaged_async(session_id))

    # -- as strands-cli 0.3 calls it ------------------------------------------------------------------------------

    async def get(self, session_id: str) -> Session | None:
        """Return a session as `get_session_async` does; None where there is none."""
        from strands_cli.errors import SessionNotFoundError

        try:
            return await self.get_session_async(session_id)
        except SessionNotFoundError:
            return None

    async def resume(self, session_id: str, hitl_response: Json = None, **shown: bool) -> RunResult:
        """Go on with a session as `Session.resume_async` does; `debug`, `verbose` and `trace` say nothing here."""
        return await (await self.get_session_async(session_id)).resume_async(hitl_response)

    async def delete(self, session_id: str) -> None:
        """Remove a session as `Session.delete_async` does."""
        await (await self.get_session_async(session_id)).delete_async()

    async def cleanup(self, older_than_days: float = 7, status_filter: Sequence[str] | None = None) -> int:
        """Remove sessions that are over and old, and return how many; what can still go on stays, a failed one too.

        Args:
            older_than_days: Days since the last entry.
            status_filter: Only those with one of these statuses.
        """
        before, removed = time.time() - older_than_days * DAY, 0
        for session in await self.list_sessions_async():
            meant = session.is_over and (status_filter is None or session.status in status_filter)
            if meant and session.updated_at < before:
                await session.delete_async()
                removed += 1
        return removed

    async def list(
        self, offset: int = 0, limit: int | None = None, status: str | None = None, workflow_name: str | None = None
    ) -> Sequence[Session]:
        """Return sessions as `list_sessions_async` does."""
        status = getattr(status, "value", status)
        return await self.list_sessions_async(status=status, workflow=workflow_name, limit=limit, offset=offset)

    _cache: Mapping[str, Session] = {}  # a session is read anew each time, and nothing is kept

    @property
    def _cache_ttl(self) -> timedelta:
        from datetime import timedelta

        return timedelta(0)

    def _invalidate_cache(self, session_id: str) -> None:
        """Do nothing: there is no cache."""
