"""Who looks at which session next: what is due is handed out, and what the dead held is due.

A store may answer by queries of its own, as databases do; for others the functions of this module read its journals.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from strands.journal.errors import SessionError, StorageError
from strands.journal.excerpt import now_of
from strands.journal.find import Due, Folded, due_since, folded_of
from strands.journal.protocol import Repository, is_alive

AHEAD_SECONDS = 5.0
"""After so many seconds a session that was handed out, and that nobody has begun to drive, is handed out again."""

_handed_out: WeakKeyDictionary[Any, dict[str, tuple[int, float]]] = WeakKeyDictionary()
"""What this process was handed out by a store that does not note it: how many entries it had, and until when."""


async def take_due(
    repository: Repository,
    *,
    limit: int,
    ahead: float = AHEAD_SECONDS,
    workflows: Collection[str] | None = None,
    without: Collection[str] = (),
) -> list[Due]:
    """Hand out sessions that somebody has to look at, the longest due first.

    Each was answered, is past a deadline, or was queued, and is at rest; or its driver has died. In a database none is
    handed out to two who ask; elsewhere its lease decides who gets it.

    Args:
        repository: Where they are kept.
        limit: At most so many.
        ahead: So many seconds later they are handed out again, unless somebody has driven them.
        workflows: Only those of workflows with these names; None for all.
        without: Not the sessions with these ids.
    """
    own: Any = getattr(repository, "take_due", None)
    if own is not None:
        taken: list[Due] = await own(limit=limit, ahead=ahead, workflows=workflows, without=without)
        return taken
    now, known = await now_of(repository), _handed_out.setdefault(repository, {})
    found: list[Due] = []
    waking: Any = getattr(repository, "waking", None)
    folded: dict[str, Folded] = dict(await (folded_of(repository) if waking is None else waking()))
    for session_id, each in folded.items():
        if session_id in without or (workflows is not None and each.workflow not in workflows):
            continue
        due = await _due(repository, session_id, each, now)
        entries, until = known.get(session_id, (-1, 0.0))
        if due is not None and (due.entries != entries or until <= now):
            found.append(due)
    for gone in known.keys() - folded.keys():
        del known[gone]
    found = sorted(found, key=lambda due: due.since)[:limit]
    known.update((due.session_id, (due.entries, now + ahead)) for due in found)
    return found


async def _due(repository: Repository, session_id: str, told: Folded, now: float) -> Due | None:
    """Return since when a session is due; None if it is not."""
    if told.driver:
        try:
            alive = await is_alive(await repository.open(session_id), told.driver)
        except (SessionError, StorageError):  # it is gone, or cannot be read now
            return None
        return None if alive else Due(session_id, told.wakes_at or told.updated_at, told.entries)
    since = None if told.wakes_at is None else due_since(told, now)
    return None if since is None or since > now else Due(session_id, since, told.entries)


async def postpone(repository: Repository, session_ids: Sequence[str], seconds: float) -> None:
    """Have sessions that were handed out be due again in so many seconds; not those that have become due anew."""
    own: Any = getattr(repository, "postpone", None)
    if own is not None:
        await own(session_ids, seconds)
        return
    known, until = _handed_out.setdefault(repository, {}), await now_of(repository) + seconds
    known.update((each, (known[each][0], until)) for each in session_ids if each in known)


async def reap(repository: Repository) -> int:
    """Have the sessions of dead drivers be due now.

    Returns:
        How many there were; 0 where they are due without that.
    """
    own: Any = getattr(repository, "reap", None)
    return int(await own()) if own is not None else 0


# -- workers --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def entered(repository: Repository) -> AsyncIterator[str]:
    """Be a driver of a store that drives no session yet: yields an id that is alive as long as this block.

    A store made for release 0.1.0 gives none, and nobody can tell whether it is alive.
    """
    store: Any = repository
    if not hasattr(store, "enter"):
        yield uuid.uuid4().hex
        return
    driver: str = await store.enter()
    try:
        yield driver
    finally:
        await asyncio.shield(store.leave(driver))


async def put_worker(repository: Repository, driver: str, said: Mapping[str, Any]) -> None:
    """Keep what a worker says of itself, in place of what it said before; a store that keeps no such list forgets it.

    Args:
        repository: The store that it works for.
        driver: Its id; see `entered`.
        said: Plain data, without anything that a session holds but its id.
    """
    own: Any = getattr(repository, "put_worker", None)
    if own is not None:
        await own(driver, said)


async def remove_worker(repository: Repository, driver: str) -> None:
    """Forget what a worker said: it ends."""
    own: Any = getattr(repository, "remove_workers", None)
    if own is not None:
        await own([driver])


async def workers(repository: Repository) -> dict[str, Mapping[str, Any]]:
    """Return what the workers that are alive say of themselves, by their ids; forget what the dead have said."""
    store: Any = repository
    if not hasattr(store, "workers"):
        return {}
    known: dict[str, Mapping[str, Any]] = await store.workers()
    alive = await store.alive(list(known))
    dead = [driver for driver in known if driver not in alive]
    if dead:
        with contextlib.suppress(StorageError):  # who may only read sees the living all the same
            await store.remove_workers(dead)
    return {driver: said for driver, said in known.items() if driver in alive}
