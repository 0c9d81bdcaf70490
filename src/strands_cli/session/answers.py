"""Answers from anywhere: a small compare-and-append of their own, whether the session is being driven or not."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from strands_cli.errors import AlreadyAnsweredError, AnswerError, SessionFinishedError
from strands_cli.kernel import questions
from strands_cli.kernel.journal import Conflict, Journal, append_durably
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft
from strands_cli.types import Json


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
    """Record an answer, durably, if it is the first valid one.

    Args:
        journal: The session's journal.
        question_id: The question.
        by: Who answers.
        channel: How: terminal, python, ...
        now: Unix time in seconds; default: the clock's.
        state: What is known of the journal, perhaps not the newest; it is brought up to date.

    Raises:
        SessionFinishedError: Nothing is asked any more.
        AlreadyAnsweredError: Somebody was first.
        InvalidAnswerError: It does not fit; the question stays open.
        AnswerError: There is no such question.
    """
    if state is None:
        state = State(await journal.load())
    await expire(journal, state, time.time() if now is None else now)
    while True:
        data = _checked(journal, state, question_id, value)
        data.update(by=by, channel=channel, **({"reason": reason} if reason else {}))
        if await _append(journal, state, Draft("answered", question_id, data, time.time() if now is None else now)):
            return


async def expire(journal: Journal, state: State, now: float) -> None:
    """Give each open question past its deadline its default, if it has one."""
    for entry in state.open_questions():
        question = questions.opened(entry)
        if question.deadline is None or now < question.deadline or not question.has_default:
            continue
        data: dict[str, Json] = {"value": question.default, "by": "timeout", "timed_out": True}
        if "of" in entry.data:
            data["of"] = entry.data["of"]
        draft = Draft("answered", entry.key, data, now)
        while entry.key not in state.answered and not await _append(journal, state, draft):
            pass


async def _append(journal: Journal, state: State, draft: Draft) -> bool:
    """Append against the journal as `state` knows it; False when it had moved on, which `state` now knows."""
    try:
        entries = await append_durably(journal, (draft,), expect=state.count)
    except Conflict as conflict:
        for entry in conflict.entries:
            state.apply(entry)
        return False
    for entry in entries:
        state.apply(entry)
    return True


def _checked(journal: Journal, state: State, question_id: str, value: Json) -> dict[str, Json]:
    asked = state.asked.get(question_id)
    if asked is None:
        waiting = ", ".join(entry.key for entry in state.open_questions()) or "none"
        raise AnswerError(
            f"session {journal.session_id!r} has no question {question_id!r}", hint=f"Open questions: {waiting}."
        )
    if question_id in state.answered:
        raise already_answered(state, question_id)
    if state.finished:
        raise finished(journal, state)
    question = questions.opened(asked)
    if question.deadline is not None and time.time() >= question.deadline:
        raise AnswerError(
            f"the deadline of {question_id!r} has passed and it has no default",
            hint="Start a new run: silence is never yes.",
        )
    data: dict[str, Json] = {"value": questions.checked(question, value)}
    if "of" in asked.data:
        data["of"] = asked.data["of"]
    return data


def already_answered(state: State, question_id: str) -> AlreadyAnsweredError:
    """Return the error that tells who answered first, and when."""
    entry = state.answered[question_id]
    who = entry.data.get("by") or "somebody"
    when = datetime.fromtimestamp(entry.at, timezone.utc).isoformat(timespec="seconds")
    return AlreadyAnsweredError(
        f"{question_id!r} was already answered by {who} at {when}: {entry.data['value']!r}",
        hint="That answer stands; nothing was changed. Go on with it: strands resume, without an answer.",
        question=questions.opened(state.asked[question_id]),
    )


def finished(journal: Journal, state: State) -> SessionFinishedError:
    """Return the error for a session in which nothing is left to do."""
    return SessionFinishedError(
        f"session {journal.session_id!r} is {state.status}",
        hint=f"Look at it: strands sessions show {journal.session_id}. To run again, start anew.",
    )
