"""Rehearsing: every pattern runs to its end without a model, whatever its prompts say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from strands_cli.api import Workflow
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.types import RunResult
from support import pattern_stories as patterns
from support.cast import spec


def rehearsed(data: dict[str, Any], variables: dict[str, Any], answers: dict[str, Any]) -> RunResult:
    workflow = Workflow.from_dict(data, offline=True, repository=MemorySessionRepository())

    async def main() -> RunResult:
        result = await workflow.run_async(variables=variables)
        for _ in range(10):
            if result.status != "paused":
                break
            assert result.session_id is not None
            given = {question.id: answers.get(question.id, "approved") for question in result.questions}
            result = await workflow.resume_async(result.session_id, answers=given)
        return result

    return asyncio.run(main())


@pytest.mark.parametrize("name", patterns.STORIES)
def test_a_pattern_with_people_in_it(name: str) -> None:
    answers = {"nodes/check": "yes", "iterations/1/review": "go on"}
    result = rehearsed(patterns.STORIES[name], patterns.VARIABLES[name], answers)
    assert result.status == "completed"
    assert result.last_response


def test_the_first_route_is_taken_however_the_router_is_asked() -> None:
    for prompt in ("Where to?", 'Reply {"route": "<route>"} in JSON: b-side or a_side.', "{{ 'options: none' }}"):
        routes = {name: {"then": [{"agent": "b", "input": name}]} for name in ("a_side", "b-side")}
        data = spec("routing", {"router": {"agent": "a", "input": prompt, "max_retries": 0}, "routes": routes})
        assert rehearsed(data, {}, {}).execution_context["chosen_route"] == "a_side"


@pytest.mark.parametrize(("min_score", "max_iters", "iterations"), [(99.5, 3, 2), (10, 3, 2), (100, 1, 1), (0, 3, 1)])
def test_a_draft_passes_after_one_revision(min_score: float, max_iters: int, iterations: int) -> None:
    accept = {"min_score": min_score, "max_iters": max_iters}
    config = {"producer": "a", "evaluator": {"agent": "b", "input": "Well?"}, "accept": accept}
    result = rehearsed(spec("evaluator_optimizer", config), {}, {})
    assert result.status == "completed"
    assert len(result.execution_context["iterations"]) == iterations


def test_an_orchestrator_hands_out_tasks_once() -> None:
    orchestrator = {"agent": "a", "input": "Get on with it", "limits": {"max_rounds": 4, "max_workers": 2}}
    data = spec("orchestrator_workers", {"orchestrator": orchestrator, "worker_template": {"agent": "b"}})
    context = rehearsed(data, {}, {}).execution_context
    assert context["round_count"] == 1
    assert len(context["workers"]) >= 1
