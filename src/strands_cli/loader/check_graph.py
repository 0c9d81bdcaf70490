"""Graphs: edges that lead somewhere, choices that can be taken, nodes that can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from strands_cli.loader.check_flow import targets
from strands_cli.loader.finding import Finding
from strands_cli.loader.template import is_else, undecided
from strands_cli.loader.walk import CONFIG, Path, at, listed, texts
from strands_cli.schema.problems import did_you_mean
from strands_cli.spec.flow import END


def check_graph(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the edges of a graph."""
    nodes = at(data, (*CONFIG, "nodes"))
    if not isinstance(nodes, Mapping) or not nodes:
        return
    ids = [str(id) for id in nodes]
    for index, edge in listed(at(data, (*CONFIG, "edges"))):
        path = (*CONFIG, "edges", index)
        if isinstance(edge.get("from"), str) and edge["from"] not in nodes:
            yield _unknown((*path, "from"), edge["from"], ids)
        if ("to" in edge) == ("choose" in edge):
            yield Finding(path, "an edge has either 'to' or 'choose'")
        for target_path, target in _targets(path, edge):
            if target not in nodes and target != END:
                yield _unknown(target_path, target, ids)
        yield from _else_last(path, edge)
        yield from _whens(path, edge)
    yield from _unreachable(data, ids)


def _targets(path: Path, edge: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    to = edge.get("to")
    for number, target in texts(to):
        yield ((*path, "to", number) if isinstance(to, list) else (*path, "to")), target
    for number, choice in listed(edge.get("choose")):
        if isinstance(choice.get("to"), str):
            yield (*path, "choose", number, "to"), choice["to"]


def _unknown(path: Path, target: str, ids: list[str]) -> Finding:
    hint = did_you_mean(target, [*ids, END])
    return Finding(path, f"node {target!r} is not declared under 'nodes'", hint)


def _else_last(path: Path, edge: Mapping[str, Any]) -> Iterator[Finding]:
    choices = listed(edge.get("choose"))
    for number, choice in choices[:-1]:
        if isinstance(choice.get("when"), str) and is_else(choice["when"]):
            yield Finding(
                (*path, "choose", number, "when"), "'else' must be the last choice; nothing after it can be taken"
            )


def _whens(path: Path, edge: Mapping[str, Any]) -> Iterator[Finding]:
    """Conditions that say neither yes nor no, and choices that may all be wrong."""
    conditions = [(number, each["when"]) for number, each in _choices(edge) if isinstance(each.get("when"), str)]
    for number, when in conditions:
        text = undecided(when)
        if text:
            cause = f"'when' gives {text[:60]!r}, neither true nor false"
            yield Finding((*path, "choose", number, "when"), cause, "Write an expression: nodes.x.response == 'yes'.")
    if conditions and not any(is_else(when) for _, when in conditions):
        cause = f"when no condition of node {edge.get('from')!r} holds, the graph ends there"
        yield Finding((*path, "choose"), cause, "Add a last choice with `when: else` to go on.", warning=True)


def _choices(edge: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    return listed(edge.get("choose"))


def _unreachable(data: dict[str, Any], ids: list[str]) -> Iterator[Finding]:
    follow: dict[str, list[str]] = {}
    for index, edge in listed(at(data, (*CONFIG, "edges"))):
        source = edge.get("from")
        if isinstance(source, str):
            follow.setdefault(source, []).extend(target for _, target in _targets((*CONFIG, "edges", index), edge))
    for id in ids:
        node = at(data, (*CONFIG, "nodes", id))
        follow.setdefault(id, []).extend(
            str(target) for _, target in targets(node if isinstance(node, Mapping) else {})
        )
    reached, waiting = {ids[0]}, [ids[0]]
    while waiting:
        fresh = set(follow.get(waiting.pop(), ())) - reached
        reached |= fresh
        waiting += fresh
    for id in ids:
        if id not in reached:
            cause = f"node {id!r} can never be reached; it starts at {ids[0]!r}"
            yield Finding((*CONFIG, "nodes", id), cause, key=True, warning=True)
