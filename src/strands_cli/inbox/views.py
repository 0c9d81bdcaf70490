"""What the inbox shows: questions with where they stand, and what an answer came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from strands_cli.inbox.acting import acting, nobody_may
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.shown import numbers, public
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.people import People
from strands_cli.types import Json, OpenQuestion

QuestionStatus = Literal["open", "claimed", "answered", "expired", "withdrawn"]


@dataclass(frozen=True)
class WhyNot:
    """Why somebody may not answer: a code that stays the same, and words for people."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class InboxQuestion:
    """A question of any session, with where it stands.

    Attributes:
        ref: Names it in URLs.
        session: Its session.
        workflow: The session's workflow.
        seq: The number of the entry that asks it.
        shown: The digest of what is asked: an answer is to that.
        question: What is asked.
        status: open, claimed by somebody, answered, expired without an answer, or withdrawn as the session has ended.
        answer: The answer: value, by, at, channel, and reason if there is one; None without one.
        may: Why whoever looks may not answer; None if they may.
        asked: What is on record of it.
        is_stranded: Whether nobody who is known may answer it.
        undelivered: Whom it could not be told of yet, and why.
    """

    ref: str
    session: str
    workflow: str
    seq: int
    shown: str
    question: OpenQuestion
    status: QuestionStatus
    answer: Mapping[str, Json] | None = None
    may: WhyNot | None = None
    asked: Mapping[str, Json] = field(default_factory=dict, repr=False)
    is_stranded: bool = False
    undelivered: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Json]:
        """Return it as plain JSON values."""
        asked = self.question.to_dict()
        asked.pop("data", None)
        return {
            **asked,
            "ref": self.ref,
            "session": self.session,
            "workflow": self.workflow,
            "seq": self.seq,
            "shown": self.shown,
            "status": self.status,
            "arguments": self.arguments,
            "answer": dict(self.answer) if self.answer is not None else None,
            "may": None if self.may is None else {"code": self.may.code, "message": self.may.message},
            "undelivered": list(self.undelivered),
        }

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.status in ("open", "claimed")

    @property
    def arguments(self) -> Json:
        """The arguments of the tool call that it is about; None where it is about none."""
        reason = (self.question.data.get("interrupt") or {}).get("reason")
        if not isinstance(reason, Mapping):
            return None
        changed = reason.get("changed")
        call = changed if isinstance(changed, Mapping) else reason
        return {"tool": call.get("tool"), "input": call.get("input")} if call.get("tool") else None


@dataclass(frozen=True)
class Answered:
    """What an answer came to.

    Attributes:
        question: The question as it stands now.
        session_status: How its session stands now.
        replayed: The same answer was on record already; nothing was written.
    """

    question: InboxQuestion
    session_status: str
    replayed: bool = False


@dataclass(frozen=True)
class Started:
    """A session that was asked for: its id, and whether the same request had started it before."""

    session: str
    replayed: bool = False


def view_of(
    session_id: str,
    state: State,
    asked: Entry,
    principal: Principal | None,
    now: float,
    people: People | None = None,
) -> InboxQuestion:
    """Return a question as it stands.

    Args:
        session_id: Its session.
        state: What is on record of that.
        asked: The entry that asks it.
        principal: Who looks; None for nobody.
        now: Unix time, in seconds, by the store's clock.
        people: Who people are; None where nobody is known.
    """
    question = replace(public(state, asked, session_id, now), number=numbers(state).get(asked.key, 0))
    status = status_of(state, asked.key, now)
    may, is_stranded = None, False
    if status == "open":
        people = people or People()
        if principal is not None:
            _, refused = acting(state, asked, principal, people, now=now, session_id=session_id)
            may = WhyNot(refused.code, refused.message, refused.hint) if refused.code else None
        is_stranded = bool(question.ask) and nobody_may(state, asked, people, now=now)
        status = "claimed" if question.assignee else status
    return InboxQuestion(
        ref=question.ref,
        session=session_id,
        workflow=question.workflow,
        seq=question.seq,
        shown=question.shown,
        question=question,
        status=status,
        answer=answer_of(state.answered.get(asked.key)),
        may=may,
        asked=asked.data,
        is_stranded=is_stranded,
    )


def status_of(state: State, key: str, now: float) -> QuestionStatus:
    """Return where a question stands at `now`, Unix time in seconds."""
    if key in state.answered:
        return "answered"
    deadline = state.asked[key].data.get("deadline")
    if key in state.expired or (deadline is not None and deadline <= now):
        return "expired"
    if state.finished or key in state.left:
        return "withdrawn"
    return "open"


def answer_of(entry: Entry | None) -> dict[str, Json] | None:
    """Return what is shown of an answer."""
    if entry is None:
        return None
    return {**{name: entry.data[name] for name in _ANSWER if name in entry.data}, "at": entry.at}


_ANSWER = ("value", "by", "principal", "on_behalf", "channel", "reason", "timed_out", "shown", "votes")
