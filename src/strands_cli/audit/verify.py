"""Verifying a store: the chain of each journal, its heads, and every decision once more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from strands.journal.transfer import exported
from strands_cli.audit import anchors
from strands_cli.audit.anchors import SessionContent, content_of
from strands_cli.audit.findings import AuditFinding, AuditReport
from strands_cli.audit.heads import Heads, read_heads
from strands_cli.audit.replay import AnswerReplay
from strands_cli.audit.tools import ToolCheck
from strands_cli.errors import SessionDamagedError, SessionNotFoundError

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository


async def verify(store: SessionRepository, session_ids: Sequence[str] | None = None) -> AuditReport:
    """Return what does not hold of some sessions.

    Args:
        store: Where they are kept.
        session_ids: The sessions; None for all, and for the log of their heads.

    Raises:
        SessionNotFoundError: One of these is not there, and no head says that it was.
        StorageError: The store, or the key, cannot be read.
    """
    heads = await read_heads(store)
    known = heads or Heads()
    report = AuditReport(heads=None if heads is None else heads.count, last_head=known.last, is_marked=known.is_marked)
    report.findings += [each for each in known.findings if session_ids is None or each.session in ("", *session_ids)]
    async for content, found in _each(store, known, session_ids):
        report.sessions += 1
        report.decisions += len(content.decisions()) if content is not None else 0
        report.findings += found
    return report


async def _each(
    store: SessionRepository, heads: Heads, session_ids: Sequence[str] | None
) -> AsyncIterator[tuple[SessionContent | None, list[AuditFinding]]]:
    ids = await store.ids()
    for session_id in ids if session_ids is None else session_ids:
        content, found = await _looked_at(store, session_id, heads)
        if any(each.is_fault for each in found) or (content is None and found):  # it may have moved on meanwhile
            content, found = await _looked_at(store, session_id, await read_heads(store) or heads)
        if content is not None or found:
            yield content, found
    if session_ids is None:
        for session_id in await _removed(store, heads, {*ids}):
            yield None, [_is_removed(session_id)]


async def _removed(store: SessionRepository, heads: Heads, ids: set[str]) -> list[str]:
    gone = [each for each in heads.by_session if each not in ids and not heads.is_deleted(each)]
    if not gone:
        return []
    now, there = await read_heads(store) or heads, {*await store.ids(), *_buried(store)}
    return [each for each in gone if each not in there and not now.is_deleted(each)]


def _buried(store: SessionRepository) -> set[str]:
    own: Any = getattr(store, "buried", None)
    return set() if own is None else own()


def _is_removed(session_id: str) -> AuditFinding:
    return AuditFinding(session_id, None, "removed", "it had decisions and is gone, and nobody deleted it")


async def _looked_at(
    store: SessionRepository, session_id: str, heads: Heads
) -> tuple[SessionContent | None, list[AuditFinding]]:
    """Return what a session says, and what does not hold of it; None where it is gone."""
    try:
        content = content_of(await lines_of(store, session_id))
    except SessionDamagedError as error:  # a line cannot even be decoded
        return None, [AuditFinding(session_id, None, "chain", error.message)]
    except SessionNotFoundError:
        if heads.is_deleted(session_id) or session_id in _buried(store):
            return None, []
        if heads.by_session.get(session_id):
            return None, [_is_removed(session_id)]
        raise
    if content.entries and content.entries[-1].kind == "deleted":
        return content, []  # somebody is about to remove it
    return content, [*anchors.check(session_id, content, heads), *_replayed(session_id, content)]


async def lines_of(store: SessionRepository, session_id: str) -> bytes:
    """Return the lines of a session as they are, whatever is wrong with them.

    Raises:
        SessionNotFoundError: There is none.
        SessionDamagedError: A line cannot even be decoded.
    """
    own: Any = getattr(store, "content", None)
    content: bytes = await (exported(store, session_id) if own is None else own(session_id))
    return content


def _replayed(session_id: str, content: SessionContent) -> list[AuditFinding]:
    is_redacted = any(entry.kind == "redacted" for entry in content.entries)
    replay, tools = AnswerReplay(session_id, is_redacted=is_redacted), ToolCheck(session_id)
    found: list[AuditFinding] = []
    for entry in content.entries:
        found += tools.findings(replay.state, entry)
        found += replay.findings([entry])
    return found
