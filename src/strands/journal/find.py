"""Which sessions there are, what they wait for, and which are due: told without reading what anybody said.

A store may answer by queries of its own (`find`, `open_questions`, `due`); for one that does not, the functions of this
module read its journals.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from strands.journal.entries import Entry
from strands.journal.errors import SessionError, SessionNotFoundError, StorageError
from strands.journal.excerpt import now_of
from strands.journal.projection import INTERRUPTED, OVER, PAUSED, QUEUED, Asked, Change, change_of
from strands.journal.protocol import Repository, is_alive

T = TypeVar("T")

logger: logging.Logger = logging.getLogger(__name__)


class SessionSummary(NamedTuple):
    """What is known of a session without what anybody said in it.

    Attributes:
        id: The session.
        workflow: The workflow's name.
        pattern: Its pattern.
        rest: What it came to: paused, failed, completed, cancelled, queued while it waits for a worker, or interrupted
            while it has come to nothing.
        driven: Whether somebody who is alive drives it.
        waits_for: The ids of the questions that are open, and not past their deadlines.
        asked: How many questions it has asked.
        tokens: How many tokens it has used.
        created_at: Unix time in seconds.
        updated_at: Unix time, in seconds, of the newest entry.
    """

    id: str
    workflow: str
    pattern: str
    rest: str
    driven: bool
    waits_for: tuple[str, ...]
    asked: int
    tokens: int
    created_at: float
    updated_at: float


class QuestionSummary(NamedTuple):
    """An open question without what it asks.

    Attributes:
        session_id: The session.
        id: The question.
        kind: What it is about.
        asked_at: Unix time in seconds.
        deadline: Unix time in seconds, or None.
    """

    session_id: str
    id: str
    kind: str
    asked_at: float
    deadline: float | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list.

    Attributes:
        items: What is in it.
        after: Where the next page begins, to be given to the same call; "" when this is the last.
    """

    items: list[T]
    after: str


class Due(NamedTuple):
    """A session that somebody has to look at.

    Attributes:
        session_id: The session.
        since: Unix time, in seconds, from which on.
        entries: How many it has.
    """

    session_id: str
    since: float
    entries: int


Question = tuple[str, str, float, "float | None"]
"""An open question: its id, what it is about, when it was asked, and its deadline."""


class Folded(NamedTuple):
    """What the entries of a session come to, as far as lists need it.

    Attributes:
        rest: As in `SessionSummary`.
        driver: Who drove it last, and may be at it still; "" for nobody.
        wakes_at: Unix time, in seconds, from which on somebody has to look at it; None for never.
        timer: Unix time, in seconds, at which something is due of its open questions; None for never.
        entries: How many there are.
        questions: Those that are open, past their deadlines or not.
    """

    workflow: str
    pattern: str
    rest: str
    driver: str
    asked: int
    tokens: int
    created_at: float
    updated_at: float
    wakes_at: float | None
    timer: float | None
    entries: int
    questions: tuple[Question, ...]


TIMED = (INTERRUPTED, QUEUED, PAUSED)
"""What sessions have come to in which the time of a question may come."""

RESTS = (INTERRUPTED, QUEUED, PAUSED, "failed", "completed", "cancelled")
"""What a session can have come to."""


async def find(
    repository: Repository, *, rests: Sequence[str] = RESTS, workflow: str = "", limit: int = 50, after: str = ""
) -> Page[SessionSummary]:
    """Return sessions, the newest first; one that cannot be read is named in the log and hides no other.

    Args:
        repository: Where they are kept.
        rests: Only those that have come to one of these.
        workflow: Only those of the workflow with this name.
        limit: At most so many.
        after: Where the page before said that this one begins.
    """
    own: Any = getattr(repository, "find", None)
    if own is not None:
        page: Page[SessionSummary] = await own(rests=rests, workflow=workflow, limit=limit, after=after)
        return page
    now = await now_of(repository)
    folded = [(id, each) for id, each in await folded_of(repository) if each.rest in rests]
    found = [await _summary(repository, id, each, now) for id, each in folded if workflow in ("", each.workflow)]
    return sessions_page(found, limit, after)


