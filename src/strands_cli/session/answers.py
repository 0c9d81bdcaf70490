"""Answers from anywhere: a small compare-and-append of their own, whether the session is being driven or not."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, TypedDict

from strands.journal.excerpt import Excerpt, answer, answer_by_all
from strands.types.json_value import is_same_json
from strands_cli.errors import (
    AlreadyAnsweredError,
    AnswerError,
    ChangedQuestionError,
    InvalidAnswerError,
    SessionError,
    SessionFinishedError,
)
from strands_cli.kernel import questions, rights, timers, votes
from strands_cli.kernel.journal import Conflict, Journal, append_durably
from strands_cli.kernel.principal import Principal, os_principal
from strands_cli.kernel.shown import public
from strands_cli.kernel.standing import has_rights, in_force
from strands_cli.kernel.state import State, overdue
from strands_cli.kernel.types import Draft, Entry
from strands_cli.resources.redaction import secret_free_drafts
from strands_cli.types import Json

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from strands_cli.spec.root import Spec


_OFFERING = {"tools", "options"}
"""The parts of an approval that say which answers a call may be given."""


async def give(
    journal: Journal,
    question_id: str,
    value: Json,
    *,
    by: str | Principal,
    **how: Unpack[How],
) -> None:
    """Record one answer as `give_all` records several."""
    await give_all(journal, {question_id: value}, by=by, **how)


class How(TypedDict, total=False):
    """How answers are given; see `give_all`."""

    reason: str | None
    channel: str | None
    now: float | None
    state: State | None
    spec: Spec | None
    shown: Mapping[str, str] | None
    request: str | None


async def give_all(
    journal: Journal,
    answers: Mapping[str, Json],
    *,
    by: str | Principal,
    reason: str | None = None,
    channel: str | None = None,
    now: float | None = None,
    state: State | None = None,
    spec: Spec | None = None,
    shown: Mapping[str, str] | None = None,
    request: str | None = None,
    mended: Mapping[str, Json] | None = None,
) -> list[Entry]:
    """Record answers, durably: all of them or, if one cannot be taken, none.

    An answer that the same person gave before is taken as given. Where a question takes several persons, an answer is
    a vote; the one that is enough is recorded together with the answer that it makes.

    Args:
        journal: The session's journal.
        answers: Question id to answer.
        by: Who answers; a text is only the name that people are shown: who it is, is the user of this process.
        reason: Why, for the record.
        channel: How: terminal, python, ...; default: as the principal says.
        now: Unix time in seconds; default: the store's clock decides of deadlines.
        state: What is known of the journal, perhaps not the newest; it is brought up to date.
        spec: What the session goes on with, where it was mended; default: the one on record.
        shown: Question id to the digest of what was shown; another question is not answered by it.
        request: Names this request: given once more, it is a success, and nothing is recorded twice.
        mended: Question id to who may answer it by what the session goes on with, where that differs.

    Returns:
        The entries that were written.

    Raises:
        SessionFinishedError: Nothing is asked any more.
        AlreadyAnsweredError: Somebody was first, or the deadline had passed and its default is the answer.
        InvalidAnswerError: One does not fit; the question stays open.
        NotEntitledError: Who answers may not answer one; its `code` says why.
        ChangedQuestionError: One is not the question that was shown.
        AnswerError: There is no such question, or nobody answered it in time.
    """
    giving = _Giving(journal.session_id, answers, by, channel, now, spec)
    giving.shown, giving.mended = shown or {}, mended or {}
    for name, value in (("reason", reason), ("request", request)):
        if value:
            giving.more[name] = value
    try:
        while True:
            try:
                entries = await answer(journal, list(answers), giving.drafts, now=now)
            except _Elsewhere:
                entries = await answer_by_all(journal, giving.drafts, now=now)
            if not giving.only_time:
                break
    except AnswerError:
        await _catch_up(journal, state)
        raise
    await _catch_up(journal, state)
    return entries


def answers_to(
    session_id: str, drafts: Sequence[Draft], answers: Mapping[str, Json], *, by: Principal, now: float, at: float
) -> list[Draft]:
    """Return what to record of answers in a session that is about to begin: they pass the gate that all answers do.

    Args:
        session_id: The session.
        drafts: What it begins with.
        answers: Question id to answer.
        by: Who answers.
        now: Unix time, in seconds, by the store's clock.
        at: The same by this machine's.

    What `give_all` raises is raised here.
    """
    giving, found = _Giving(session_id, answers, by, None, at, None), list[Draft]()
    while True:
        there = [Entry(seq, *draft) for seq, draft in enumerate((*drafts, *found))]
        found += giving.drafts(Excerpt(there, now, is_whole=True))
        if not giving.only_time:
            return found


class _Elsewhere(Exception):
    """What was read of the session does not tell all that matters to the questions that are meant."""


class _Giving:
    """Answers that are being given: decides, on what is on record at that moment, what is recorded of them.

    Attributes:
        more: What is recorded with each answer.
        shown: Question id to the digest of what was shown.
        mended: Question id to who may answer it from now on.
        only_time: What was returned last is what was due by the time; the answers come after it.
    """

    def __init__(
        self,
        session_id: str,
        answers: Mapping[str, Json],
        by: str | Principal,
        channel: str | None,
        now: float | None,
        spec: Spec | None,
    ) -> None:
        self.only_time: bool = False
        self.shown: Mapping[str, str] = {}
        self.mended: Mapping[str, Json] = {}
        self._session_id = session_id
        self._answers = answers
        self._principal = by if isinstance(by, Principal) else os_principal(channel or "python")
        self.more: dict[str, Json] = {
            "by": by.shown if isinstance(by, Principal) else by,
            "channel": channel or self._principal.via,
        }
        self._now = now
        self._spec = spec

    def drafts(self, there: Excerpt) -> list[Draft]:
        """Return what to append to a session of which this is on record."""
        state, at = State(there.entries), time.time() if self._now is None else self._now
        if self.mended:
            state.origin = {**state.origin, "rights": {**(state.origin.get("rights") or {}), **self.mended}}
        late = self._due(there, state, at)
        self.only_time = bool(late)
        if late:
            return late
        if not there.is_whole and any(self._is_elsewhere(state, key) for key in self._answers):
            raise _Elsewhere
        found: list[Draft] = []
        asked = {key: asked_of(self._session_id, state, key) for key in self._answers}
        for key, value in self._answers.items():
            drafts = self._of_one(state, asked[key], value, there.now, at)
            for draft in drafts:  # who answers one question may be excluded from another
                state.apply(Entry(state.count, *draft))
            found += drafts
        return secret_free_drafts(found, state.origin)

    def _is_elsewhere(self, state: State, key: str) -> bool:
        """Whether more of the journal has to be known to decide: votes, who was excluded, to whom it was left."""
        return not state.is_asked(key) or has_rights(in_force(state, state.asked[key]))

    def _of_one(self, state: State, asked: Entry, value: Json, now: float, at: float) -> list[Draft]:
        if self._is_given(state, asked, value):
            return []
        shown = self.shown.get(asked.key)
        verdict = rights.admit(state, asked, self._principal, value, now=now, shown=shown, session_id=self._session_id)
        if verdict.code:
            raise _refused(self._session_id, state, asked, verdict)
        _check_offered(state, asked.key, verdict.value, self._spec)
        how = {**self.more, **({"shown": shown} if shown else {})}
        if asked.key in self.mended:
            how["rights"] = self.mended[asked.key]
        return votes.drafts(state, asked, self._principal, verdict, how, at=at)

    def _is_given(self, state: State, asked: Entry, value: Json) -> bool:
        """Whether this very answer of the same person, or this very request, is on record.

        Raises:
            AnswerError: The request is, with another answer.
        """
        request, answered = self.more.get("request"), state.answered.get(asked.key)
        entries = [*state.on_questions.get(asked.key, ()), *([answered] if answered is not None else [])]
        for entry in entries if request else ():
            if entry.data.get("request") == request and self._is_mine(entry):
                if self._is_same(asked, value, entry):
                    return True
                raise AnswerError(
                    f"the request {request!r} is on record with another answer to {asked.key!r}",
                    hint="Give each request an id of its own.",
                )
        if answered is None or answered.data.get("timed_out"):
            return False
        mine = [each for each in entries if each.kind in ("voted", "answered") and self._is_mine(each)]
        same_name = bool(mine) and mine[-1].data.get("by") == self.more["by"]
        return same_name and self._is_same(asked, value, mine[-1])

    def _is_mine(self, entry: Entry) -> bool:
        told = entry.data.get("principal")
        if told is None:
            return bool(entry.data.get("by") == self.more["by"])
        return Principal.from_dict(told).who == self._principal.who

    def _is_same(self, asked: Entry, value: Json, entry: Entry) -> bool:
        return is_same_json(questions.checked(questions.opened(asked), value), entry.data["value"])

    def _due(self, there: Excerpt, state: State, at: float) -> list[Draft]:
        """Return what is due by the time, but for reminders of what is answered now."""
        others = [each for each in state.open_questions() if each.key not in self._answers]
        if not there.is_whole and any("timers" in each.data and not overdue(each, there.now) for each in others):
            raise _Elsewhere  # which of its reminders are on record is told there
        late = timers.due(state, there.now, at)
        return [each for each in late if each.kind in ("answered", "expired") or each.key not in self._answers]


async def _catch_up(journal: Journal, state: State | None) -> None:
    """Bring what is known of a journal up to date."""
    if state is not None:
        for entry in await journal.tail(state.count):
            state.apply(entry)


async def append(journal: Journal, state: State, drafts: Sequence[Draft]) -> list[Entry] | None:
    """Append durably against the journal as `state` knows it.

    Returns:
        The entries; None when the journal had moved on, which `state` now knows, and nothing was written.
    """
    try:
        entries = await append_durably(journal, drafts, expect=state.count)
    except Conflict as conflict:
        for entry in conflict.entries:
            state.apply(entry)
        return None
    for entry in entries:
        state.apply(entry)
    return entries


def asked_of(session_id: str, state: State, question_id: str) -> Entry:
    """Return who asks a question.

    Raises:
        AnswerError: Nobody does, or nobody waits for the answer any more.
    """
    asked = state.asked.get(question_id)
    if asked is None:
        waiting = ", ".join(entry.key for entry in state.open_questions()) or "none"
        by_id = "" if "/" in question_id else " An answer that is an object is given by its id: answers={ID: {...}}."
        raise AnswerError(
            f"session {session_id!r} has no question {question_id!r}",
            hint=f"Open questions: {waiting}.{by_id}",
        )
    if question_id in state.left:
        raise AnswerError(
            f"the workflow of session {session_id!r} was mended and does not come to {question_id!r} any more",
            hint=f"Open questions: {', '.join(entry.key for entry in state.open_questions()) or 'none'}.",
        )
    return asked


def _refused(session_id: str, state: State, asked: Entry, verdict: rights.Verdict) -> AnswerError | SessionError:
    """Return the error that says why an answer is not taken."""
    key = asked.key
    if key in state.answered:
        return already_answered(session_id, state, key)
    if key in state.expired:
        return AnswerError(
            f"the deadline of {key!r} passed at {_when(asked.data.get('deadline'))}: nobody answered in time",
            hint="The answer was not taken; without a default nothing stands for it. "
            f"Look at the session: strands sessions show {session_id}.",
        )
    if verdict.code == "finished":
        return finished(session_id, state)
    error = verdict.error()
    if isinstance(error, ChangedQuestionError):
        error.question = public(state, asked, session_id)
    return error


def closed(session_id: str, state: State, asked: Entry) -> AnswerError | SessionError:
    """Return the error for a question that nobody waits for any more: answered, past its deadline, or over."""
    verdict = rights.Verdict("expired", f"the deadline of {asked.key!r} has passed", "Nothing was changed.")
    return _refused(session_id, state, asked, rights.Verdict("finished") if state.finished else verdict)


def _check_offered(state: State, key: str, value: Json, spec: Spec | None) -> None:
    """An approval is decided in a way that was asked for and that the spec, which may be mended since, still offers."""
    asked = state.asked[key].data
    interrupt = asked.get("interrupt") or {}
    if interrupt.get("gate") != "approval" or "remember" not in interrupt["reason"]:
        return
    from strands_cli.approvals import offered
    from strands_cli.resources.decision_log import verdict
    from strands_cli.spec.agents import Approval
    from strands_cli.spec.within import plain_rules

    known = plain_rules(state.origin["spec"] if spec is None else spec.to_dict(), asked["agent"])
    offering = ({name: rule[name] for name in _OFFERING & rule.keys()} for rule in known)
    rules = [Approval.model_validate({"tools": ["*"], **each}) for each in offering]  # a step's need name none
    decision, options = verdict(value).decision, offered(rules, interrupt["reason"]["tool"])
    if options and decision is not None and decision not in {"reject", *options}:
        raise InvalidAnswerError(
            f"{decision!r} is not an answer to {key!r} any more: the workflow was mended since it was asked",
            hint=f"Answer one of: {', '.join(sorted({'reject', *options}))}.",
        )


def _when(at: float | None) -> str:
    return datetime.fromtimestamp(at or 0.0, timezone.utc).isoformat(timespec="seconds")


def already_answered(session_id: str, state: State, question_id: str) -> AlreadyAnsweredError:
    """Return the error that tells who answered first, and when."""
    entry, question = state.answered[question_id], questions.opened(state.asked[question_id])
    hint = f"That answer stands; nothing was changed. Go on with it: strands resume {session_id}"
    if entry.data.get("timed_out"):
        return AlreadyAnsweredError(
            f"the deadline of {question_id!r} passed at {_when(question.deadline)}: nobody answered in time, "
            f"so its default is the answer: {entry.data['value']!r}",
            hint=hint,
            question=question,
        )
    who = entry.data.get("by") or "somebody"
    return AlreadyAnsweredError(
        f"{question_id!r} was already answered by {who} at {_when(entry.at)}: {entry.data['value']!r}",
        hint=hint,
        question=question,
    )


def finished(session_id: str, state: State) -> SessionFinishedError:
    """Return the error for a session in which nothing is left to do."""
    return SessionFinishedError(
        f"session {session_id!r} is {state.status}",
        hint=f"Look at it: strands sessions show {session_id}. To run again, start anew.",
    )
