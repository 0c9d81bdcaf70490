"""Questions in every place: made of the data before them, and a default that a deadline gave is no person's answer."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from support.cast import Cast, hitl, spec

FACTS = {"options": ["north", "south"], "hours": 2, "score": 7}
SCHEMA = {"type": "object", "required": ["score"]}
TOLD = "{{ hitl_response }} {{ hitl_timed_out }}"
END = {"agent": "a", "input": TOLD}


def facts(source: str) -> dict[str, Any]:
    """A question made of the data that a name of the pattern holds."""
    return hitl(
        f"Score {{{{ {source}.score + 1 }}}}?",
        choices=f"{{{{ {source}.options }}}}",
        default=f"{{{{ {source}.options[1] }}}}",
        timeout_seconds=f"{{{{ {source}.hours }}}}h",
    )


ASKED = {"agent": "f", "input": "x"}
PLACES: dict[str, tuple[str, dict[str, Any], str]] = {
    "chain": ("chain", {"steps": [ASKED, facts("steps[0].response"), END]}, "steps[1]"),
    "workflow": (
        "workflow",
        {
            "tasks": [
                {"id": "f", **ASKED},
                {"id": "q", "deps": ["f"], **facts("tasks.f.response")},
                {"id": "e", "deps": ["q"], **END},
            ]
        },
        "tasks.q",
    ),
    "graph": (
        "graph",
        {
            "nodes": {"f": ASKED, "q": facts("nodes.f.response"), "e": END},
            "edges": [{"from": "f", "to": "q"}, {"from": "q", "choose": [{"when": "hitl_response != ''", "to": "e"}]}],
        },
        "nodes.q",
    ),
    "branch": (
        "parallel",
        {"branches": [{"id": "p", "steps": [ASKED, facts("last_response"), END]}, {"id": "o", "steps": [ASKED]}]},
        "branches.p.steps[1]",
    ),
    "reduce": (
        "parallel",
        {"branches": [{"id": i, "steps": [ASKED]} for i in "po"], "reduce": facts("branches.p.response")},
        "reduce",
    ),
    "route": (
        "routing",
        {"router": {"agent": "r", "input": "?"}, "routes": {"one": {"then": [ASKED, facts("steps[0].response"), END]}}},
        "steps[1]",
    ),
    "for_each": (
        "chain",
        {"steps": [{"for_each": [1], "steps": [ASKED, facts("last_response"), END]}]},
        "steps[0]['items'][0].steps[1]",
    ),
    "within": (
        "chain",
        {"steps": [{"workflow": "w"}]},
        "steps[0]",
    ),
    "review_router": (
        "routing",
        {
            "router": {
                "agent": "r",
                "input": "?",
                "review_router": {**facts("router.response"), "choices": ["approved"], "default": "approved"},
            },
            "routes": {"one": {"then": [END]}},
        },
        "",
    ),
    "review_gate": (
        "evaluator_optimizer",
        {
            "producer": "f",
            "evaluator": {"agent": "s", "input": 'json "score" {{ draft }}'},
            "accept": {"min_score": 50, "max_iters": 2},
            "review_gate": {**facts("(draft | fromjson)"), "default": "{{ (draft | fromjson).options[1] }}"},
            "revise_prompt": TOLD,
        },
        "",
    ),
    "decomposition_review": (
        "orchestrator_workers",
        {
            "orchestrator": {"agent": "o"},
            "decomposition_review": {
                **facts("(subtasks[0].task | fromjson)"),
                "choices": ["approved"],
                "default": "approved",
            },
            "worker_template": {"agent": "a", "input": TOLD},
        },
        "",
    ),
    "reduce_review": (
        "orchestrator_workers",
        {
            "orchestrator": {"agent": "o"},
            "reduce_review": facts("(workers[0].response)"),
            "worker_template": {"agent": "f"},
            "reduce": END,
        },
        "",
    ),
    "writeup": (
        "orchestrator_workers",
        {
            "orchestrator": {"agent": "o"},
            "worker_template": {"agent": "f"},
            "reduce": ASKED,
            "writeup": facts("reduce_response"),
        },
        "",
    ),
}


def data(place: str) -> tuple[dict[str, Any], str]:
    pattern, config, name = PLACES[place]
    found = spec(pattern, config, "afrso")
    agents = {**found["agents"], "f": {"prompt": "You are f.", "output_schema": SCHEMA}}
    agents["r"] = {"prompt": "You are r."} if place == "route" else {"prompt": "You are r.", "output_schema": {}}
    found["agents"] = agents
    if place == "within":
        found["workflows"] = {"w": {**data("chain")[0]}}
    return found, name


def cast(place: str, limit: float | None = None) -> Cast:
    found, _ = data(place)
    if limit is not None:
        found = json.loads(json.dumps(found).replace(place_time(place), f'"timeout_seconds": {limit}'))
    parts: dict[str, Any] = {
        "a": lambda prompt: f"<{prompt}>",
        "f": json.dumps(FACTS),
        "r": json.dumps({**FACTS, "route": "one"}),
        "s": '{"score": 1}',
        "o": lambda prompt: "[]" if "round" in prompt else json.dumps([{"task": json.dumps(FACTS)}]),
    }
    return Cast(found, parts)


def place_time(place: str) -> str:
    text = json.dumps(data(place)[0])
    start = text.index('"timeout_seconds": ')
    return text[start : text.index('h"', start) + 2]


@pytest.mark.parametrize("place", PLACES)
def test_a_question_is_made_of_data(place: str) -> None:
    [question] = cast(place).run().questions
    assert question.prompt == "Score 8?" and question.timeout_seconds == 7200
    assert question.choices in (("north", "south"), ("approved",))
    assert question.default in ("south", "approved")


@pytest.mark.parametrize("how", ["person", "deadline"])
@pytest.mark.parametrize("place", PLACES)
def test_a_default_that_the_deadline_gave_is_told_from_an_answer(place: str, how: str) -> None:
    play = cast(place, 0.01 if how == "deadline" else None)
    result = play.run()
    for _ in range(3):
        if result.status == "paused":
            time.sleep(0.02)
            result = play.resume(result, *([result.questions[0].default] if how == "person" else []))
    assert result.status in ("completed", "failed")
    timed_out = how == "deadline"
    if place == "reduce":
        assert result.execution_context["reduce"]["timed_out"] is timed_out
    elif place != "writeup":  # nothing comes after it
        heard = [prompt for _, prompt in play.told if prompt.endswith((" True", " False"))]
        assert heard and all(each.endswith(f" {timed_out}") for each in heard)


@pytest.mark.parametrize("place", ["chain", "workflow", "graph", "route"])
def test_a_step_says_so_of_itself(place: str) -> None:
    play = cast(place, 0.01)
    result = play.run()
    while result.status == "paused":
        time.sleep(0.02)
        result = play.resume(result)
    context: dict[str, Any] = result.execution_context
    step = {"workflow": lambda: context["tasks"]["q"], "graph": lambda: context["nodes"]["q"]}.get(
        place, lambda: context["steps"][1]
    )()
    assert step["timed_out"] is True and step["response"] == "south"
