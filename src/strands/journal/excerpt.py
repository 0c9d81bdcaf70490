"""What an answer has to see of a session, and an append that is decided on it while nobody else writes.

A store that has an `answer` reads no more than that, under the lock of the session; for one that has not, the functions
of this module read the whole journal and append against what they have read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import Any, NamedTuple

from strands.journal.entries import Draft, Entry
from strands.journal.protocol import Conflict, Journal, Repository, append_durably


class Excerpt(NamedTuple):
    """Some entries of a session, in their order.

    Those are: the opening and what later drives changed of it, the questions that were meant and those that are open
    and of which something is due (a deadline, a reminder, an escalation), what closed them, and what ended the session.
    What happened to a question besides is not among them, unless these are all that there are.

    Attributes:
        entries: The entries.
        now: Unix time, in seconds, by the store's clock.
        is_whole: These are all that there are; else a question that is not among them may be there all the same.
    """

    entries: list[Entry]
    now: float
    is_whole: bool


Decide = Callable[[Excerpt], Sequence[Draft]]
"""Returns what to append. It may be asked again, and from another thread; what it raises leaves all as it is."""


async def answer(journal: Journal, keys: Sequence[str], decide: Decide, *, now: float | None = None) -> list[Entry]:
    """Append durably what `decide` returns of an excerpt, so that nobody else writes between the two.

    Args:
        journal: The session's journal; it need not have been read.
        keys: The questions that are meant, by id.
        decide: Returns what to append.
        now: Unix time in seconds; default: the store's clock.

    Returns:
        The entries.

    Raises:
        SessionNotFoundError: There is no such session, or it was deleted.
        StorageError: The write failed.
    """
    own: Any = getattr(journal, "answer", None)
    if own is None:
        return await answer_by_all(journal, decide, now=now)
    entries: list[Entry] = await own(keys, decide, now=now)
    return entries


async def answer_in(
    repository: Repository, session_id: str, keys: Sequence[str], decide: Decide, *, now: float | None = None
) -> list[Entry]:
    """Append as `answer` does, in the session of that id."""
    own: Any = getattr(repository, "answer", None)
    if own is None:
        return await answer(await repository.open(session_id), keys, decide, now=now)
    entries: list[Entry] = await own(session_id, keys, decide, now=now)
    return entries


async def answer_by_all(journal: Journal, decide: Decide, *, now: float | None = None) -> list[Entry]:
    """Append as `answer` does, by an excerpt that is the whole journal."""
    while True:
        whole = await _all(journal, now)
        drafts = decide(whole)
        if not drafts:
            return []
        try:
            return await append_durably(journal, drafts, expect=len(whole.entries))
        except Conflict:
            continue


async def excerpt(journal: Journal, keys: Sequence[str] | None = None, *, now: float | None = None) -> Excerpt:
    """Return what an answer has to see; nothing is written.

    Args:
        journal: The session's journal; it need not have been read.
        keys: The questions that are meant, by id; None for all that are open.
        now: Unix time in seconds; default: the store's clock.
    """
    own: Any = getattr(journal, "excerpt", None)
    if own is None:
        return await _all(journal, now)
    found: Excerpt = await own(keys, now=now)
    return found


async def _all(journal: Journal, now: float | None) -> Excerpt:
    entries = await journal.load()
    return Excerpt(entries, await now_of(journal) if now is None else now, True)


async def now_of(store: object) -> float:
    """Return the Unix time, in seconds, by the clock of a journal's or a repository's store; else by the machine's."""
    own: Any = getattr(store, "now", None)
    if own is None:
        return time.time()
    told = own()
    return float(await told if isawaitable(told) else told)
