"""The nodes of steps, and where steps lead that are rejected or fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strands_cli.plan.model import Edge, Node, Plan, steps_plan
from strands_cli.spec.flow import END

if TYPE_CHECKING:
    from strands_cli.spec import AgentCall, Review, Step
    from strands_cli.spec.agents import Approval
    from strands_cli.spec.orchestrator_workers import Worker

_MOST = 160
"""Characters of an input that a drawing shows; all that a person is asked is shown whole."""


def node_of(step: Step | AgentCall | Review | Worker, id: str, group: str, at_least: int, at_most: int | None) -> Node:
    """Return the node of a step; see `Node`."""
    said = vars(step)
    least = 0 if said.get("when") is not None else at_least
    if said.get("type") == "hitl":
        seen = (said["prompt"], said["context_display"]) if said.get("title") else (said["context_display"],)
        detail = _whole("\n".join(each or "" for each in seen))
        return Node(id, "hitl", _whole(said.get("title") or said["prompt"]), detail, group, least, at_most)
    if "agent" in said:
        about = _whole(said.get("title") or said["description"]) or _start(said["input"])
        return Node(id, "agent", said["agent"], about, group, least, at_most)
    if "message" in said:
        return Node(id, "fail", _whole(said["message"]), _whole(said["description"]), group, least, at_most)
    if "workflow" in said:
        given = ", ".join(f"{name}: {value}" for name, value in said["inputs"].items())
        return Node(id, "workflow", said["workflow"], _whole(said["description"] or given), group, least, at_most)
    label, detail = _act(said)
    about = _whole(said.get("title") or said["description"] or detail)
    return Node(id, "tool", label, about, group, least, at_most, tuple(map(_asked, said.get("approvals") or ())))


def _asked(rule: Approval) -> str:
    return f"before the call{f', when {_whole(rule.when)}' if rule.when else ''}"


def _act(said: dict[str, Any]) -> tuple[str, str]:
    if "tool" in said:
        return said["tool"], ", ".join(f"{name}: {value}" for name, value in said["args"].items())
    if "http" in said:
        return f"{said['http'].method} {_whole(said['http'].url)}", ""
    if "for_each" in said:
        return f"for each {said['as_']} of {_whole(str(said['for_each']))}", ""
    verb = f"remember in {said['memory']}:" if said["memory"] else "set"
    return f"{verb} {', '.join(said['set'])}", ", ".join(f"{name}: {value}" for name, value in said["set"].items())


def inner_plan(step: Step | Review, id: str) -> Plan:
    """Return what a step does for each item of a list, behind an edge from its own node; else nothing."""
    said = vars(step)
    if "for_each" not in said:
        return Plan()
    inner = steps_plan(said["steps"], f"{id}/items/*/steps", group=f"{id}/items").times(0, None)
    return inner.with_edges(*(Edge(id, start, "each item") for start in inner.starts))


def with_inner(plan: Plan, *inner: Plan) -> Plan:
    """Return a plan with the insides of its steps."""
    found = [each for each in inner if each.nodes]
    if not found:
        return plan
    nodes = tuple(node for each in found for node in each.nodes)
    edges = tuple(edge for each in found for edge in each.edges)
    choices = plan.choices + tuple(choice for each in found for choice in each.choices)
    edges = tuple(dict.fromkeys(plan.edges + edges))
    return replace(plan, nodes=plan.nodes + nodes, edges=edges, choices=choices, _index={})


def jumps(step: Step) -> Iterator[tuple[str, str | int]]:
    """Yield where a step leads beside what comes next: when, and its target."""
    said = vars(step)
    for key, when in (("on_reject", "rejected"), ("on_error", "failed")):
        place = said.get(key)
        if place is not None and not isinstance(place, str):
            yield when, place.to


def with_jumps(plan: Plan, steps: Sequence[Step], prefix: str) -> Plan:
    """Return the plan of a list of steps with the ways on that its rejections and failures have."""
    plan = with_inner(plan, *(inner_plan(step, f"{prefix}/{index}") for index, step in enumerate(steps)))
    edges, ends, again = list(plan.edges), dict.fromkeys(plan.ends), set[str]()
    for index, step in enumerate(steps):
        for when, to in jumps(step):
            if to == END:
                ends[f"{prefix}/{index}"] = None
                continue
            edges.append(Edge(f"{prefix}/{index}", f"{prefix}/{to}", when))
            again.update(f"{prefix}/{number}" for number in range(int(to), index + 1))
    if len(edges) == len(plan.edges) and len(ends) == len(plan.ends):
        return plan
    nodes = tuple(replace(node, at_most=None) if node.id in again else node for node in plan.nodes)
    return replace(plan, nodes=nodes, edges=tuple(dict.fromkeys(edges)), ends=tuple(ends), _index={})


def _whole(text: str | None) -> str:
    """Return a text with its lines, without what only gives them room."""
    return "\n".join(" ".join(line.split()) for line in (text or "").splitlines() if line.strip())


def _start(text: str | None) -> str:
    """Return the first line of a text that says something, or its first words."""
    line = next((line.strip() for line in (text or "").splitlines() if line.strip()), "")
    if len(line) <= _MOST:
        return line
    word = line.rfind(" ", _MOST // 2, _MOST)
    return f"{line[: word if word > 0 else _MOST - 1]}…"
