"""Heads that are owed: a writer was killed between what it wrote and its head, or had no key."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from strands._threads import on_disk
from strands.journal.heads import MENDED, JournalHead
from strands.journal.moved import moved
from strands_cli.audit import anchors
from strands_cli.audit.anchors import SessionContent, content_of
from strands_cli.audit.heads import Heads, log_of, read_heads
from strands_cli.audit.verify import lines_of
from strands_cli.errors import SessionDamagedError, SessionNotFoundError

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository

SETTLED_SECONDS = 60.0
"""After so long whoever has written a decision has signed its head or never will, and it is on disk."""


async def mend(store: SessionRepository, *, settled: float = SETTLED_SECONDS, limit: int = 1000) -> list[str]:
    """Sign the heads that are owed; of a session of which something does not hold, none.

    Only sessions that have changed since the last time are looked at.

    Args:
        store: Where the sessions are kept.
        settled: Seconds for which nothing was written to a session.
        limit: Sign so many at most.

    Returns:
        The sessions whose heads were signed.

    Raises:
        StorageError: The store, or the key, cannot be read.
    """
    log, begun = log_of(store), time.time()
    if log is None:
        return []
    looked = _looked_path(log.place)
    changed = await moved(store, await on_disk(lambda: _read(looked)) - 2 * settled)
    heads = await read_heads(store) if changed else None
    owed: list[JournalHead] = []
    for session_id, _, _ in changed if heads is not None else ():
        with contextlib.suppress(SessionNotFoundError, SessionDamagedError):
            head = _owed(session_id, content_of(await lines_of(store, session_id)), heads or Heads(), settled)
            owed += [head] if head is not None and len(owed) < limit else []
    if owed:
        await on_disk(lambda: log.append(owed))
    if len(owed) < limit:
        await on_disk(lambda: _write(looked, begun))
    return [head.session for head in owed]


def _owed(session_id: str, content: SessionContent, heads: Heads, settled: float) -> JournalHead | None:
    found = anchors.check(session_id, content, heads)
    due = [each for each in found if each.rule in ("unanchored", "redacting")]
    if not due or any(each.is_fault for each in found) or time.time() - content.entries[-1].at < settled:
        return None
    return JournalHead(session_id, MENDED, content.opening, len(content.entries), content.sums[-1], time.time())


def _looked_path(place: str) -> str:
    from strands.journal.signed_heads import mark_path

    return os.fspath(mark_path(place).with_suffix(".looked"))


def _read(path: str) -> float:
    try:
        with open(path, encoding="ascii") as stream:
            return float(stream.read())
    except (OSError, ValueError):
        return 0.0


def _write(path: str, at: float) -> None:
    from strands.journal import files

    with contextlib.suppress(OSError):
        if os.path.isdir(os.path.dirname(path)):
            files.replace(path, repr(at).encode("ascii"))
