"""`Inbox`: what a server, a channel or a program does with the questions and the sessions of a store."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from strands.journal.excerpt import now_of
from strands.journal.find import Page
from strands_cli.errors import (
    AlreadyAnsweredError,
    AnswerError,
    ChangedQuestionError,
    NotEntitledError,
    SessionError,
    SessionNotFoundError,
    StorageError,
)
from strands_cli.inbox.acting import acting
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.changes import Changes, InboxChange
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.deliveries import DeliveryLog
from strands_cli.inbox.errors import OutdatedQuestionError, QuestionClosedError, QuestionNotFoundError
from strands_cli.inbox.known import KnownSessions
from strands_cli.inbox.lists import Lists, Wanted
from strands_cli.inbox.sessions import InboxSessions
from strands_cli.inbox.views import Answered, InboxQuestion, view_of
from strands_cli.kernel.journal import Journal
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.people import People
from strands_cli.session import answers as answering
from strands_cli.session.assign import assign
from strands_cli.session.refs import session_and_key
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository

_TABLES = ["create table if not exists people_known (person text primary key)"]
"""Everybody who was in people.yaml once: whoever is not any more is gone, and a program that never was is not."""

MUST_BE_SHOWN = frozenset({"approval", "ambiguous_tool", "budget"})
"""Kinds of questions that are answered only with what was shown: what they allow cannot be undone."""

__all__ = ["Answered", "Inbox", "InboxQuestion", "Page", "QuestionOnRecord"]


class QuestionOnRecord(NamedTuple):
    """What is on record of a question.

    Attributes:
        session: Its session.
        state: The fold of that.
        asked: The entry that asks it.
        now: Unix time, in seconds, by the store's clock.
    """

    session: str
    state: State
    asked: Entry
    now: float


class Inbox(InboxSessions):
    """The questions and the sessions of a store, for somebody who may be anybody: each call says who asks.

    Args:
        store: Where the sessions are kept.
        people: Who people are; default: nobody is known.
        apps: The workflows that can be started here; default: none.
        data: Small data of the server; default: in memory.
        only_rehearsals: Sessions that are no rehearsals are not shown, and nothing is done to them.
    """

    def __init__(
        self,
        store: SessionRepository,
        *,
        people: People | None = None,
        apps: Apps | None = None,
        data: ServerData | None = None,
        only_rehearsals: bool = False,
    ) -> None:
        self.store: SessionRepository = store
        self.people: People = people or People()
        self.apps: Apps = apps or Apps()
        self.data: ServerData = data or ServerData()
        self._known = KnownSessions(store, only_rehearsals=only_rehearsals)
        self.only_rehearsals: bool = only_rehearsals
        self._deliveries = DeliveryLog(self.data)
        self._lists = Lists(store, self._known, self.people)
        self._changes = Changes(store)
        self.data.ensure(_TABLES)
        self._note_people()

    # -- people ---------------------------------------------------------------------------------------------------

    def look_at_people(self) -> bool:
        """Take in what their file says, if it has changed; return whether others are known now."""
        changed = self.people.refresh()
        if changed:
            self._note_people()
        return changed

    def is_gone(self, person: str) -> bool:
        """Whether somebody was known once and is not any more: what was made for them is worth nothing."""
        if person in self.people.by_key:
            return False
        return bool(self.data.execute("select 1 from people_known where person = ?", person))

    def _note_people(self) -> None:
        with self.data.transaction():
            for person in self.people.by_key:
                self.data.execute("insert or ignore into people_known values (?)", person)

    # -- questions ------------------------------------------------------------------------------------------------

    async def questions(
        self,
        principal: Principal,
        *,
        state: str = "open",
        mine: bool = False,
        workflow: str = "",
        kind: str = "",
        due_before: float | None = None,
        q: str = "",
        sort: Literal["asked", "due"] = "asked",
        limit: int = 50,
        after: str = "",
    ) -> Page[InboxQuestion]:
        """Return questions; a session that cannot be read hides no other.

        Args:
            principal: Who looks.
            state: open; stranded, those of them that nobody who is known may answer; answered, expired, withdrawn:
                those of the newest sessions first.
            mine: Only those that whoever looks may answer.
            workflow: Only those of the workflow with this name.
            kind: Only those of this kind: hitl, approval, ...
            due_before: Only those with a deadline before this, Unix time in seconds.
            q: Only those with this text in prompt or context, whatever its case.
            sort: By when they were asked, the oldest first; or by their deadlines, the next first.
            limit: At most so many; a page may have fewer although there is another.
            after: Where the page before said that this one begins.

        Raises:
            CursorError: `after` is of no such list.
        """
        wanted = Wanted(state, mine, workflow, kind, due_before, q.casefold())
        return await self._lists.questions(principal, wanted, sort=sort, limit=limit, after=after)

    async def question(self, ref: str, principal: Principal) -> InboxQuestion:
        """Return a question.

        Raises:
            QuestionNotFoundError: There is none.
        """
        session_id, state, asked, now = await self.on_record(ref)
        view = view_of(session_id, state, asked, principal, now, self.people)
        failing = self._deliveries.problems(session_id, asked.key)
        return replace(view, undelivered=tuple(f"{each.target}: {each.problem}" for each in failing))

    async def on_record(self, ref: str) -> QuestionOnRecord:
        """Return what is on record of a question.

        Raises:
            QuestionNotFoundError: There is none.
        """
        session_id, key = self._meant(ref)
        try:
            _, state = await self._known.read(session_id)
        except SessionNotFoundError:
            raise _not_found(ref) from None
        asked = state.asked.get(key)
        if asked is None:
            raise _not_found(ref)
        return QuestionOnRecord(session_id, state, asked, await now_of(self.store))

    async def answer(
        self,
        ref: str,
        value: Json,
        principal: Principal,
        *,
        shown: str | None = None,
        request: str | None = None,
        reason: str | None = None,
    ) -> Answered:
        """Answer a question; the same answer by the same principal again changes nothing and is a success.

        Args:
            ref: The question.
            value: The answer.
            principal: Who answers.
            shown: The digest of what they were shown; None where that is not known: then no approval is taken.
            request: An id of this request: the same again is a success.
            reason: Why, for the record.

        Raises:
            QuestionNotFoundError: There is no such question.
            NotEntitledError: Whoever answers may not.
            OutdatedQuestionError: It asks something else by now.
            QuestionClosedError: It has expired, or was withdrawn.
            AlreadyAnsweredError: Somebody was first.
            InvalidAnswerError: The answer does not fit; the question stays open.
        """
        session_id, key = self._meant(ref)
        before = await self.question(ref, principal)
        if shown is not None and shown != before.shown:
            raise OutdatedQuestionError(
                "the question has changed since it was shown", hint="Look at it again, then answer.", question=before
            )
        if shown is None and before.is_open and before.question.kind in MUST_BE_SHOWN:
            raise AnswerError(
                f"{key!r} is answered only with the digest of what was shown, and that was not given",
                hint="Send what the question has in `shown` with the answer.",
            )
        journal, by = await self._acting(session_id, key, principal)
        try:
            bound = None if shown is None else {key: shown}
            written = await answering.give_all(
                journal, {key: value}, by=by, reason=reason, shown=bound, request=request
            )
        except AlreadyAnsweredError:
            raise
        except ChangedQuestionError as error:
            now = await self.question(ref, principal)
            raise OutdatedQuestionError(error.message, hint=error.hint, question=now) from error
        except AnswerError as error:
            now = await self.question(ref, principal)
            if now.status in ("expired", "withdrawn"):
                raise QuestionClosedError(error.message, hint=error.hint, question=now) from error
            raise
        _, state = await self._known.read(session_id)
        self._changes.look()
        return Answered(await self.question(ref, principal), state.status, replayed=not written)

    async def claim(self, ref: str, principal: Principal) -> InboxQuestion:
        """Take a question upon oneself for half an hour, so that others see it."""
        return await self._assign(ref, principal, principal)

    async def release(self, ref: str, principal: Principal) -> InboxQuestion:
        """Give back what one has claimed, or was given."""
        return await self._assign(ref, "", principal)

    async def delegate(
        self, ref: str, principal: Principal, to: str, *, why: str = "", until: float | None = None
    ) -> InboxQuestion:
        """Hand a question to somebody else.

        Args:
            ref: The question.
            principal: Who hands it on.
            to: Whom to: a person, or an id.
            why: Why, for the record.
            until: Unix time, in seconds, after which it is nobody's again; None for ever.

        Raises:
            AnswerError: There is nobody of that name, or the time has passed.
        """
        if self.people.by_key and ":" not in to and to not in self.people.by_key:
            raise AnswerError(f"there is nobody called {to!r}", hint="Name a person of people.yaml.")
        known = self.people.principal(to, auth="login") if to in self.people.by_key or ":" in to else to
        return await self._assign(ref, known, principal, why=why, until=until)

    async def _assign(
        self, ref: str, to: str | Principal, principal: Principal, *, why: str = "", until: float | None = None
    ) -> InboxQuestion:
        session_id, key = self._meant(ref)
        await self.question(ref, principal)
        journal, by = await self._acting(session_id, key, principal)
        try:
            await assign(journal, key, by if to is principal else to, principal=by, why=why, until=until)
        except (AlreadyAnsweredError, NotEntitledError):
            raise
        except AnswerError as error:
            now = await self.question(ref, principal)
            if now.status in ("expired", "withdrawn"):
                raise QuestionClosedError(error.message, hint=error.hint, question=now) from error
            raise
        self._changes.look()
        return await self.question(ref, principal)

    async def _acting(self, session_id: str, key: str, principal: Principal) -> tuple[Journal, Principal]:
        """Return the journal of a session that was read, and as whom somebody acts on a question of it."""
        journal, state = await self._known.read(session_id)
        now = await now_of(self.store)
        by, _ = acting(state, state.asked[key], principal, self.people, now=now, session_id=session_id)
        return journal, by

    def changes(self, after: str = "", *, idle: float | None = None) -> AsyncGenerator[InboxChange, None]:
        """Yield what changes in the store from now on, or from after the change whose id is `after`.

        The first one is of the kind `reset` where what came after that is not known any more: look at all anew.

        Args:
            after: The id of a change; "" for now.
            idle: Seconds after which a change of the kind `idle` says that nothing changes; None for never.
        """
        return self._changes.follow(after, idle=idle)

    def wake(self) -> None:
        """Have all who follow `changes` with `idle` be told at once, even if nothing has changed."""
        self._changes.wake()

    async def workflow_of(self, session_id: str) -> str:
        """Return the name of a session's workflow; "" where it cannot be told."""
        try:
            return str((await self._known.read(session_id)).state.origin.get("workflow", ""))
        except (SessionError, StorageError):
            return ""

    def _meant(self, ref: str) -> tuple[str, str]:
        try:
            return session_and_key(ref)
        except ValueError:
            raise _not_found(ref) from None


def _not_found(ref: str) -> QuestionNotFoundError:
    return QuestionNotFoundError(f"there is no question {ref!r}", hint="List them: GET /api/v1/questions.")
