"""Notes: what somebody elsewhere is told of a session, made of one entry of its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal, get_args

from strands_cli.kernel.shown import public
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.session.refs import ref_of
from strands_cli.types import Json, OpenQuestion

Event = Literal[
    "question.opened",
    "question.assigned",
    "question.reminded",
    "question.escalated",
    "question.voted",
    "question.answered",
    "question.expired",
    "session.started",
    "session.paused",
    "session.completed",
    "session.failed",
    "session.cancelled",
]
EVENTS: tuple[Event, ...] = get_args(Event)
_OF_KINDS: dict[str, Event] = {
    "opened": "session.started",
    "asked": "question.opened",
    "assigned": "question.assigned",
    "reminded": "question.reminded",
    "escalated": "question.escalated",
    "voted": "question.voted",
    "answered": "question.answered",
    "expired": "question.expired",
    "paused": "session.paused",
    "closed": "session.completed",
    "cancelled": "session.cancelled",
}
ENDS = frozenset({"session.completed", "session.failed", "session.cancelled"})
CLOSES = frozenset({"question.answered", "question.expired", *ENDS})
"""Events after which nobody can answer any more what was asked."""


def event_of(entry: Entry) -> Event | None:
    """Return what an entry is told as; None for one that is nobody's business."""
    if entry.kind == "failed":
        return None if entry.key else "session.failed"
    return _OF_KINDS.get(entry.kind)


def message_id(session_id: str, seq: int) -> str:
    """Return the id of the message about an entry, which is the same however often it is sent."""
    return f"msg_{session_id}.{seq}"


@dataclass(frozen=True)
class ChannelNote:
    """What somebody is told.

    Attributes:
        id: The same however often it is sent, so that who has it already knows.
        event: What has happened.
        at: When, Unix time in seconds.
        session: The session.
        workflow: Its workflow.
        seq: The number of the entry.
        ref: Names the question in URLs; "" where it is about none.
        url: The page where it can be looked at and answered; "" where no address is known.
        question: The question; None where it is about none.
        is_open: Whether the question can still be answered.
        data: What the entry says besides: value, by, to, why, level.
    """

    id: str
    event: Event
    at: float
    session: str
    workflow: str
    seq: int
    ref: str = ""
    url: str = ""
    question: OpenQuestion | None = None
    is_open: bool = False
    data: Mapping[str, Json] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """What became of the question, in words; "" while it is open."""
        if self.is_open:
            return ""
        if self.event == "question.answered":
            who = self.data.get("by") or "somebody"
            return f"Answered by {who}: {self.data.get('value')}"
        if self.event == "question.expired":
            return "Nobody answered in time."
        return "It waits for no answer any more."

    def payload(self, *, full: bool = False) -> dict[str, Json]:
        """Return it as plain JSON values: the ids alone, or with `full` what is asked and what was said."""
        told: dict[str, Json] = {"session": self.session, "workflow": self.workflow, "seq": self.seq}
        if self.question is not None:
            told |= {"question": self.question.id, "ref": self.ref, "kind": self.question.kind}
        if self.url:
            told["url"] = self.url
        if full:
            told |= {name: value for name, value in self.data.items() if value is not None}
            if self.question is not None:
                told |= _asked(self.question)
        at = datetime.fromtimestamp(self.at, timezone.utc).isoformat(timespec="milliseconds")
        return {"type": self.event, "timestamp": at.replace("+00:00", "Z"), "data": told}


def _asked(question: OpenQuestion) -> dict[str, Json]:
    names = ("prompt", "context", "choices", "schema", "deadline")
    return {name: getattr(question, name) for name in names if getattr(question, name) is not None}


_TOLD = ("value", "by", "reason", "to", "why", "level", "n", "error")


def note_of(
    session_id: str, state: State, entry: Entry, event: Event, *, origin: str = "", key: str = ""
) -> ChannelNote:
    """Return what is told of an entry.

    Args:
        session_id: The session.
        state: All that is on record of it.
        entry: The entry.
        event: What it is told as.
        origin: Where people reach the server, as `https://strands.example.org`; "" for nowhere.
        key: The question that it is about, where the entry does not say.
    """
    key = key or entry.key
    asked = state.asked.get(key) if event.startswith("question.") or key else None
    ref = ref_of(session_id, key) if asked is not None else ""
    page = f"/q/{ref}" if ref else f"/sessions/{session_id}"
    return ChannelNote(
        id=message_id(session_id, entry.seq),
        event=event,
        at=entry.at,
        session=session_id,
        workflow=str(state.origin.get("workflow", "")),
        seq=entry.seq,
        ref=ref,
        url=f"{origin}{page}" if origin else "",
        question=public(state, asked, session_id) if asked is not None else None,
        is_open=asked is not None and state.is_open(asked.key) and not state.finished,
        data={name: entry.data[name] for name in _TOLD if name in entry.data},
    )


@dataclass(frozen=True)
class Receipt:
    """What a channel needs to change later what it has sent.

    Attributes:
        data: Plain JSON values.
    """

    data: Mapping[str, Json] = field(default_factory=dict)


class DeliveryError(Exception):
    """Something could not be delivered.

    Args:
        message: Why, in a line.
        status: The status of an HTTP reply, where there was one.
        retry_after: Seconds after which it may be tried again; None for as the schedule has it.
        is_final: It will never be delivered, so it is not tried again.
        disables: Whom it is for wants nothing any more.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        is_final: bool = False,
        disables: bool = False,
    ) -> None:
        super().__init__(message)
        self.message: str = message
        self.status: int | None = status
        self.retry_after: float | None = retry_after
        self.is_final: bool = is_final or disables
        self.disables: bool = disables
