"""A plan as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from strands_cli.plan.model import Edge, Node, Plan

WIDTH = 78
_MARKS = {"agent": "●", "hitl": "?", "tool": "▸", "fail": "✗", "workflow": "▣"}


def text(plan: Plan) -> str:
    """Return the plan as lines from top to bottom.

    `?` marks a question to a person, `●` an agent's call, `▸` a tool's, `▣` another workflow, `✗` the
    run's failure.
    """
    notes = (line for note in plan.notes for line in textwrap.wrap(f"A person is asked {note}", WIDTH))
    return "\n".join([*_body(plan), "", summary(plan), *notes]) + "\n"


def summary(plan: Plan) -> str:
    """Return how many calls a run makes and how often it asks, in words."""
    least, most = plan.calls
    calls = str(least) if least == most else f"at least {least}" if most is None else f"{least} to {most}"
    asked = len(plan.questions)
    places = "no question to a person" if not asked else f"{asked} question{'s' * (asked > 1)} to a person"
    return f"{calls} agent call{'' if (least if most is None else most) == 1 else 's'}, {places}"


def _body(plan: Plan) -> Iterator[str]:
    leaving: dict[str, list[Edge]] = {node.id: [] for node in plan.nodes}
    arriving: dict[str, int] = {node.id: 0 for node in plan.nodes}
    for edge in plan.edges:
        leaving[edge.source].append(edge)
        arriving[edge.target] += 1
    group = ""
    for index, node in enumerate(plan.nodes):
        following = plan.nodes[index + 1] if index + 1 < len(plan.nodes) else None
        if node.group != group:
            group = node.group
            yield f"── {group} ".ljust(WIDTH, "─") if group else ""
        falls = _falls_through(leaving[node.id], arriving, following, group)
        yield from _node(node, plan, "│" if falls else " ")
        if falls:
            yield "▼"
            continue
        yield from _arrows(leaving[node.id], node.id in plan.ends)
        if following is not None and following.group == group:
            yield ""


def _falls_through(edges: list[Edge], arriving: dict[str, int], following: Node | None, group: str) -> bool:
    """Whether the only way on is the next node, and the only way there is from here."""
    if following is None or following.group != group or len(edges) != 1:
        return False
    return edges[0].target == following.id and not edges[0].label and arriving[following.id] == 1


def _node(node: Node, plan: Plan, rail: str) -> Iterator[str]:
    """A node with all its texts; what stands on its right is in its first line."""
    right = f"{node.repeated}  {node.id}" if node.repeated else node.id
    first, *others = _wrapped(node.label, max(WIDTH - len(right) - 4, 12)) or [""]
    yield f"{_MARKS[node.kind]} {first}".ljust(WIDTH - len(right) - 2) + f"  {right}"
    yield from (f"{rail} {line}" for line in others)
    yield from (f"{rail} {line}" for line in _wrapped(node.detail, WIDTH - 2))
    for asked in node.approvals:
        yield from (f"{rail} {line}" for line in _wrapped(f"? {asked}", WIDTH - 2))


def _wrapped(text: str, width: int) -> list[str]:
    return [line for part in text.splitlines() for line in textwrap.wrap(part, width)]


def _arrows(edges: list[Edge], ends: bool) -> Iterator[str]:
    for number, edge in enumerate(edges):
        corner = "└" if number == len(edges) - 1 and not ends else "├"
        yield f"{corner}─▶ {edge.target}{_when(edge.label)}"
    if ends:
        yield "└─■ end" if edges else "■ end"


def _when(label: str) -> str:
    if not label:
        return ""
    return "  (else)" if label.lower() == "else" else f"  when {label}"