async def open_questions(repository: Repository, *, limit: int = 50, after: str = "") -> Page[QuestionSummary]:
    """Return the questions that are open in all sessions, the oldest first; those past their deadlines are not.

    Args:
        repository: Where the sessions are kept.
        limit: At most so many.
        after: Where the page before said that this one begins.
    """
    own: Any = getattr(repository, "open_questions", None)
    if own is not None:
        page: Page[QuestionSummary] = await own(limit=limit, after=after)
        return page
    now = await now_of(repository)
    return questions_page(questions_in(await folded_of(repository), now), limit, after)


async def due(repository: Repository, *, limit: int = 50) -> list[Due]:
    """Return sessions that somebody has to look at, the longest due first: answered, or past a deadline, and at rest.

    Args:
        repository: Where they are kept.
        limit: At most so many.
    """
    own: Any = getattr(repository, "due", None)
    if own is not None:
        told: list[Due] = await own(limit=limit)
        return told
    now = await now_of(repository)
    return due_in(await folded_of(repository), now)[:limit]


def due_in(folded: Sequence[tuple[str, Folded]], now: float) -> list[Due]:
    """Return those of these sessions that are due, the longest due first."""
    found = [Due(id, due_since(each, now), each.entries) for id, each in folded if each.wakes_at is not None]
    return sorted((each for each in found if each.since <= now), key=lambda each: each.since)


async def timed(repository: Repository, *, limit: int = 50, without: Collection[str] = ()) -> list[str]:
    """Return the sessions in which a deadline, a reminder or an escalation is due and that nobody drives: their ids,
    the longest due first.

    Args:
        repository: Where they are kept.
        limit: At most so many.
        without: Not the sessions with these ids.
    """
    own: Any = getattr(repository, "timed", None)
    if own is not None:
        told: list[str] = await own(limit=limit, without=without)
        return told
    now = await now_of(repository)
    folded = await folded_of(repository)
    late = [(each.timer, id, each.driver) for id, each in folded if _is_at_most(each.timer, now) and id not in without]
    found = [id for _, id, driver in sorted(late) if not driver or not await _is_driven(repository, id, driver)]
    return found[:limit]


async def next_timer(repository: Repository) -> float | None:
    """Return when something is due next of the open questions of sessions that nobody drives; None for never.

    It is Unix time, in seconds, by the store's clock; what is overdue counts.
    """
    own: Any = getattr(repository, "next_timer", None)
    if own is not None:
        told: float | None = await own()
        return told
    times = [each.timer for _, each in await folded_of(repository) if each.timer is not None and not each.driver]
    return min(times, default=None)


def _is_at_most(time: float | None, now: float) -> bool:
    return time is not None and time <= now


async def _is_driven(repository: Repository, session_id: str, driver: str) -> bool:
    try:
        return await is_alive(await repository.open(session_id), driver)
    except (SessionError, StorageError):  # it is gone, or cannot be read now
        return True


def _timer(change: Change) -> float | None:
    return min((each.timer for each in _open(change) if each.timer is not None), default=None)


def due_since(told: Folded, now: float) -> float:
    """Return from when on a session is due: an answer is there, even if its writer's clock is ahead of the store's."""
    since = told.wakes_at
    assert since is not None
    waits = any(deadline == since for _, _, _, deadline in told.questions)
    return since if waits else min(since, now)


def is_due(entries: Sequence[Entry], now: float) -> bool:
    """Return whether somebody has to look at a session with these entries: then who drove it may have died as well."""
    change = change_of(entries, 0)
    if change.pauses and not change.wakes:
        return any(each.deadline is not None and each.deadline <= now for each in _open(change))
    return change.wakes or bool(change.driver)


def wakes_at(entries: Sequence[Entry]) -> float | None:
    """Return the Unix time, in seconds, from which on somebody has to look at a session; None for never."""
    since: float | None = None
    for seq, entry in enumerate(entries):
        change = change_of([entry], seq)
        if change.status == PAUSED:
            waiting = change_of(entries[: seq + 1], 0)
            since = min((each.deadline for each in _open(waiting) if each.deadline is not None), default=None)
        elif change.wakes:
            since = entry.at
        elif change.status is not None:
            since = None
    return since


