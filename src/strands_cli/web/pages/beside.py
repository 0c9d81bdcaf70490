"""What is told beside a question: who may answer by name, with whom it is, what was done about it and what comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from strands_cli.inbox.acting import acting
from strands_cli.inbox.inbox import QuestionOnRecord
from strands_cli.kernel import rights, timers
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.standing import QuestionStanding, in_force, names
from strands_cli.kernel.types import Entry
from strands_cli.people import People

_LISTED = 20


class QuestionEvent(NamedTuple):
    """Something that was done about a question, or will be: when, in Unix seconds, in words, and why."""

    at: float
    words: str
    why: str = ""


class Beside(NamedTuple):
    """What is told beside a question.

    Attributes:
        people: Who may answer, by name, as far as people are known; who stands in for somebody says for whom.
        offered: Whom it can be handed to: key and name.
        is_handed_on: Whether its author lets it be handed on.
        assignee: With whom it is, by name; "" for nobody.
        until: Unix time, in seconds, at which that ends; None for no end.
        is_mine: Whether it is with whoever looks.
        is_from_me: Whether whoever looks has handed it on.
        acts_for: For whom whoever looks would answer; "" for themselves.
        happened: What was done about it, the oldest first.
        upcoming: Reminders and escalations to come, the next first.
    """

    people: Sequence[str]
    offered: Sequence[tuple[str, str]]
    is_handed_on: bool
    assignee: str
    until: float | None
    is_mine: bool
    is_from_me: bool
    acts_for: str
    happened: Sequence[QuestionEvent]
    upcoming: Sequence[QuestionEvent]


def beside_of(record: QuestionOnRecord, people: People, principal: Principal) -> Beside:
    """Return what is told beside a question.

    Args:
        record: What is on record of it.
        people: Who people are.
        principal: Who looks.
    """
    state, asked, now = record.state, record.asked, record.now
    here = rights.standing(state, asked.key, now)
    by, _ = acting(state, asked, principal, people, now=now, session_id=record.session)
    taken, may = here.assignee, list(_who_may(record, people))
    is_open = not state.finished and state.is_open(asked.key)
    offered = {each.person: each.name for each in _offered(record, people, here) if each.person}
    offered.pop(principal.person, None)
    acts = state.on_questions.get(asked.key, ())
    return Beside(
        people=may[:_LISTED] + (["and others"] if len(may) > _LISTED else []),
        offered=sorted(offered.items(), key=lambda each: each[1]),
        is_handed_on=here.delegate != "never",
        assignee=name_of(people, taken.to) if taken is not None else "",
        until=taken.until if taken is not None else None,
        is_mine=taken is not None and names(taken.to, principal),
        is_from_me=principal.who in here.handed or by.who in here.handed,
        acts_for=name_of(people, by.on_behalf) if by.on_behalf else "",
        happened=[each for entry in acts for each in _happened(people, entry)],
        upcoming=[_upcoming(people, each) for each in timers.unfired(state, asked)] if is_open else [],
    )


def _who_may(record: QuestionOnRecord, people: People) -> Iterator[str]:
    """Yield who of those who are known may answer, by name: nobody where everybody may."""
    rules = in_force(record.state, record.asked)
    if not rules.get("ask"):
        return
    own = rights.eligible(record.state, record.asked, people.everybody(), now=record.now)
    yield from sorted({each.shown for each in own})
    may = {each.person for each in own}
    for each in people.everybody():
        for key in people.stands_in_for(each, record.now) if each.person not in may else ():
            other = replace(each, roles=people.by_key[key].roles, on_behalf=key)
            if rights.eligible(record.state, record.asked, [other], now=record.now):
                may.add(each.person)
                yield f"{each.shown} for {people.by_key[key].name}"


def _offered(record: QuestionOnRecord, people: People, here: QuestionStanding) -> Sequence[Principal]:
    if here.delegate == "anyone":
        return people.everybody()
    return rights.eligible(record.state, record.asked, people.everybody(), now=record.now)


def name_of(people: People, who: str) -> str:
    """Return the name of whom a record means, a person or an id; what is not known as it is."""
    person = people.by_key.get(who)
    return person.name if person is not None else people.principal(who).shown


def giver(people: People, told: Mapping[str, Any]) -> str:
    """Return who gave an answer or did something, by name, and for whom: `Dora for Anna`."""
    principal: Mapping[str, Any] = told.get("principal") or {}
    shown = str(told.get("by") or principal.get("id") or "somebody")
    other = told.get("on_behalf") or principal.get("on_behalf")
    return f"{shown} for {name_of(people, str(other))}" if other else shown


def _happened(people: People, entry: Entry) -> Iterator[QuestionEvent]:
    data: Mapping[str, Any] = entry.data
    if entry.kind == "reminded":
        yield QuestionEvent(entry.at, f"Reminder {data['n']} was due")
    elif entry.kind == "escalated":
        yield QuestionEvent(entry.at, f"Escalated to level {data['level']}: {_asked_as_well(people, data)}")
    elif entry.kind == "assigned":
        who = Principal.from_dict(data["principal"])
        to, why = str(data["to"]), str(data.get("why") or "")
        words = "gave it back" if not to else "claimed it" if names(to, who) else f"handed it to {name_of(people, to)}"
        yield QuestionEvent(entry.at, f"{giver(people, data)} {words}", why)


def _upcoming(people: People, timer: Mapping[str, Any]) -> QuestionEvent:
    if timer["do"] == "remind":
        return QuestionEvent(timer["at"], f"Reminder {timer['n']}")
    return QuestionEvent(timer["at"], f"Escalation {timer['level']}: {_asked_as_well(people, timer)}")


def _asked_as_well(people: People, told: Mapping[str, Any]) -> str:
    ask = told.get("ask") or {}
    who = [f"role {role}" for role in ask.get("roles") or ()] + [
        name_of(people, str(e)) for e in ask.get("users") or ()
    ]
    parts = [f"{' or '.join(who)} may answer, too"] if who else []
    notify = ", ".join(map(str, told.get("notify") or ()))
    return "; ".join([*parts, *([f"{notify} is told"] if notify else [])]) or "nobody else is asked"
