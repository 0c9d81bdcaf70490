"""As whom somebody acts: in their own right, or in the place of a person whom they stand in for."""

from __future__ import annotations

from dataclasses import replace

from strands_cli.kernel import rights
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.rights import Verdict
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.people import People


def acting(
    state: State, asked: Entry, principal: Principal, people: People, *, now: float, session_id: str
) -> tuple[Principal, Verdict]:
    """Return as whom somebody may answer a question, and why they may not; its code is "" where they may.

    Args:
        state: The fold of the session's journal.
        asked: The question.
        principal: Who it is.
        people: Knows who stands in for whom.
        now: Unix time, in seconds, by the store's clock.
        session_id: The session.
    """
    own = rights.why_not(state, asked, principal, now=now, session_id=session_id)
    if own.code != "not-eligible":
        return principal, own
    for key in people.stands_in_for(principal, now):
        other = replace(principal, roles=people.by_key[key].roles, on_behalf=key)
        verdict = rights.why_not(state, asked, other, now=now, session_id=session_id)
        if not verdict.code:
            return other, verdict
    return principal, own


def nobody_may(state: State, asked: Entry, people: People, *, now: float) -> bool:
    """Return whether nobody of those who are known may answer a question; False where nobody is known."""
    if not people.by_key:
        return False
    known = people.everybody()
    substitutes = [
        replace(each, roles=people.by_key[key].roles, on_behalf=key)
        for each in known
        for key in people.stands_in_for(each, now)
    ]
    return not rights.eligible(state, asked, [*known, *substitutes], now=now)
