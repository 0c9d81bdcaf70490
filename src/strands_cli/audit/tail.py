"""The newest decisions of a store, in the order in which their heads were signed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from strands._threads import on_disk
from strands.journal import signed_heads
from strands_cli.audit.anchors import content_of
from strands_cli.audit.decisions import rows
from strands_cli.audit.heads import Heads, log_of
from strands_cli.audit.verify import lines_of
from strands_cli.errors import SessionDamagedError, SessionNotFoundError, StorageError
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.journal.heads import HeadsLog, JournalHead
    from strands_cli.session.repository import SessionRepository

_POLL_SECONDS = 0.5


async def tail(store: SessionRepository, *, last: int = 10, follow: bool = False) -> AsyncIterator[dict[str, Json]]:
    """Yield rows of decisions, as `strands_cli.audit.decisions` has them; `anchored` is not told.

    Args:
        store: Where the sessions are kept.
        last: Begin with so many decisions that have been made.
        follow: Go on with what is decided from now on.

    Raises:
        StorageError: The store keeps no signed heads, or they cannot be read.
    """
    log = log_of(store)
    if log is None:
        raise StorageError(
            f"{type(store).__name__} keeps no signed heads", hint="Use a directory, SQLite or PostgreSQL."
        )
    told: set[tuple[str, int]] = set()
    heads = await on_disk(lambda: _read(log))
    for row in await _newest(store, heads, last):
        yield row
    begun = {head.session: head.entries for head in heads}
    while follow:
        await asyncio.sleep(_POLL_SECONDS)
        there = await on_disk(lambda: _read(log))
        for head in there[len(heads) :]:
            first = begun.get(head.session, 0)
            for row in await _rows(store, head, first):
                if (head.session, row["seq"]) not in told:
                    told.add((head.session, row["seq"]))
                    yield row
        heads = there


def _read(log: HeadsLog) -> list[JournalHead]:
    return [each.head for each in signed_heads.read(log.content())[0]]


async def _newest(store: SessionRepository, heads: list[JournalHead], last: int) -> list[dict[str, Json]]:
    found: dict[tuple[str, int], dict[str, Json]] = {}
    for head in reversed(heads):
        if len(found) >= last:
            break
        for row in reversed(await _rows(store, head, 0)):
            if row["seq"] < head.entries:
                found.setdefault((head.session, row["seq"]), row)
    newest = sorted(found.values(), key=lambda row: float(row["at"]))
    return newest[-last:] if last else []


async def _rows(store: SessionRepository, head: JournalHead, first: int) -> list[dict[str, Json]]:
    """Return the decisions of a session that a head covers, from entry `first` on; none where it is gone."""
    try:
        content = content_of(await lines_of(store, head.session))
    except (SessionNotFoundError, SessionDamagedError):
        return []
    found = rows(head.session, content, Heads())
    return [{**row, "anchored": True} for row in found if first <= row["seq"] < head.entries]
