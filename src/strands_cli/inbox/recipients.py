"""Who is told of what happens to a question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strands_cli.inbox.notes import Event
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.people import People

_TELLING = frozenset({"question.opened", "question.assigned", "question.reminded", "question.escalated"})


def recipients(people: People, notify: Sequence[str], state: State, entry: Entry, event: Event) -> list[str]:
    """Return whom an entry is told, as `slack:#cfo`, each once.

    Args:
        people: Who people are, and where they want to be told.
        notify: Whom to tell of questions that are for everybody.
        state: What is on record up to the entry.
        entry: The entry.
        event: What it is told as.
    """
    if event not in _TELLING:
        return []
    asked = state.asked.get(entry.key)
    if asked is None:
        return []
    return list(dict.fromkeys(_found(people, notify, state, asked, entry, event)))


def _found(
    people: People, notify: Sequence[str], state: State, asked: Entry, entry: Entry, event: Event
) -> Iterator[str]:
    if event == "question.assigned":
        person = people.by_key.get(str(entry.data.get("to") or ""))
        yield from person.notify if person is not None else ()
        return
    escalated = [each for each in state.on_questions.get(entry.key, ()) if each.kind == "escalated"]
    asks = [entry] if event == "question.escalated" else [asked, *(escalated if event == "question.reminded" else ())]
    for each in asks:
        yield from each.data.get("notify") or ()
        yield from _of_ask(people, notify if each is asked else (), each.data.get("ask") or {})


def _of_ask(people: People, notify: Sequence[str], ask: Mapping[str, Any]) -> Iterator[str]:
    roles, users = ask.get("roles") or (), ask.get("users") or ()
    if not roles and not users:
        yield from notify
        return
    for person in people.eligible(roles, users):
        yield from person.notify
