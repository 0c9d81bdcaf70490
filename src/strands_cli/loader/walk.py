"""All of a document that calls an agent, asks a person, or is a template. Works on any data, also on wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
MAPPINGS = (dict, Mapping)
"""What a mapping is an instance of: nearly all are dicts, which are told at once."""
_LISTS: dict[str, tuple[Path, ...]] = {
    "chain": (("steps",),),
    "workflow": (("tasks",),),
}
_SINGLES: dict[str, tuple[Path, ...]] = {
    "parallel": (("reduce",),),
    "routing": (("router",), ("router", "review_router")),
    "evaluator_optimizer": (("evaluator",), ("review_gate",)),
    "orchestrator_workers": (
        ("orchestrator",),
        ("decomposition_review",),
        ("worker_template",),
        ("reduce_review",),
        ("reduce",),
        ("writeup",),
    ),
}
_NONE: frozenset[str] = frozenset()
CONFIG: Path = ("pattern", "config")
APPROVAL_NAMES = frozenset(("args", "tool", "agent"))


class TemplateSite(NamedTuple):
    """A template of a document: where, its text, and the names that only it has; `only`: it has no others."""

    path: Path
    text: str
    expression: bool = False
    own: frozenset[str] = frozenset()
    only: bool = False


def child(data: Any, part: str | int) -> object:
    """Return what a key or an index leads to, or None."""
    if isinstance(data, MAPPINGS):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and -len(data) <= part < len(data):
        return data[part]
    return None


def at(data: object, path: Path) -> object:
    """Return what stands at a path, or None."""
    for part in path:
        data = child(data, part)
    return data


def mappings(value: object) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the items of a mapping that are mappings themselves."""
    if not isinstance(value, MAPPINGS):
        return []
    return [(key, each) for key, each in value.items() if isinstance(each, MAPPINGS)]


def listed(value: object) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the items of a list that are mappings."""
    if not isinstance(value, (list, tuple)):
        return []
    return [(index, each) for index, each in enumerate(value) if isinstance(each, MAPPINGS)]


def texts(value: object) -> list[tuple[int, str]]:
    """Return the items of a list that are texts; a text alone counts as a list of one."""
    if isinstance(value, str):
        return [(0, value)]
    return (
        [(index, each) for index, each in enumerate(value) if isinstance(each, str)] if isinstance(value, list) else []
    )


def pattern_of(data: object) -> str:
    """Return the type of the document's pattern, or ""."""
    found = at(data, ("pattern", "type"))
    return found if isinstance(found, str) else ""


def steps(data: object) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every step, task, node, branch step, review and reduce of a document, in the order of its pattern."""
    pattern, config = pattern_of(data), at(data, CONFIG)
    for path in _LISTS.get(pattern, ()):
        for below, step in _list(config, path):
            yield (*CONFIG, *below), step
    if pattern == "parallel":
        for index, branch in listed(child(config, "branches")):
            for path, step in _list(branch, ("steps",)):
                yield (*CONFIG, "branches", index, *path), step
    if pattern == "graph":
        for id, node in mappings(child(config, "nodes")):
            yield (*CONFIG, "nodes", id), node
    for path in _SINGLES.get(pattern, ()):
        found = at(config, path)
        if isinstance(found, MAPPINGS):
            yield CONFIG + path, found
    if pattern == "routing":
        for name, route in mappings(child(config, "routes")):
            for path, step in _list(route, ("then",)):
                yield (*CONFIG, "routes", name, *path), step


def called_agents(data: object) -> Iterator[tuple[Path, str]]:
    """Yield where an agent is called, and its id."""
    return _called(data, steps(data))


def _called(data: object, found: Iterable[tuple[Path, Mapping[str, Any]]]) -> Iterator[tuple[Path, str]]:
    for path, step in found:
        if isinstance(step.get("agent"), str):
            yield (*path, "agent"), step["agent"]
    if pattern_of(data) == "evaluator_optimizer":
        producer = at(data, (*CONFIG, "producer"))
        if isinstance(producer, str):
            yield (*CONFIG, "producer"), producer


def templates(data: object, *, unused: bool = False) -> Iterator[TemplateSite]:
    """Yield the templates of a document: of agents, steps, conditions and artifacts.

    Args:
        data: The document.
        unused: Whether agents count that no step calls.
    """
    found, config = list(steps(data)), at(data, CONFIG)
    own: dict[str, frozenset[str]] = {agent: _NONE for _, agent in _called(data, found)}
    for path, step in found:
        names = frozenset(map(str, step["vars"])) if isinstance(step.get("vars"), MAPPINGS) else _NONE
        yield from _of_step(path, step, names)
        agent = step.get("agent")
        if isinstance(agent, str):
            own[agent] = own.get(agent, _NONE) | names
    yield from _strings(config, CONFIG, ("revise_prompt",), _NONE)
    for index, edge in listed(child(config, "edges")):
        for number, choice in listed(edge.get("choose")):
            if isinstance(choice.get("when"), str):
                yield TemplateSite((*CONFIG, "edges", index, "choose", number, "when"), choice["when"], True)
    for id, agent_spec in mappings(child(data, "agents")):
        if unused or id in own:
            yield from _of_agent(("agents", id), agent_spec, own.get(id, _NONE))
    for index, artifact in listed(at(data, ("outputs", "artifacts"))):
        yield from _strings(artifact, ("outputs", "artifacts", index), ("path", "from"), _NONE)


def _list(container: object, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for index, step in listed(at(container, path)):
        yield (*path, index), step


def _of_step(path: Path, step: Mapping[str, Any], names: frozenset[str]) -> Iterator[TemplateSite]:
    yield from _strings(step, path, ("input", "prompt", "context_display"), names)
    values = step.get("vars")
    if isinstance(values, MAPPINGS):
        yield from _strings(values, (*path, "vars"), tuple(values), _NONE)


def _of_agent(path: Path, agent: Mapping[str, Any], names: frozenset[str]) -> Iterator[TemplateSite]:
    yield from _strings(agent, path, ("prompt",), names)
    for index, approval in listed(agent.get("approvals")):
        here = (*path, "approvals", index)
        for key in ("when", "prompt"):
            if isinstance(approval.get(key), str):
                yield TemplateSite((*here, key), approval[key], key == "when", APPROVAL_NAMES, True)


def _strings(value: object, path: Path, keys: tuple[str, ...], names: frozenset[str]) -> Iterator[TemplateSite]:
    for key in keys:
        text = child(value, key)
        if isinstance(text, str):
            yield TemplateSite((*path, key), text, False, names)
