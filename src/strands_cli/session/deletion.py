"""Deleting a session: an entry first, by compare-and-append, so that only the newest state is judged."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

from strands_cli.errors import SessionError
from strands_cli.kernel.drive import held
from strands_cli.kernel.journal import Conflict, Journal, append_durably, is_alive
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft
from strands_cli.session.repository import SessionRepository


async def delete(
    store: SessionRepository,
    journal: Journal,
    *,
    by: str,
    now: float,
    judge: Callable[[State], None] | None = None,
) -> None:
    """Delete a session that nobody drives: from the entry on nothing more is written to it, then it is removed.

    Args:
        store: Where it is kept.
        journal: The session.
        by: Who deletes it.
        now: Unix time in seconds.
        judge: Is shown the newest state; what it raises keeps the session.

    Raises:
        LeaseHeldError: It is being run.
        SessionNotFoundError: It was deleted meanwhile.
    """
    while True:
        state = State(await journal.load())
        if state.driver and await is_alive(journal, state.driver):
            raise held(journal)
        if judge is not None:
            judge(state)
        try:
            await append_durably(journal, (Draft("deleted", "", {"by": by}, now),), expect=state.count)
        except Conflict:
            continue
        break
    if "expect" in signature(store.delete).parameters:
        await store.delete(journal.session_id, expect=state.count + 1)
    else:
        await store.delete(journal.session_id)


def unmoved(journal: Journal, seen: State, newest: State) -> None:
    """Raise SessionError when, since somebody saw it, a session that is not over has asked or was answered."""
    if newest.finished or (newest.asked.keys() == seen.asked.keys() and newest.answered.keys() == seen.answered.keys()):
        return
    waits = ", ".join(repr(entry.key) for entry in newest.open_questions())
    now = f"it waits for {waits}" if waits else "its questions are answered, so it can go on"
    raise SessionError(
        f"session {journal.session_id!r} has moved on since it was read: {now}",
        hint=f"Look at it again: strands sessions show {journal.session_id}. Nothing was deleted.",
    )
