"""Where a question stands, in words: who may answer, who has voted, who has claimed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from strands_cli.inbox.views import InboxQuestion
from strands_cli.kernel.timers import refusal
from strands_cli.types import Json
from strands_cli.web.pages.shown import written


class StandingInWords(NamedTuple):
    """What is told of a question beside what it asks.

    Attributes:
        who: Who may answer, in a sentence; "" for anybody.
        votes_told: How many votes there are of how many that are needed; "" where one answer is enough.
        votes: Each vote: value, by, at, and on_behalf where it is another's right.
        assignee: Who has claimed it or was given it, or "".
        escalated: Whether more people were asked since.
        at_deadline: What then stands for an answer, in a sentence.
    """

    who: str
    votes_told: str
    votes: Sequence[Mapping[str, Json]]
    assignee: str
    escalated: bool
    at_deadline: str


def standing_of(found: InboxQuestion) -> StandingInWords:
    """Return where a question stands."""
    question = found.question
    who, votes = _who(question.ask or {}, question.who), list(question.votes)
    told = _votes(question.quorum or {}, votes)
    return StandingInWords(who, told, votes, question.assignee, question.escalated > 0, _at_deadline(found))


def _at_deadline(found: InboxQuestion) -> str:
    question, then = found.question, found.asked.get("on_timeout", "default")
    if then == "default" and question.has_default:
        return f"Then {written(question.default)!r} is the answer."
    if then == "deny" and question.kind != "approval" and (denial := refusal(question.choices or ())) is not None:
        return f"Then {denial!r} is the answer."
    is_denied = question.kind == "approval" and then != "fail"
    return "Then it is denied." if is_denied else "Then nobody can answer any more, and the run fails."


def _who(ask: Mapping[str, Any], who: str) -> str:
    parts = [f"{who[:1].upper()}{who[1:]}"] if who else []
    for each in ask.get("exclude") or ():
        parts.append("not who started it" if each == "starter" else f"not who answered {each}")
    words = {"login": "only signed in", "token": "with a token or signed in", "link": "with a link or better"}
    if ask.get("auth") in words:
        parts.append(words[ask["auth"]])
    return f"{', '.join(parts)}." if parts else ""


def _votes(quorum: Mapping[str, Any], votes: Sequence[Mapping[str, Any]]) -> str:
    """Return for each choice how many votes it has and needs, where any needs more than one."""
    if not any(isinstance(needed, int) and needed > 1 for needed in quorum.values()):
        return ""
    counted = {choice: sum(_choice(vote.get("value")) == choice for vote in votes) for choice in quorum}
    return ", ".join(f"{choice} {counted[choice]} of {needed}" for choice, needed in quorum.items())


def _choice(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("decision")
    return str(value).partition(":")[0].strip()
