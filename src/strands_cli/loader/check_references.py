"""References that lead nowhere: a misspelt task, a later step. Found before any model is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from strands_cli.loader.finding import Finding
from strands_cli.loader.references import paths, references
from strands_cli.loader.walk import CONFIG, Path, TemplateSite, at, listed, pattern_of, templates
from strands_cli.schema.problems import did_you_mean

_WORDS = {"tasks": "task", "nodes": "node", "branches": "branch"}


def check_references(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield references of templates to tasks, nodes, branches and steps that there will not be."""
    known = _known(data)
    for place in templates(data):
        for root, key in sorted(references(place.text, expression=place.expression), key=str):
            if root in known and isinstance(key, str) and key not in known[root]:
                cause = f"{place.path[-1]!r} uses {root}.{key}, and there is no {_WORDS[root]} {key!r}"
                yield Finding(place.path, cause, did_you_mean(key, known[root]))
            if root == "steps" and isinstance(key, int):
                yield from _step(data, place, key)
        yield from _fields(data, place)


_STEP = ("agent", "response", "tokens", "duration", "stop_reason", "status")
_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("chain", "steps"): ("index", *_STEP),
    ("routing", "steps"): ("index", *_STEP),
    ("parallel", "steps"): ("index", *_STEP),
    ("workflow", "tasks"): _STEP,
    ("graph", "nodes"): ("iteration", "step", *_STEP),
    ("parallel", "branches"): ("response", "status", "tokens", "duration", "stop_reason", "steps"),
    ("routing", "router"): ("chosen_route", *_STEP),
    ("evaluator_optimizer", "evaluation"): ("score", "issues", "fixes"),
    ("evaluator_optimizer", "current_evaluation"): ("score", "issues", "fixes"),
}
"""What the results of a pattern have, by the name that they are found under."""
_SINGLE = ("router", "evaluation", "current_evaluation")


def _fields(data: dict[str, Any], place: TemplateSite) -> Iterator[Finding]:
    """Fields that no result has, in the templates of a pattern that has such results."""
    pattern = pattern_of(data)
    own = {name for group in ("required", "optional", "values") for name in _names(at(data, ("inputs", group)))}
    for path in sorted(paths(place.text, expression=place.expression), key=str):
        root = str(path[0])
        known = _FIELDS.get((pattern, root))
        depth = 1 if root in _SINGLE else 2
        if known is None or root in own | place.own or len(path) <= depth:
            continue
        field = path[depth]
        if isinstance(field, str) and field not in known:
            written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
            cause = f"{place.path[-1]!r} uses {written}, and a result has no {field!r}"
            yield Finding(place.path, cause, did_you_mean(field, known))


def _names(value: object) -> list[str]:
    return list(map(str, value)) if isinstance(value, Mapping) else []


def with_implied_deps(data: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    """Return the document with a task waiting for each task whose result it uses, and what was added where.

    Without that, what a task sees would depend on which tasks happen to be done.
    """
    path: Path = (*CONFIG, "tasks")
    tasks = at(data, path)
    if pattern_of(data) != "workflow" or not isinstance(tasks, list):
        return data, []
    ids = {task["id"] for _, task in listed(tasks) if isinstance(task.get("id"), str)}
    above: dict[str, set[str]] = {}
    added: dict[int, list[str]] = {}
    for place in templates(data):
        index = place.path[3] if place.path[:3] == path and len(place.path) > 4 else None
        if not isinstance(index, int):
            continue
        task = tasks[index]
        unseen = {
            str(key)
            for root, key in references(place.text)
            if root == "tasks" and key in ids and key not in (task.get("deps") or ())
        }
        if unseen:
            above = above or _ancestors(tasks)
            added.setdefault(index, []).extend(sorted(unseen - above.get(str(task.get("id")), set())))
    added = {index: names for index, names in added.items() if names}
    if not added:
        return data, []
    fresh = [_waiting(task, added.get(index, [])) for index, task in enumerate(tasks)]
    config = {**data["pattern"]["config"], "tasks": fresh}
    notes: list[tuple[Path, str]] = [
        ((*path, index), f"task {tasks[index].get('id')!r} uses {', '.join(map(repr, dict.fromkeys(names)))} without "
         "naming it under 'deps'; it waits for it all the same")
        for index, names in added.items()
    ]  # fmt: skip
    return {**data, "pattern": {**data["pattern"], "config": config}}, notes


def _waiting(task: Any, names: list[str]) -> Any:
    if not names:
        return task
    written = task.get("deps") or []
    deps = [written] if isinstance(written, str) else written
    if not isinstance(deps, list):
        return task
    return {**task, "deps": [*deps, *(name for name in dict.fromkeys(names) if name not in deps)]}


def _ancestors(tasks: list[Any]) -> dict[str, set[str]]:
    """Return for each task the tasks that are done before it starts."""
    deps: dict[str, list[str]] = {}
    for _, task in listed(tasks):
        own = task.get("deps") or []
        deps[str(task.get("id"))] = (
            [own] if isinstance(own, str) else [str(dep) for dep in own if isinstance(own, list)]
        )
    above: dict[str, set[str]] = {}
    for id in deps:
        seen: set[str] = set()
        waiting = list(deps[id])
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += above[one] if one in above else deps.get(one, [])
        above[id] = seen
    return above


def _known(data: dict[str, Any]) -> dict[str, list[str]]:
    """Return the keys that the engine's names of this pattern will have."""
    pattern, config = pattern_of(data), at(data, CONFIG)
    if not isinstance(config, Mapping):
        return {}
    if pattern in ("workflow", "parallel"):
        root = "tasks" if pattern == "workflow" else "branches"
        return {root: [str(each["id"]) for _, each in listed(config.get(root)) if "id" in each]}
    nodes = config.get("nodes")
    if pattern == "graph" and isinstance(nodes, Mapping):
        agents = [each["agent"] for each in nodes.values() if isinstance(each, Mapping) and "agent" in each]
        return {"nodes": [*map(str, nodes), *map(str, agents)]}
    return {}


def _step(data: dict[str, Any], place: TemplateSite, index: int) -> Iterator[Finding]:
    """A step sees the steps before it in its own chain; artifacts see all steps of a chain."""
    total = len(listed(at(data, (*CONFIG, "steps")))) if pattern_of(data) == "chain" else None
    if place.path[0] == "outputs" and total is not None and not -total <= index < total:
        yield Finding(
            place.path, f"{place.path[-1]!r} uses steps[{index}], and there are {total}", "steps count from 0"
        )
    for depth in range(len(place.path) - 1, 0, -1):
        here = place.path[depth]
        if isinstance(here, int) and place.path[depth - 1] in ("steps", "then"):
            if index >= here or index < -here:
                cause = f"{place.path[-1]!r} of step {here} uses steps[{index}], and only the steps before it are done"
                yield Finding(place.path, cause, "steps count from 0" if here else "it is the first")
            return
