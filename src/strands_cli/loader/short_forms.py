"""Short forms that documents may use, written out before anything looks at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strands_cli.loader.marks import Marks
from strands_cli.loader.walk import CONFIG, at, pattern_of


def written_out(data: dict[str, Any], marks: Marks) -> dict[str, Any]:
    """Return the document with each branch and route that is only a step, or only its steps, in its full form.

    `- agent: worker` is a branch of one step whose id is the agent's, numbered where an id is taken.
    """
    config, pattern = at(data, CONFIG), pattern_of(data)
    if not isinstance(config, Mapping):
        return data
    parts: dict[str, Any] = {}
    if pattern == "parallel" and isinstance(config.get("branches"), list):
        parts["branches"] = _branches(config["branches"], marks)
    elif pattern == "routing" and isinstance(config.get("routes"), Mapping):
        routes = config["routes"]
        parts["routes"] = {name: _with_steps(route, "then", marks) for name, route in routes.items()}
        marks.add(parts["routes"], marks.of(routes))
    if not parts or all(parts[name] == config[name] for name in parts):
        return data
    fresh = {**config, **parts}
    marks.add(fresh, marks.of(config))
    around = {**data["pattern"], "config": fresh}
    marks.add(around, marks.of(data["pattern"]))
    whole = {**data, "pattern": around}
    marks.add(whole, marks.of(data))
    return whole


def _branches(branches: list[Any], marks: Marks) -> list[Any]:
    taken = {each["id"] for each in branches if isinstance(each, Mapping) and isinstance(each.get("id"), str)}
    found: list[Any] = []
    for branch in branches:
        full = _with_steps(branch, "steps", marks)
        if isinstance(full, Mapping) and full is not branch and "id" not in full:
            full = {"id": _fresh_id(str(branch.get("agent", "branch")), taken), **full}
            marks.add(full, marks.of(branch))
        found.append(full)
    marks.add(found, marks.of(branches))
    return found


def _with_steps(value: Any, key: str, marks: Marks) -> Any:
    """Return a step, or a list of steps, as an object that has them under `key`; anything else as it is."""
    if isinstance(value, list) and key == "then":
        full: dict[str, Any] = {key: value}
    elif isinstance(value, Mapping) and key not in value and ("agent" in value or "type" in value):
        step = {name: each for name, each in value.items() if name != "id"}
        marks.add(step, marks.of(value))
        full = {**({"id": value["id"]} if "id" in value else {}), key: [step]}
    else:
        return value
    marks.add(full, marks.of(value) if isinstance(value, Mapping) else {})
    return full


def _fresh_id(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name)
    return name
