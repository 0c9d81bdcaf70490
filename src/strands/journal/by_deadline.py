"""The open questions of all sessions, by their deadlines; a store may answer by a query, `questions_by_deadline`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import inf
from typing import Any

from strands.journal.excerpt import now_of
from strands.journal.find import Page, QuestionSummary, folded_of, questions_in
from strands.journal.protocol import Repository


async def questions_by_deadline(repository: Repository, *, limit: int = 50, after: str = "") -> Page[QuestionSummary]:
    """Return the questions of `open_questions`, the next deadline first; those without one come last, the oldest first.

    Args:
        repository: Where the sessions are kept.
        limit: At most so many.
        after: Where the page before said that this one begins.
    """
    own: Any = getattr(repository, "questions_by_deadline", None)
    if own is not None:
        page: Page[QuestionSummary] = await own(limit=limit, after=after)
        return page
    now = await now_of(repository)
    return deadlines_page(questions_in(await folded_of(repository), now), limit, after)


def deadlines_page(found: list[QuestionSummary], limit: int, after: str) -> Page[QuestionSummary]:
    """Return a page of these questions, the next deadline first."""
    found.sort(key=_deadline_place)
    begin = bisect_right(found, deadline_place(after), key=_deadline_place) if after else 0
    return page_by_deadline(found[begin : begin + limit + 1], limit)


def page_by_deadline(found: Sequence[QuestionSummary], limit: int) -> Page[QuestionSummary]:
    """Return a page of these questions, which are in their order, and of which there is one more than it has."""
    items = list(found[:limit])
    after = "{!r} {!r} {} {}".format(*_deadline_place(items[-1])) if items and len(found) > limit else ""
    return Page(items, after)


def deadline_place(after: str) -> tuple[float, float, str, str]:
    """Return the place of the last question of the page before: deadline, or infinity, asked_at, session and key."""
    deadline, asked_at, session_id, key = after.split(" ", 3)
    return float(deadline), float(asked_at), session_id, key


def _deadline_place(told: QuestionSummary) -> tuple[float, float, str, str]:
    return inf if told.deadline is None else told.deadline, told.asked_at, told.session_id, told.id
