"""A process dies before or after any of its writes: the run still comes to the same end, and nothing runs twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository
from support.crash import Death, Story, When, echo_model

CHAIN: dict[str, Any] = {
    "version": 0,
    "name": "chain",
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "You are a."}, "b": {"prompt": "You are b."}},
    "pattern": {
        "type": "chain",
        "config": {
            "steps": [
                {"agent": "a", "input": "research {{topic}}"},
                {"type": "hitl", "prompt": "Good?", "context_display": "{{ steps[0].response }}"},
                {"agent": "b", "input": "write {{ hitl_response }} on {{ steps[0].response }}"},
                {"type": "hitl", "prompt": "Publish?", "choices": ["approved", "rejected"]},
                {"agent": "a", "input": "publish {{ hitl_response }}: {{ steps[2].response }}"},
            ]
        },
    },
}
PARALLEL: dict[str, Any] = {
    **CHAIN,
    "name": "parallel",
    "pattern": {
        "type": "parallel",
        "config": {
            "branches": [
                {
                    "id": "web",
                    "steps": [
                        {"agent": "a", "input": "web {{topic}}"},
                        {"type": "hitl", "prompt": "Web good?"},
                        {"agent": "a", "input": "web2 {{ hitl_response }} {{ last_response }}"},
                    ],
                },
                {
                    "id": "docs",
                    "steps": [
                        {"agent": "a", "input": "docs {{topic}}"},
                        {"type": "hitl", "prompt": "Docs good?"},
                        {"agent": "b", "input": "docs2 {{ hitl_response }}"},
                    ],
                },
                {"id": "quiet", "steps": [{"agent": "b", "input": "quiet"}, {"agent": "b", "input": "quieter"}]},
            ],
            "reduce": {"agent": "b", "input": "all: {{ branches.web.response }} {{ branches.docs.response }}"},
        },
    },
}
STORIES = {"chain": CHAIN, "parallel": PARALLEL}


def story(name: str) -> Story:
    return Story(
        STORIES[name],
        echo_model,
        answers={"branches/web/steps/1": "web yes", "branches/docs/steps/1": "docs yes"},
        variables={"topic": "bees"},
    )


def undisturbed(name: str) -> tuple[str, Counter[str], int]:
    """The last response, the calls, and the number of writes of a run in which nobody dies."""
    told, death = story(name), Death()
    result = asyncio.run(told.play(MemorySessionRepository(), death))
    assert result.success
    return result.last_response, Counter(told.calls), death.writes


def in_flight(name: str) -> int:
    """How many calls can be under way when a process dies: one a lane."""
    return 3 if name == "parallel" else 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", STORIES)
def test_a_death_at_any_write_changes_nothing(name: str, when: When) -> None:
    expected, calls, writes = undisturbed(name)
    assert writes > 5
    for at in range(1, writes + 1):
        told = story(name)
        result = asyncio.run(told.play(MemorySessionRepository(), Death(at, when)))
        assert result.last_response == expected, f"death {when} write {at}"
        extra = Counter(told.calls) - calls
        assert not calls - Counter(told.calls)
        assert sum(extra.values()) <= in_flight(name), f"death {when} write {at}: asked again {extra}"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_step_on_record_is_never_asked_of_the_model_again(when: When) -> None:
    """In a chain only the step whose `done` was lost is repeated: a death after a write repeats none that is done."""
    expected, calls, writes = undisturbed("chain")
    repeats = 0
    for at in range(1, writes + 1):
        told = story("chain")
        assert asyncio.run(told.play(MemorySessionRepository(), Death(at, when))).last_response == expected
        repeats += sum((Counter(told.calls) - calls).values())
    # Three agent steps: each is repeated once, when the process dies before its `done`, and by no other death.
    assert repeats == (3 if when == "before" else 0)


@pytest.mark.parametrize("name", STORIES)
def test_the_same_on_files(name: str, tmp_path: Path) -> None:
    expected, calls, writes = undisturbed(name)
    for at in range(1, writes + 1):
        for when in ("before", "after"):
            told = story(name)
            repository = FileSessionRepository(tmp_path / f"{at}-{when}")
            result = asyncio.run(told.play(repository, Death(at, when)))
            assert result.last_response == expected
            assert sum((Counter(told.calls) - calls).values()) <= in_flight(name)


@pytest.mark.parametrize("name", STORIES)
def test_token_usage_counts_recorded_replies_once(name: str) -> None:
    told = story(name)
    whole = asyncio.run(told.play(MemorySessionRepository(), Death()))
    for at in (4, 7, 11):
        again = asyncio.run(story(name).play(MemorySessionRepository(), Death(at, "after")))
        assert again.token_usage == whole.token_usage
