"""Short forms that documents may use, written out before anything looks at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strands_cli.loader.marks import Marks
from strands_cli.loader.parts import Shape, shape_of
from strands_cli.loader.walk import CONFIG, at, pattern_of
from strands_cli.spec.steps import ACTS

_BEGIN_STEPS = ("agent", "type", *ACTS)


def written_out(data: dict[str, Any], marks: Marks) -> dict[str, Any]:
    """Return the document with each group of steps that is only a step, or only its steps, in its full form.

    `- agent: worker` is a branch of one step whose id is the agent's, numbered where an id is taken.
    """
    config, shape = at(data, CONFIG), shape_of(pattern_of(data))
    if not isinstance(config, Mapping) or shape is None:
        return data
    parts: dict[str, Any] = {}
    for key, nesting, group in shape.below:
        groups = config.get(key)
        if group.steps_key and nesting == ("list",) and isinstance(groups, list):
            parts[key] = _listed(groups, group, marks)
        elif group.steps_key and nesting == ("mapping",) and isinstance(groups, Mapping):
            parts[key] = {name: _with_steps(each, group, marks) for name, each in groups.items()}
            marks.add(parts[key], marks.of(groups))
    if not parts or all(parts[name] == config[name] for name in parts):
        return data
    fresh = {**config, **parts}
    marks.add(fresh, marks.of(config))
    around = {**data["pattern"], "config": fresh}
    marks.add(around, marks.of(data["pattern"]))
    whole = {**data, "pattern": around}
    marks.add(whole, marks.of(data))
    return whole


def _listed(groups: list[Any], group: Shape, marks: Marks) -> list[Any]:
    taken = {each["id"] for each in groups if isinstance(each, Mapping) and isinstance(each.get("id"), str)}
    found: list[Any] = []
    for each in groups:
        full = _with_steps(each, group, marks)
        if group.has_id and isinstance(full, Mapping) and full is not each and "id" not in full:
            full = {"id": _fresh_id(str(each.get("agent") or each.get("tool") or group.word), taken), **full}
            marks.add(full, marks.of(each))
        found.append(full)
    marks.add(found, marks.of(groups))
    return found


def _with_steps(value: Any, group: Shape, marks: Marks) -> Any:
    """Return a step, or a list of steps that needs no id, as an object that has them; anything else as it is."""
    key = group.steps_key
    if isinstance(value, list) and not group.has_id:
        full: dict[str, Any] = {key: value}
    elif isinstance(value, Mapping) and key not in value and any(begin in value for begin in _BEGIN_STEPS):
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
