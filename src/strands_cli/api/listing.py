"""Lists of sessions: by the store's own queries where it has any, and without reading what need not be read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from strands_cli.errors import SessionError, SessionNotFoundError, StorageError

if TYPE_CHECKING:
    from strands.journal.find import Page, SessionSummary
    from strands_cli.api.options import Options
    from strands_cli.api.session import Session

logger: logging.Logger = logging.getLogger(__name__)

_PAGE, _ALL = 100, 1_000_000_000
_RESTS = {
    "running": ("interrupted",),
    "interrupted": ("interrupted",),
    "paused": ("paused", "interrupted"),
    "answered": ("paused", "interrupted"),
}
"""What sessions of a status may have come to, where that is not the status itself."""


async def sessions(
    options: Options, *, status: str | None, workflow: str | None, limit: int | None, offset: int
) -> list[Session]:
    """Return sessions as `SessionManager.list_sessions_async` does."""
    if not _has_lists(options):
        found = _newest_first([each async for each in _all(options) if _is_meant(each, status, workflow)])
        return found[offset:] if limit is None else found[offset : offset + limit]
    found = []
    async for told in _summaries(options, status, workflow):
        if limit is not None and len(found) == offset + limit:
            break
        session = await _read(options, told.id)
        if session is not None and _is_meant(session, status, workflow):
            found.append(session)
    return found[offset:]


async def lines(options: Options, *, status: str | None, workflow: str | None, limit: int) -> list[dict[str, Any]]:
    """Return what a list says of each session, as `summary` does."""
    if not _has_lists(options):
        found = await sessions(options, status=status, workflow=workflow, limit=limit, offset=0)
        return [summary(each) for each in found]
    told: list[dict[str, Any]] = []
    async for each in _summaries(options, status, workflow):
        if len(told) == limit:
            break
        line = await _line(options, each)
        if line is not None and status in (None, line["status"]):
            told.append(line)
    return told


async def page(
    options: Options, *, status: str | None, workflow: str | None, limit: int, after: str
) -> Page[dict[str, Any]]:
    """Return what a list says of each session, the newest first, as `summary` does.

    Args:
        options: Where they are kept.
        status: Only those with this status.
        workflow: Only those of the workflow with this name.
        limit: At most so many; a page may have fewer although there is another.
        after: Where the page before said that this one begins.
    """
    from strands.journal.find import RESTS, Page, find

    rests = RESTS if status is None else _RESTS.get(status, (status,))
    found = await find(options.store(), rests=rests, workflow=workflow or "", limit=limit, after=after)
    told = [line for each in found.items if (line := await _line(options, each)) is not None]
    return Page([line for line in told if status in (None, line["status"])], found.after)


async def waiting(options: Options) -> list[Session]:
    """Return the sessions that wait for an answer, the newest first."""
    from strands.journal.find import open_questions

    if not _has_lists(options):
        return _newest_first([each async for each in _all(options) if each.questions])
    ids: dict[str, None] = {}
    after, more = "", True
    while more:
        page = await open_questions(options.store(), limit=_page(options), after=after)
        ids.update(dict.fromkeys(each.session_id for each in page.items))
        after, more = page.after, bool(page.after)
    found = [await _read(options, each) for each in ids]
    return _newest_first([session for session in found if session is not None and session.questions])


def _newest_first(found: list[Session]) -> list[Session]:
    return sorted(found, key=lambda session: session.created_at, reverse=True)


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


async def _line(options: Options, told: SessionSummary) -> dict[str, Any] | None:
    if told.rest == "interrupted" and told.asked and not told.driven:
        session = await _read(options, told.id)  # killed while it waited, perhaps: its journal tells
        return summary(session) if session is not None else None
    status = told.rest
    if told.driven:
        status = "running"
    elif told.rest == "paused" and not told.waits_for:
        status = "answered"
    return {
        "id": told.id,
        "status": status,
        "workflow": told.workflow,
        "pattern": told.pattern,
        "created_at": told.created_at,
        "updated_at": told.updated_at,
        "questions": list(told.waits_for),
        "tokens": told.tokens,
    }


async def _summaries(options: Options, status: str | None, workflow: str | None) -> AsyncIterator[SessionSummary]:
    from strands.journal.find import RESTS, find

    rests = RESTS if status is None else _RESTS.get(status, (status,))
    after, more, limit = "", True, _page(options)
    while more:
        page = await find(options.store(), rests=rests, workflow=workflow or "", limit=limit, after=after)
        for each in page.items:
            yield each
        after, more = page.after, bool(page.after)


def _has_lists(options: Options) -> bool:
    """Whether the store tells what is in it without every journal being read."""
    return any(hasattr(options.store(), name) for name in ("find", "folded"))


def _page(options: Options) -> int:
    """Return how many are asked for at once: all, where each page would look at all again."""
    return _PAGE if hasattr(options.store(), "find") else _ALL


async def _all(options: Options) -> AsyncIterator[Session]:
    for session_id in await options.store().ids():
        session = await _read(options, session_id)
        if session is not None:
            yield session
        await asyncio.sleep(0)


async def _read(options: Options, session_id: str) -> Session | None:
    """Return a session; None for one that is gone, or cannot be read, which the log says."""
    from strands_cli.api.session import Session

    try:
        return await Session.found(options, session_id)
    except SessionNotFoundError:
        return None
    except (SessionError, StorageError) as error:
        named = error.message if session_id in error.message else f"session {session_id!r}: {error.message}"
        logger.warning("%s", named)
        return None


def _is_meant(session: Session, status: str | None, workflow: str | None) -> bool:
    return status in (None, session.status) and workflow in (None, session.workflow_name)
