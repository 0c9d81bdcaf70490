"""A plan in the language of Graphviz (https://graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from strands_cli.plan.captions import caption
from strands_cli.plan.measure import plain
from strands_cli.plan.model import Node, Plan

_LOOKS = {
    "agent": 'shape=box, style="rounded,filled", fillcolor="#eef2ff", color="#4f46e5"',
    "hitl": 'shape=hexagon, style=filled, fillcolor="#fef3c7", color="#b45309"',
    "tool": 'shape=box, style="rounded,filled", fillcolor="#ecfdf5", color="#047857"',
    "fail": 'shape=box, style="rounded,filled", fillcolor="#fef2f2", color="#b91c1c"',
}


def dot(plan: Plan) -> str:
    """Return the graph, for `dot -Tpng`; questions to a person are amber hexagons."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    short = {node.id: f"n{number}" for number, node in enumerate(plan.nodes)}
    yield "digraph workflow {"
    yield '  node [fontname="Helvetica,Arial,sans-serif", fontsize=11]'
    yield '  edge [fontname="Helvetica,Arial,sans-serif", fontsize=9, color="#6b7280"]'
    yield "  start [shape=oval]"
    yield "  end [shape=oval]"
    for node in plan.nodes:
        yield f"  {short[node.id]} [label={_quoted(*_texts(node))}, {_LOOKS[node.kind]}]"
    for id, label in plan.begins:
        yield f"  start -> {short[id]}{_named(label)}"
    for edge in plan.edges:
        yield f"  {short[edge.source]} -> {short[edge.target]}{_named(edge.label)}"
    for id in plan.ends:
        yield f"  {short[id]} -> end"
    if plan.notes:
        yield f"  label={_quoted(*(f'? {note}' for note in plan.notes))}"
    yield "}"


def _texts(node: Node) -> list[str]:
    said = caption(node)
    return [said.headline, said.does, said.detail, *said.approvals, said.foot]


def _named(label: str) -> str:
    return f" [label={_quoted(label)}]" if label else ""


def _quoted(*texts: str) -> str:
    parts = [part for text in texts for part in plain(text).splitlines()]
    lines = [line for part in parts for line in textwrap.wrap(part, 40)]
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'
