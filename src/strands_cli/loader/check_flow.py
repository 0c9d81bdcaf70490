"""Where steps go on that fail or are rejected: to what there is, and only where there is a way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from strands_cli.loader.finding import Finding
from strands_cli.loader.parts import Part, parts
from strands_cli.loader.walk import CONFIG, Path, at, pattern_of
from strands_cli.review_words import at_gate, refuses
from strands_cli.schema.problems import did_you_mean
from strands_cli.spec.flow import END


def check_flow(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield targets that there are not, and gates at which nobody can say no."""
    for part in parts(data):
        if not part.shape.step:
            continue
        for key, target in targets(part.value) if "on_reject" in part.value or "on_error" in part.value else ():
            yield from _target(data, part, key, target)
        if part.value.get("on_reject") not in (None, "continue") and part.value.get("type") == "hitl":
            yield from _gate(part.path, part.value)


def targets(step: Mapping[str, Any]) -> Iterator[tuple[str, str | int]]:
    """Yield where a step goes on when it is rejected or fails: the key, and its target."""
    for key in ("on_reject", "on_error"):
        place = step.get(key)
        if isinstance(place, Mapping) and isinstance(place.get("to"), (str, int)):
            yield key, place["to"]


def _target(data: dict[str, Any], part: Part, key: str, target: str | int) -> Iterator[Finding]:
    path: Path = (*part.path, key, "to")
    listed = isinstance(part.path[-1], int) and not _is_task(data)
    if target == END and (listed or _is_node(data, part.path)):
        return
    if _is_node(data, part.path):
        nodes = at(data, (*CONFIG, "nodes"))
        ids = list(map(str, nodes)) if isinstance(nodes, Mapping) else []
        if str(target) not in ids:
            yield Finding(path, f"node {target!r} is not declared under 'nodes'", did_you_mean(target, [*ids, END]))
    elif listed:
        number = int(part.path[-1])
        if isinstance(target, (str, bool)) or not 0 <= target <= number:
            cause = f"step {number} goes back to {target!r}"
            yield Finding(path, cause, f"Write the number of this step or of an earlier one, 0 to {number}, or end.")
    else:
        yield Finding(
            path, "there is no way elsewhere from here", "Steps of a list and nodes of a graph may go elsewhere."
        )


def _is_node(data: dict[str, Any], path: Path) -> bool:
    return pattern_of(data) == "graph" and path[:-1] == (*CONFIG, "nodes")


def _is_task(data: dict[str, Any]) -> bool:
    return pattern_of(data) == "workflow"


def _gate(path: Path, step: Mapping[str, Any]) -> Iterator[Finding]:
    choices, default = step.get("choices"), step.get("default")
    if isinstance(choices, list) and any("{{" in str(each) for each in choices):
        return
    own = any(step.get(key) for key in ("choices", "schema", "validation"))
    if not own and default is not None and "{{" not in str(default) and at_gate(default) is None:
        cause = f"the default {default!r} is neither a yes nor a no"
        yield Finding((*path, "default"), cause, "Write approve or reject.")
    if isinstance(choices, list) and not any(map(refuses, choices)):
        cause = "'on_reject' decides what a no does, and none of the choices is one"
        yield Finding((*path, "choices"), cause, "Call one of them reject, no, stop or cancel.")
