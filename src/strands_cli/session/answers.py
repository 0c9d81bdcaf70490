"""Answers from anywhere: a small compare-and-append of their own, whether the session is being driven or not."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from strands.journal.excerpt import Excerpt, answer, answer_by_all
from strands.types.json_value import is_same_json
from strands_cli.errors import AlreadyAnsweredError, AnswerError, InvalidAnswerError, SessionFinishedError
from strands_cli.kernel import questions, timers
from strands_cli.kernel.journal import Conflict, Journal, append_durably
from strands_cli.kernel.state import State, overdue
from strands_cli.kernel.types import Draft, Entry
from strands_cli.resources.redaction import secret_free_drafts
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec


_OFFERING = {"tools", "options"}
"""The parts of an approval that say which answers a call may be given."""


async def give(
    journal: Journal,
    question_id: str,
    value: Json,
    *,
    by: str,
    reason: str | None = None,
    channel: str = "python",
    now: float | None = None,
    state: State | None = None,
) -> None:
    """Record one answer as `give_all` records several."""
    answers = {question_id: value}
    await give_all(journal, answers, by=by, reason=reason, channel=channel, now=now, state=state)


async def give_all(
    journal: Journal,
    answers: Mapping[str, Json],
    *,
    by: str,
    reason: str | None = None,
    channel: str = "python",
    now: float | None = None,
    state: State | None = None,
    spec: Spec | None = None,
) -> list[Entry]:
    """Record answers, durably: all of them or, if one cannot be taken, none.

    An answer that the same person gave before is taken as given.

    Args:
        journal: The session's journal.
        answers: Question id to answer.
        by: Who answers.
        channel: How: terminal, python, ...
        now: Unix time in seconds; default: the store's clock decides of deadlines.
        state: What is known of the journal, perhaps not the newest; it is brought up to date.
        spec: What the session goes on with, where it was mended; default: the one on record.

    Returns:
        The entries that were written.

    Raises:
        SessionFinishedError: Nothing is asked any more.
        AlreadyAnsweredError: Somebody was first, or the deadline had passed and its default is the answer.
        InvalidAnswerError: One does not fit; the question stays open.
        AnswerError: There is no such question, or nobody answered it in time.
    """
    giving = _Giving(journal.session_id, answers, by, now, spec)
    giving.more = {"by": by, "channel": channel, **({"reason": reason} if reason else {})}
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


class _Elsewhere(Exception):
    """What was read of the session does not tell of every question that is meant."""


class _Giving:
    """Answers that are being given: decides, on what is on record at that moment, what is recorded of them.

    Attributes:
        more: What is recorded with each answer.
        only_time: What was returned last is what was due by the time; the answers come after it.
    """

    def __init__(
        self, session_id: str, answers: Mapping[str, Json], by: str, now: float | None, spec: Spec | None
    ) -> None:
        self.more: dict[str, Json] = {}
        self.only_time: bool = False
        self._session_id = session_id
        self._answers = answers
        self._by = by
        self._now = now
        self._spec = spec

    def drafts(self, there: Excerpt) -> list[Draft]:
        """Return what to append to a session of which this is on record."""
        state, at = State(there.entries), time.time() if self._now is None else self._now
        late = self._due(there, state, at)
        self.only_time = bool(late)
        if late:
            return late
        if not there.is_whole and any(not state.is_asked(key) for key in self._answers):
            raise _Elsewhere
        checked = [
            (key, _checked(self._session_id, state, key, value, self._by)) for key, value in self._answers.items()
        ]
        for key, data in checked:
            if data:
                _check_offered(state, key, data["value"], self._spec)
        return secret_free_drafts(
            [Draft("answered", key, {**data, **self.more}, at) for key, data in checked if data], state.origin
        )

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


def _checked(session_id: str, state: State, question_id: str, value: Json, by: str) -> dict[str, Json]:
    """Return what to record of an answer; nothing when this very answer of the same person is on record."""
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
    question = questions.opened(asked)
    given = state.answered.get(question_id)
    if given is not None:
        same_person = given.data.get("by") == by and not given.data.get("timed_out")
        if same_person and is_same_json(questions.checked(question, value), given.data["value"]):
            return {}
        raise already_answered(session_id, state, question_id)
    if question_id in state.expired:
        raise AnswerError(
            f"the deadline of {question_id!r} passed at {_when(question.deadline)}: nobody answered in time",
            hint="The answer was not taken; without a default nothing stands for it. "
            f"Look at the session: strands sessions show {session_id}.",
        )
    if state.finished:
        raise finished(session_id, state)
    data: dict[str, Json] = {"value": questions.checked(question, value)}
    if "of" in asked.data:
        data["of"] = asked.data["of"]
    return data


def _check_offered(state: State, key: str, value: Json, spec: Spec | None) -> None:
    """An approval is decided in a way that was asked for and that the spec, which may be mended since, still offers."""
    asked = state.asked[key].data
    interrupt = asked.get("interrupt") or {}
    if interrupt.get("gate") != "approval" or "remember" not in interrupt["reason"]:
        return
    from strands_cli.approvals import offered
    from strands_cli.resources.decision_log import verdict
    from strands_cli.spec.agents import Approval

    agents = state.origin["spec"].get("agents", {}) if spec is None else spec.to_dict()["agents"]
    known = agents.get(asked["agent"], {}).get("approvals") or ()
    rules = [Approval.model_validate({name: rule[name] for name in _OFFERING & rule.keys()}) for rule in known]
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
