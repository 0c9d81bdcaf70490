"""What was done about the questions of a session: answers, votes, reminders, escalations, and with whom they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.state import ON_QUESTIONS
from strands_cli.review_words import text as as_text
from strands_cli.terminal.escape import exact_line, one_line

if TYPE_CHECKING:
    from strands_cli.api.session_manager import Session

_CLOSING = ("answered", "expired")


def acts(session: Session) -> list[dict[str, Any]]:
    """Return what was done about questions, in its order: when, to which, what, by whom, through what and why."""
    from strands_cli.api.bridge import run_sync

    found = []
    for entry in run_sync(session.entries_async):
        if entry.kind not in (*ON_QUESTIONS, *_CLOSING):
            continue
        data: Mapping[str, Any] = entry.data
        principal: Mapping[str, Any] = data.get("principal") or {}
        told = {
            "by": data.get("by"),
            "channel": data.get("channel") or principal.get("via"),
            "reason": data.get("reason") or data.get("why"),
            **{name: data.get(name) for name in ("value", "to", "until", "timed_out", "n", "level")},
        }
        known = {name: value for name, value in told.items() if value is not None}
        found.append({"seq": entry.seq, "at": entry.at, "kind": entry.kind, "question": entry.key, **known})
    return found


def said(act: Mapping[str, Any], most: int = 0) -> str:
    """Return in words what was done, without when and to which question; a value of `most` characters, or whole."""
    if act["kind"] == "reminded":
        return f"reminder {act.get('n', 1)}"
    if act["kind"] == "escalated":
        return f"escalation {act.get('level', 1)}"
    if act["kind"] == "assigned":
        what = f"to {one_line(act['to'], 60)}" if act.get("to") else "given back"
        return f"{what}{whose(act)}"
    return f"{one_line(as_text(act.get('value')), most)}{whose(act)}"


def whose(act: Mapping[str, Any]) -> str:
    """Return who did it, through what and why."""
    parts = [f"by {one_line(act['by'], 60)}"] if act.get("by") else []
    parts += [f"through {one_line(act['channel'], 40)}"] if act.get("channel") else []
    text = f" {' '.join(parts)}" if parts else ""
    return f"{text}: {one_line(act['reason'])}" if act.get("reason") else text


def closed(session: Session, done: Iterable[Mapping[str, Any]], full: bool) -> Iterator[str]:
    """Yield the questions that have an answer, or whose time has passed, each with who gave it and why."""
    from strands_cli.cli.outcome import named
    from strands_cli.cli.phrases import when

    most = 0 if full else 200
    for act in done:
        question = session.question(act["question"]) if act["kind"] in _CLOSING else None
        if question is None or question.seq > act["seq"]:  # another question has its id by now
            continue
        yield f"  {named(question)}: {exact_line(question.prompt, most or 10_000)}"
        if act.get("timed_out") or act["kind"] == "expired":
            yield f"      nobody answered by {when(act['at'])}"
            if act["kind"] == "expired":
                continue
        yield f"      Answer: {one_line(as_text(act.get('value')), most)}"
        if not act.get("timed_out"):
            yield f"      Given{whose({**act, 'reason': None})} at {when(act['at'])}"
        if act.get("reason"):
            yield f"      Why: {one_line(act['reason'], most)}"
