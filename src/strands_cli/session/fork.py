"""A fork: a new session that begins with what another had recorded before one of its steps."""

from __future__ import annotations

from strands_cli.errors import SessionError
from strands_cli.kernel.journal import Journal
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session.repository import SessionRepository

_CARRIED = ("started", "done", "asked", "answered", "expired", "noted", "retry")


async def fork(store: SessionRepository, journal: Journal, at: str, *, session_id: str, now: float) -> Journal:
    """Copy a session up to a step, durably; the original stays as it is.

    Args:
        store: Where the new session is kept.
        journal: The session to copy.
        at: The key of the first step (or question) that is to happen again.
        session_id: The new session's id.
        now: Unix time in seconds.

    Returns:
        The new session's journal; resuming it runs from `at` on.

    Raises:
        SessionError: The session has no such step.
        SessionExistsError: The new id is taken.
    """
    entries = await journal.load()
    before = _before(entries, at, journal.session_id)
    data = {**State(entries).origin, "forked_from": {"session": journal.session_id, "at": at}}
    copy = await store.create(session_id, Draft("opened", "", data, now))
    drafts = [Draft(entry.kind, entry.key, entry.data, entry.at) for entry in before if entry.kind in _CARRIED]
    if drafts:
        await copy.append(drafts, expect=1)
        await copy.sync()
    return copy


def _before(entries: list[Entry], at: str, session_id: str) -> list[Entry]:
    for index, entry in enumerate(entries):
        if at and (entry.key == at or entry.key.startswith(f"{at}/")):
            return entries[:index]
    steps = dict.fromkeys(entry.key for entry in entries if entry.kind in ("started", "asked") and entry.key)
    raise SessionError(
        f"session {session_id!r} has no step {at!r}",
        hint=f"It has: {', '.join(steps)}." if steps else "Nothing of it has run yet: resume it.",
    )
