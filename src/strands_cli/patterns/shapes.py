"""The JSON that patterns ask of models: what they are told of its shape, and what is read out of it."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from strands_cli.loader.json_text import whole
from strands_cli.patterns.answers import Malformed, short

EVALUATION = 'Answer with JSON only: {"score": a number from 0 to 100, "issues": ["..."], "fixes": ["..."]}'
TASKS = 'Answer with a JSON array only, one object for each task: [{"task": "..."}], or [] when there is nothing to do.'
REVISION = """Your draft scored {{ evaluation.score }} of 100.
{% if evaluation.issues %}
Issues:
{% for issue in evaluation.issues %}- {{ issue }}
{% endfor %}{% endif %}{% if evaluation.fixes %}
Suggested fixes:
{% for fix in evaluation.fixes %}- {{ fix }}
{% endfor %}{% endif %}
Revise the draft accordingly, and answer with the whole of it.

{{ draft }}"""
"""What a producer is told by default: the template of a revision."""


def route_shape(routes: Collection[str]) -> str:
    """Return what a router is told to answer."""
    return f'Answer with JSON only, {{"route": "NAME"}}, where NAME is one of: {", ".join(routes)}.'


def route(value: Any, routes: Collection[str]) -> str:
    """Return the route of a router's answer: an object, a name, or a list of one; raises Malformed."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    name = value.get("route") if isinstance(value, dict) else value
    if not isinstance(name, str):
        raise Malformed('it is not an object with a text under "route"')
    before, colon, after = name.partition(":")
    found = named(name, routes) or (named(after, routes) if colon and before.strip().casefold() == "route" else None)
    if found is None:
        raise Malformed(f"there is no route {short(name)}")
    return found


def named(name: str, routes: Collection[str]) -> str | None:
    """Return the route that a name means: the one spelt like it, else the only one that differs in case."""
    wanted = name.strip()
    if wanted in routes:
        return wanted
    alike = [route for route in routes if route.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else None


def evaluation(value: Any) -> dict[str, Any]:
    """Return the score, issues and fixes of an evaluator's answer; raises Malformed."""
    score = value.get("score") if isinstance(value, dict) else None
    if isinstance(score, str):
        try:
            score = float(score)
        except ValueError:
            raise Malformed(f"the score {short(score)} is not a number") from None
    if not isinstance(score, (int, float)) or isinstance(score, bool):
        raise Malformed('it is not an object with a number under "score"')
    if not 0 <= score <= 100:
        raise Malformed(f"the score {score} is not from 0 to 100")
    return {"score": score, "issues": _texts(value.get("issues")), "fixes": _texts(value.get("fixes"))}


def tasks(value: Any) -> list[dict[str, Any]]:
    """Return the tasks of an orchestrator's answer; raises Malformed."""
    if isinstance(value, dict):
        value = next((value[name] for name in ("tasks", "subtasks") if name in value), [value])
    if not isinstance(value, list):
        raise Malformed("it is not a JSON array of tasks")
    found = [{"task": each} if isinstance(each, str) else each for each in value]
    for each in found:
        if not isinstance(each, dict) or not isinstance(each.get("task"), str) or not each["task"].strip():
            raise Malformed('not every item is an object with a text under "task"')
    return found


def replacement(answer: Any) -> list[dict[str, Any]] | None:
    """Return the tasks that a person put in a plan's place, or None when the answer is something else."""
    try:
        value = whole(answer) if isinstance(answer, str) else answer
        return tasks(value) if isinstance(value, list) else None
    except ValueError:
        return None


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [] if value in (None, "") else [value]
    return [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in items]
