"""Lists of questions: page by page, by what is asked for, reading as few sessions as that takes."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from strands.journal.by_deadline import questions_by_deadline
from strands.journal.excerpt import now_of
from strands.journal.find import Page, QuestionSummary, find, open_questions
from strands_cli.errors import SessionError, SessionNotFoundError, StorageError
from strands_cli.inbox.errors import CursorError
from strands_cli.inbox.known import KnownSessions
from strands_cli.inbox.views import InboxQuestion, view_of
from strands_cli.kernel.principal import Principal
from strands_cli.people import People
from strands_cli.session.repository import SessionRepository

logger: logging.Logger = logging.getLogger(__name__)

_ALL, _NEVER = 1_000_000_000, 1e18
_MOST_READ = 500
"""So many sessions are read for a page at most; it then has fewer questions, and says where the next begins."""

_SESSIONS = 50


_Query = Callable[..., Awaitable[Page[QuestionSummary]]]
_QUERIES: dict[str, _Query] = {"asked": open_questions, "due": questions_by_deadline}


class Wanted(NamedTuple):
    """Which questions are asked for, as in `Inbox.questions`; `text` is case-folded."""

    state: str
    mine: bool
    workflow: str
    kind: str
    due_before: float | None
    text: str

    def takes_summary(self, told: QuestionSummary) -> bool:
        """Whether a question may be meant, as far as its summary tells."""
        in_time = self.due_before is None or (told.deadline is not None and told.deadline < self.due_before)
        return in_time and self.kind in ("", told.kind)

    def takes(self, view: InboxQuestion) -> bool:
        """Whether a question is meant."""
        question = view.question
        in_time = self.due_before is None or (question.deadline is not None and question.deadline < self.due_before)
        named = self.workflow in ("", view.workflow) and self.kind in ("", question.kind)
        text = f"{question.prompt}\n{question.context or ''}".casefold() if self.text else ""
        as_meant = view.is_stranded if self.state == "stranded" else not (self.mine and view.may is not None)
        return in_time and named and self.text in text and as_meant


class Lists:
    """Lists the questions of a store.

    Args:
        store: The store.
        known: Reads its sessions.
        people: Who people are.
    """

    def __init__(self, store: SessionRepository, known: KnownSessions, people: People) -> None:
        self._store = store
        self._known = known
        self._people = people

    async def questions(
        self, principal: Principal, wanted: Wanted, *, sort: str, limit: int, after: str
    ) -> Page[InboxQuestion]:
        """Return questions as `Inbox.questions` does."""
        with well_formed(after):
            return await self._questions(principal, wanted, sort, limit, after)

    async def _questions(
        self, principal: Principal, wanted: Wanted, sort: str, limit: int, after: str
    ) -> Page[InboxQuestion]:
        if wanted.state not in ("open", "stranded"):
            return await self._closed(principal, wanted, limit, after)
        query = _QUERIES[sort]
        if not wanted.kind and wanted.due_before is None and hasattr(self._store, query.__name__):
            return await self._queried(query, principal, wanted, limit, after)
        return await self._sorted(principal, wanted, sort, limit, after)

    async def _queried(
        self, query: _Query, principal: Principal, wanted: Wanted, limit: int, after: str
    ) -> Page[InboxQuestion]:
        """Ask the store for no more questions than the page has."""
        (begin,) = read_cursor(after, query.__name__, 1) or ("",)
        found: list[InboxQuestion] = []
        read = 0
        while True:
            page = await query(self._store, limit=limit - len(found), after=str(begin))
            found += [view for view in await self._views(page.items, principal) if wanted.takes(view)]
            begin, read = page.after, read + len(page.items)
            if not begin or len(found) == limit or read >= _MOST_READ:
                return Page(found, cursor(query.__name__, begin) if begin else "")

    async def _sorted(
        self, principal: Principal, wanted: Wanted, sort: str, limit: int, after: str
    ) -> Page[InboxQuestion]:
        begin = tuple(read_cursor(after, sort, 4))
        told = [each for each in (await open_questions(self._store, limit=_ALL)).items if wanted.takes_summary(each)]
        told.sort(key=lambda each: _place(each, sort))
        if begin:
            told = [each for each in told if _place(each, sort) > begin]
        found: list[InboxQuestion] = []
        read = 0
        while read < len(told) and len(found) < limit and read < _MOST_READ:
            part = told[read : read + limit - len(found)]
            read += len(part)
            found += [view for view in await self._views(part, principal) if wanted.takes(view)]
        more = read < len(told)
        return Page(found, cursor(sort, *_place(told[read - 1], sort)) if more else "")

    async def _closed(self, principal: Principal, wanted: Wanted, limit: int, after: str) -> Page[InboxQuestion]:
        begin, skip = read_cursor(after, "closed", 2) or ("", 0)
        found: list[InboxQuestion] = []
        read, now = 0, await now_of(self._store)
        while True:
            page = await find(self._store, workflow=wanted.workflow, limit=_SESSIONS, after=str(begin))
            asking = [each.id for each in page.items if each.asked]
            views = [
                view_of(id_, state, asked, principal, now, self._people)
                for id_, state in await self._states(asking)
                for asked in reversed(state.asked.values())
            ]
            meant = [view for view in views if view.status == wanted.state and wanted.takes(view)]
            left = limit - len(found)
            found += meant[int(skip) : int(skip) + left]
            if len(meant) > int(skip) + left:
                return Page(found, cursor("closed", begin, int(skip) + left))
            begin, skip, read = page.after, 0, read + len(page.items)
            if not begin:
                return Page(found, "")
            if len(found) == limit or read >= _MOST_READ:
                return Page(found, cursor("closed", begin, 0))

    async def _views(self, told: Sequence[QuestionSummary], principal: Principal) -> list[InboxQuestion]:
        states, now = (
            dict(await self._states(dict.fromkeys(each.session_id for each in told))),
            await now_of(self._store),
        )
        views = [
            view_of(each.session_id, state, state.asked[each.id], principal, now, self._people)
            for each in told
            if (state := states.get(each.session_id)) is not None and each.id in state.asked
        ]
        return [view for view in views if view.is_open]

    async def _states(self, session_ids: Iterable[str]) -> list[tuple[str, Any]]:
        ids = list(session_ids)
        read = await asyncio.gather(*(self._state(each) for each in ids))
        return [(id_, state) for id_, state in zip(ids, read, strict=True) if state is not None]

    async def _state(self, session_id: str) -> Any:
        try:
            return (await self._known.read(session_id)).state
        except SessionNotFoundError:
            return None
        except (SessionError, StorageError) as error:
            logger.warning("session %s is left out of a list: %s", session_id, error.message)
            return None


def _place(told: QuestionSummary, sort: str) -> tuple[float, float, str, str]:
    due = _NEVER if told.deadline is None or sort != "due" else told.deadline
    return due, told.asked_at, told.session_id, told.id


@contextmanager
def well_formed(cursor: str) -> Iterator[None]:
    """What a store says of a cursor that it has not made is told as what it is."""
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        if not cursor:
            raise
        raise _not_of_this_list() from error


def _not_of_this_list() -> CursorError:
    return CursorError("the cursor is not of this list", hint="Begin without one, with the same filters.")


def cursor(kind: str, *parts: object) -> str:
    """Return an opaque text for a place in a list."""
    return base64.urlsafe_b64encode(json.dumps([kind, *parts]).encode()).decode().rstrip("=")


def read_cursor(text: str, kind: str, count: int) -> list[Any]:
    """Return the parts of a cursor; none for the beginning.

    Raises:
        CursorError: It is not of such a list.
    """
    if not text:
        return []
    try:
        told = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, list) or told[:1] != [kind] or len(told) != count + 1:
        raise _not_of_this_list()
    if not all(isinstance(part, (str, int, float)) for part in told):
        raise _not_of_this_list()
    return told[1:]
