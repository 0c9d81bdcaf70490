"""What is recorded of an answer that is taken: the answer, or a vote, and with the vote that is enough the answer."""

from __future__ import annotations

from collections.abc import Mapping

from strands.types.json_value import is_same_json
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.rights import Verdict, standing
from strands_cli.kernel.standing import QuestionStanding, Vote, closing
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from strands_cli.types import Json


def drafts(
    state: State,
    asked: Entry,
    principal: Principal,
    verdict: Verdict,
    how: Mapping[str, Json],
    *,
    at: float,
) -> list[Draft]:
    """Return what to append of an answer that was admitted; nothing where it is a vote that is on record.

    Args:
        state: The fold of the journal; of the whole one where the question takes several persons.
        asked: The question.
        principal: Who answers.
        verdict: What `admit` said.
        how: What is recorded with it: by, channel, reason, shown, request.
        at: Unix time in seconds, which is told.
    """
    data: dict[str, Json] = {"value": verdict.value}
    if "of" in asked.data:
        data["of"] = asked.data["of"]
    data.update(how)
    data["principal"] = principal.to_dict()
    if verdict.on_behalf:
        data["on_behalf"] = verdict.on_behalf
    here = standing(state, asked.key)
    if not here.is_collected:
        return [Draft("answered", asked.key, data, at)]
    known = voted(here, principal, verdict.value)
    mine = known or Vote(verdict.value, str(data["by"]), principal, at, state.count, verdict.on_behalf)
    found = [] if known else [Draft("voted", asked.key, _without_owner(data), at)]
    votes = closing(asked, here, mine)
    if votes is not None:
        found.append(Draft("answered", asked.key, {**data, "votes": votes}, at))
    return found


def voted(here: QuestionStanding, principal: Principal, value: Json) -> Vote | None:
    """Return the vote of somebody, where it is on record and says this."""
    for vote in here.votes:
        if vote.principal.who == principal.who and is_same_json(vote.value, value):
            return vote
    return None


def _without_owner(data: Mapping[str, Json]) -> dict[str, Json]:
    """A vote is nothing that happens inside an agent's call: only what closes its question is."""
    return {name: value for name, value in data.items() if name != "of"}


def due(state: State, asked: Entry, at: float) -> list[Draft]:
    """Return the answer that votes on record make by the rules in force, which were mended since; nothing for none."""
    if not state.is_open(asked.key):
        return []
    here = standing(state, asked.key)
    for vote in reversed(here.votes):
        votes = closing(asked, here, vote)
        if votes is not None:
            entry = next(each for each in state.on_questions[asked.key] if each.seq == vote.seq)
            owner = {"of": asked.data["of"]} if "of" in asked.data else {}
            return [Draft("answered", asked.key, {**owner, **entry.data, "votes": votes}, at)]
    return []
