"""Cleaning up: sessions that are over and old go, and of every other old one it is told why it stays."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from strands_cli.errors import SessionError, SessionNotFoundError, StorageError

if TYPE_CHECKING:
    from strands_cli.api.options import Options
    from strands_cli.api.session import Session
    from strands_cli.kernel.state import State

DAY = 86_400.0
OVER = ("completed", "cancelled")
_REASONS = {
    "paused": "it waits for an answer",
    "answered": "it waits for nobody and can go on: resume it",
    "failed": "it can go on from what it finished: resume it",
    "interrupted": "it can go on from what it finished: resume it",
    "queued": "it waits for a worker",
    "running": "it is being run",
}


class Cleanup(list[str]):
    """The ids of the sessions that were removed, or that would be in a dry run.

    Attributes:
        kept: The id of each other session that is as old, and why it stays.
    """

    def __init__(self, removed: Iterable[str] = ()) -> None:
        super().__init__(removed)
        self.kept: dict[str, str] = {}


async def clean_up(options: Options, max_age_days: float, *, paused: bool, dry_run: bool) -> Cleanup:
    """Remove the sessions that are over and have not been touched for so many days; see `SessionManager`."""
    from strands_cli.api.session import Session

    store = options.store()
    oldest = time.time() - max_age_days * DAY
    result = Cleanup()
    if not dry_run and hasattr(store, "sweep"):
        await store.sweep()
    for session_id in await store.ids():
        try:
            session = await Session.found(options, session_id)
            if session.updated_at > oldest:
                continue
            reason = _reason(session, paused)
            if reason is None and not dry_run:
                await _removed(options, session, paused)
        except SessionNotFoundError:
            continue
        except (SessionError, StorageError) as error:
            reason = error.message
        if reason is None:
            result.append(session_id)
        else:
            result.kept[session_id] = reason
    return result


async def prune(options: Options, *, before: float, statuses: Sequence[str], limit: int, dry_run: bool) -> list[str]:
    """Remove some sessions that are over, and were not touched since `before`; return their ids.

    Args:
        before: Unix time in seconds.
        statuses: completed, cancelled, or both.
        limit: At most so many.
        dry_run: Remove nothing.
    """
    from strands_cli.api.session import Session

    store = options.store()
    own = getattr(store, "prune", None)
    if own is not None and not dry_run:
        return list(await own(before=before, statuses=statuses, limit=limit))
    removed: list[str] = []
    for session_id in await store.ids():
        if len(removed) == limit:
            break
        with contextlib.suppress(SessionError, StorageError):
            session = await Session.found(options, session_id)
            if session.updated_at < before and session.status in statuses:
                if not dry_run:
                    await _removed(options, session, paused=False)
                removed.append(session_id)
    if removed and not dry_run and hasattr(store, "sweep"):
        await store.sweep()
    return removed


def _reason(session: Session, paused: bool) -> str | None:
    """Return why a session stays, or None when it goes."""
    status = session.status
    if status in OVER or (paused and status == "paused"):
        return None
    return f"{status}: {_REASONS.get(status, 'it is not over')}"


async def _removed(options: Options, session: Session, paused: bool) -> None:
    from strands_cli.kernel.handlers import current_user
    from strands_cli.session.deletion import delete

    def judge(newest: State) -> None:
        if newest.status not in OVER and not (paused and newest.status == "paused"):
            raise SessionError(f"{newest.status}: it has moved on")

    await delete(options.store(), session._journal, by=current_user(), now=time.time(), judge=judge)
