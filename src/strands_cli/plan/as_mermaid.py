"""A plan as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

from collections.abc import Iterator

from strands_cli.plan.captions import caption
from strands_cli.plan.model import Node, Plan

_CLASSES = (
    "classDef agent fill:#eef2ff,stroke:#4f46e5,color:#1e1b4b",
    "classDef tool fill:#ecfdf5,stroke:#047857,color:#022c22",
    "classDef workflow fill:#f5f3ff,stroke:#6d28d9,color:#2e1065",
    "classDef fail fill:#fef2f2,stroke:#b91c1c,color:#450a0a",
    "classDef hitl fill:#fef3c7,stroke:#b45309,color:#451a03,stroke-width:2px",
)


def mermaid(plan: Plan) -> str:
    """Return the flowchart; questions to a person are hexagons marked with a question mark."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    short = {node.id: f"n{number}" for number, node in enumerate(plan.nodes)}
    yield "flowchart TD"
    yield "  start([start])"
    for number, group in enumerate(dict.fromkeys(node.group for node in plan.nodes)):
        if group:
            yield f'  subgraph g{number} ["{_escaped(group)}"]'
        for node in plan.nodes:
            if node.group == group:
                yield f"  {_box(node, short[node.id])}"
        if group:
            yield "  end"
    yield "  done([end])"
    for id, label in plan.begins:
        yield f"  start -->{_named(label)} {short[id]}"
    for edge in plan.edges:
        yield f"  {short[edge.source]} -->{_named(edge.label)} {short[edge.target]}"
    for id in plan.ends:
        yield f"  {short[id]} --> done"
    for number, note in enumerate(plan.notes):
        yield f'  note{number}["? {_escaped(note)}"]'
    kinds = {"agent", "hitl", *(node.kind for node in plan.nodes)}
    yield from (f"  {line}" for line in _CLASSES if line.split()[1] in kinds)


def _named(label: str) -> str:
    return f'|"{_escaped(label)}"|' if label else ""


def _box(node: Node, id: str) -> str:
    said = caption(node)
    parts = [said.headline, said.does, said.detail, *said.approvals, said.foot]
    text = "<br/>".join(_escaped(line) for part in parts for line in part.splitlines())
    left, right = ("{{", "}}") if node.kind == "hitl" else ("[", "]")
    return f'{id}{left}"{text}"{right}:::{node.kind}'


def _escaped(text: str) -> str:
    """Entity codes for all that Mermaid, or the page it stands on, could take for its own."""
    return "".join(c if c.isalnum() or c in " ._-/+,:?!=…*" else f"#{ord(c)};" for c in " ".join(text.split()))
