"""A process dies before or after any write of any pattern: the same end, and nothing done is asked again."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from strands_cli.session.memory import MemorySessionRepository
from support import pattern_stories as patterns
from support.crash import Death, Story, When

STORIES = {**patterns.STORIES, "within": patterns.WITHIN}
LANES = {"workflow": 2, "orchestrator_workers": 2}
"""How many calls can be under way when a process dies, where it is more than one."""


def story(name: str) -> Story:
    variables = patterns.VARIABLES.get(name, {"topic": "bees"})
    return Story(STORIES[name], patterns.model, answers=patterns.ANSWERS[name], variables=variables)


def played(name: str, death: Death) -> tuple[str, Counter[str]]:
    told = story(name)
    result = asyncio.run(told.play(MemorySessionRepository(), death))
    assert result.success
    return result.last_response, Counter(told.calls)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", STORIES)
def test_a_death_at_any_write_changes_nothing(name: str, when: When) -> None:
    quiet = Death()
    response, calls = played(name, quiet)
    assert response == patterns.EXPECTED[name]
    assert quiet.writes > 8
    for at in range(1, quiet.writes + 1):
        again, asked = played(name, Death(at, when))
        assert again == response, f"death {when} write {at}"
        assert not calls - asked
        repeated = asked - calls
        assert sum(repeated.values()) <= LANES.get(name, 1), f"death {when} write {at}: asked again {repeated}"


@pytest.mark.parametrize("name", sorted(set(STORIES) - set(LANES)))
def test_what_is_on_record_is_never_asked_of_a_model_again(name: str) -> None:
    """Over all deaths that leave the record complete, no call is repeated; over the others, each call exactly once."""
    quiet = Death()
    _, calls = played(name, quiet)
    for when, repeats in (("after", 0), ("before", sum(calls.values()))):
        extra: Counter[str] = Counter()
        for at in range(1, quiet.writes + 1):
            extra += played(name, Death(at, when))[1] - calls  # type: ignore[arg-type]
        assert sum(extra.values()) == repeats, when
