"""A plan as an SVG picture, without any drawing program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from strands_cli.plan.layout import back_edges, rows
from strands_cli.plan.model import Edge, Node, Plan

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 240, 62, 36, 76, 40
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2937 } .small { font-size: 11px; fill: #6b7280 }
  .tool { fill: #ecfdf5; stroke: #047857 } .fail { fill: #fef2f2; stroke: #b91c1c }
  .workflow { fill: #f5f3ff; stroke: #6d28d9 }
  .agent { fill: #eef2ff; stroke: #4f46e5 } .hitl { fill: #fef3c7; stroke: #b45309; stroke-width: 2 }
  path { fill: none; stroke: #6b7280; stroke-width: 1.4 } .back { stroke-dasharray: 5 4 }
  .label { fill: #374151; paint-order: stroke; stroke: white; stroke-width: 4px }
"""
_ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<polygon points="0,0 8,4 0,8" fill="#6b7280"/></marker>'
)
_Spots = dict[str, tuple[float, float]]


def svg(
    plan: Plan, states: Mapping[str, str] | None = None, *, style: bool = True, links: Mapping[str, str] | None = None
) -> str:
    """Return the picture; questions to a person are amber and have cut corners, edges that lead back are dashed.

    Args:
        plan: What is drawn.
        states: The state of each node by its id, as of `states_of`: its class beside its kind, and told in its title.
        style: Whether the picture brings its own style; without it a page's has to do.
        links: Where a click on a node leads, by its id.
    """
    back = back_edges(plan)
    table = rows(plan, back)
    widest = max((len(row) for row in table), default=1)
    width = MARGIN * 2 + widest * (WIDTH + GAP_X) + 60 * bool(back)
    height = MARGIN * 2 + max(len(table), 1) * (HEIGHT + GAP_Y) - GAP_Y
    spots = _spots(table, widest)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        f' width="{width}" height="{height}" role="{"group" if links else "img"}"'
        f' aria-label="The workflow as a drawing" class="drawing">',
        f"<style>{_STYLE}</style><defs>{_ARROW}</defs>" if style else f"<defs>{_ARROW}</defs>",
        *([f'<rect width="{width}" height="{height}" fill="white"/>'] if style else []),
        *(_edge(edge, spots, edge in back, width) for edge in plan.edges),
        *_labels(plan, spots, back, width),
        *(part for node in plan.nodes for part in _group(node, spots[node.id], states, links)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _spots(table: list[list[str]], widest: int) -> _Spots:
    """Return the left upper corner of each node; rows are centred."""
    spots: _Spots = {}
    for number, row in enumerate(table):
        left = MARGIN + (widest - len(row)) * (WIDTH + GAP_X) / 2
        for place, id in enumerate(row):
            spots[id] = (left + place * (WIDTH + GAP_X), MARGIN + number * (HEIGHT + GAP_Y))
    return spots


def _group(
    node: Node, spot: tuple[float, float], states: Mapping[str, str] | None, links: Mapping[str, str] | None
) -> Iterator[str]:
    """A node with its state and its link, where there are such."""
    if states is None and links is None:
        yield from _box(node, *spot)
        return
    state, link = (states or {}).get(node.id, ""), (links or {}).get(node.id)
    yield f'<g data-key="{escape(node.id)}" class="node {node.kind}{f" {escape(state)}" if state else ""}">'
    if link:
        yield f'<a href="{escape(link)}">'
    yield from _box(node, *spot, state)
    if link:
        yield "</a>"
    yield "</g>"


def _box(node: Node, x: float, y: float, state: str = "") -> Iterator[str]:
    about = node.detail or node.label
    tooltip = f"<title>{_text(f'{state}: {about}' if state else about, 200)}</title>"
    if node.kind == "hitl":
        cut, right, low = 14, x + WIDTH, y + HEIGHT
        half = y + HEIGHT / 2
        corners = f"{x + cut},{y} {right - cut},{y} {right},{half} {right - cut},{low} {x + cut},{low} {x},{half}"
        yield f'<polygon class="hitl" points="{corners}">{tooltip}</polygon>'
    else:
        yield f'<rect class="{node.kind}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8">{tooltip}</rect>'
    middle = x + WIDTH / 2
    label = ("? " if node.kind == "hitl" else "") + node.label
    below = " · ".join(part for part in (node.id, node.repeated) if part)
    yield f'<text x="{middle}" y="{y + 27}" text-anchor="middle">{_text(label, 31)}</text>'
    yield f'<text class="small" x="{middle}" y="{y + 46}" text-anchor="middle">{_text(below, 40)}</text>'


def _edge(edge: Edge, spots: _Spots, back: bool, width: float) -> str:
    (x1, y1), (x2, y2) = spots[edge.source], spots[edge.target]
    if back:
        side = width - 24
        a, b = y1 + HEIGHT / 2, y2 + HEIGHT / 2
        path = f"M {x1 + WIDTH} {a} C {side} {a} {side} {b} {x2 + WIDTH} {b}"
    else:
        start, end = (x1 + WIDTH / 2, y1 + HEIGHT), (x2 + WIDTH / 2, y2)
        bend = (end[1] - start[1]) / 2
        path = f"M {start[0]} {start[1]} C {start[0]} {start[1] + bend} {end[0]} {end[1] - bend} {end[0]} {end[1]}"
    return f'<path class="{"back" if back else "on"}" d="{path}" marker-end="url(#arrow)"/>'


def _labels(plan: Plan, spots: _Spots, back: frozenset[Edge], width: float) -> Iterator[str]:
    """A label stands above the node that its edge leads to; several are stacked."""
    stacked: dict[str, int] = {}
    for edge in plan.edges:
        if not edge.label:
            continue
        x, y = spots[edge.target]
        if edge in back:
            place = f'x="{width - 30}" y="{(y + spots[edge.source][1] + HEIGHT) / 2}" text-anchor="end"'
        else:
            level = stacked[edge.target] = stacked.get(edge.target, 0) + 1
            place = f'x="{x + WIDTH / 2}" y="{y + 2 - 14 * level}" text-anchor="middle"'
        tooltip = f"<title>{_text(edge.label, 300)}</title>"
        yield f'<text class="small label" {place}>{tooltip}{_text(_middle_out(edge.label), 44)}</text>'


def _middle_out(text: str) -> str:
    """What tells conditions apart is at their ends."""
    return text if len(text) <= 44 else f"{text[:20]}…{text[-22:]}"


def _text(text: str, most: int) -> str:
    """Return a text that is safe in XML, and short enough."""
    plain = "".join(c if c.isprintable() and not 0xD800 <= ord(c) < 0xE000 else " " for c in text)
    return escape(plain if len(plain) <= most else plain[: most - 1] + "…")