def _open(change: Change) -> list[Asked]:
    return [each for each in change.asked.values() if each.key not in change.answered]


async def folded_of(repository: Repository) -> list[tuple[str, Folded]]:
    """Return what the journals come to, of all that can be read; the log names the others."""
    own: Any = getattr(repository, "folded", None)
    if own is not None:
        told: list[tuple[str, Folded]] = await own()
        return told
    found = []
    for session_id in await repository.ids():
        each = await folded_journal(repository, session_id)
        if isinstance(each, Folded):
            found.append((session_id, each))
        elif each:
            logger.warning("%s", each)
    return found


async def folded_journal(repository: Repository, session_id: str) -> Folded | str:
    """Return what a journal comes to; what is wrong with one that cannot be read; "" for one that is not there."""
    try:
        entries = await (await repository.open(session_id)).load()
    except SessionNotFoundError:
        return ""
    except (SessionError, StorageError) as error:
        return error.message
    await asyncio.sleep(0)
    return fold(entries) if entries else ""


def fold(entries: Sequence[Entry]) -> Folded:
    """Return what the entries of a session come to."""
    change, opened = change_of(entries, 0), entries[0]
    rest = change.status or INTERRUPTED
    return Folded(
        workflow=str(opened.data.get("workflow", "")),
        pattern=str(opened.data.get("pattern", "")),
        rest=rest,
        driver=change.driver or "",
        asked=sum(entry.kind == "asked" for entry in entries),
        tokens=change.tokens,
        created_at=opened.at,
        updated_at=change.updated_at,
        wakes_at=wakes_at(entries),
        timer=_timer(change) if rest in TIMED else None,
        entries=len(entries),
        questions=tuple((each.key, each.kind, each.asked_at, each.deadline) for each in _open(change)),
    )


async def _summary(repository: Repository, session_id: str, told: Folded, now: float) -> SessionSummary:
    driven = bool(told.driver) and await is_alive(await repository.open(session_id), told.driver)
    return summary_of(session_id, told, driven, now)


def summary_of(session_id: str, told: Folded, driven: bool, now: float) -> SessionSummary:
    """Return what is known of a session at a time, by what its entries come to."""
    waits_for = () if told.rest in OVER else tuple(key for key, *_ in _waiting(told, now))
    names = session_id, told.workflow, told.pattern
    times = told.created_at, told.updated_at
    return SessionSummary(*names, told.rest, driven, waits_for, told.asked, told.tokens, *times)


def questions_in(folded: Sequence[tuple[str, Folded]], now: float) -> list[QuestionSummary]:
    """Return the questions of these sessions that are open, and not past their deadlines."""
    return [QuestionSummary(id, *question) for id, each in folded for question in _waiting(each, now)]


def _waiting(told: Folded, now: float) -> list[Question]:
    return [each for each in told.questions if each[3] is None or each[3] > now]


def sessions_page(found: list[SessionSummary], limit: int, after: str) -> Page[SessionSummary]:
    """Return a page of these sessions, the newest first."""
    return _page([((-each.created_at, each.id), each) for each in found], limit, after)


def questions_page(found: list[QuestionSummary], limit: int, after: str) -> Page[QuestionSummary]:
    """Return a page of these questions, the oldest first."""
    return _page([((each.asked_at, f"{each.session_id} {each.id}"), each) for each in found], limit, after)


def _page(found: list[tuple[tuple[float, str], T]], limit: int, after: str) -> Page[T]:
    """Return the page behind a place, whether what was there is there still or not."""
    found.sort(key=lambda each: each[0])
    begin = 0
    if after:
        number, _, name = after.partition(" ")
        begin = bisect_right([place for place, _ in found], (float(number), name))
    items = found[begin : begin + limit]
    last = items[-1][0] if items and begin + len(items) < len(found) else None
    return Page([each for _, each in items], f"{last[0]!r} {last[1]}" if last is not None else "")
