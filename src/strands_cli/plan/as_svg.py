"""A plan as an SVG picture, without any drawing program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from strands_cli.plan.captions import caption
from strands_cli.plan.layers import Size
from strands_cli.plan.layout import back_edges, rows
from strands_cli.plan.measure import plain, width, wrapped
from strands_cli.plan.model import Edge, Node, Plan
from strands_cli.plan.placing import Box, Picture, Piece, joined, placed

START, END = " start", " end"
"""The ids of the marks at which a run starts and ends; no key of a journal has a space at its start."""
WIDEST, NARROWEST, PADDING = 270, 120, 18
_LABEL = 190
_CUT = 14
_LIGHT = (
    (".drawing text", "font-family: system-ui, 'DejaVu Sans', sans-serif; font-size: 13px; fill: #1f2430"),
    (".drawing .name", "font-weight: 600"),
    (".drawing .small", "font-size: 11px; fill: #5b6270"),
    (".drawing .asks", "font-size: 11px; fill: #8a4b00"),
    (".drawing .ground", "fill: #ffffff"),
    (".drawing path", "fill: none; stroke: #7b8290; stroke-width: 1.5"),
    (".drawing marker polygon", "fill: #7b8290"),
    (".drawing .back", "stroke-dasharray: 5 4"),
    (".drawing .agent", "fill: #eef2ff; stroke: #4f46e5; stroke-width: 1.3"),
    (".drawing .hitl", "fill: #fef3c7; stroke: #b45309; stroke-width: 2"),
    (".drawing .tool", "fill: #ecfdf5; stroke: #047857; stroke-width: 1.3"),
    (".drawing .fail", "fill: #fef2f2; stroke: #b91c1c; stroke-width: 1.3"),
    (".drawing .workflow", "fill: #f5f3ff; stroke: #6d28d9; stroke-width: 1.3"),
    (".drawing .mark", "fill: #f3f4f6; stroke: #7b8290; stroke-width: 1.3"),
)
_DARK = (
    (".drawing text", "fill: #e8e9ed"),
    (".drawing .small", "fill: #aab0bc"),
    (".drawing .asks", "fill: #f4c06a"),
    (".drawing .ground", "fill: #16181d"),
    (".drawing path", "stroke: #8b93a1"),
    (".drawing marker polygon", "fill: #8b93a1"),
    (".drawing .agent", "fill: #20264a; stroke: #8f9bff"),
    (".drawing .hitl", "fill: #3a2b10; stroke: #f0b04e"),
    (".drawing .tool", "fill: #10302a; stroke: #4cc49a"),
    (".drawing .fail", "fill: #421d1d; stroke: #ff8d86"),
    (".drawing .workflow", "fill: #2b2048; stroke: #b39bff"),
    (".drawing .mark", "fill: #262a31; stroke: #8b93a1"),
)
_ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<polygon points="0,0 8,4 0,8"/></marker>'
)


@dataclass(slots=True, frozen=True)
class _Line:
    """A line of a text, with how it looks."""

    text: str
    kind: str
    size: float
    bold: bool = False

    @property
    def height(self) -> float:
        return 18 if self.size > 11 else 15


def svg(
    plan: Plan, states: Mapping[str, str] | None = None, *, style: bool = True, links: Mapping[str, str] | None = None
) -> str:
    """Return the picture; questions to a person are amber and have cut corners, edges that lead back are dashed.

    Args:
        plan: What is drawn.
        states: The state of each node by its id, as of `states_of`: its class beside its kind, and told in its title.
        style: Whether the picture brings its own style, light or dark as the reader's screen; without it a page's has
            to do.
        links: Where a click on a node leads, by its id.
    """
    edges = _edges(plan)
    texts = {node.id: _lines(node) for node in plan.nodes}
    names = {edge: _label(edge) for edge in edges if edge.label}
    sizes = {START: (62.0, 28.0), END: (52.0, 28.0)}
    sizes |= {node.id: _size(texts[node.id], PADDING + _CUT * (node.kind == "hitl")) for node in plan.nodes}
    whole = _with_marks(plan, edges)
    back = back_edges(whole)
    picture = placed(
        _rows(whole, back), edges, back, sizes, {edge: _size(lines, 6, 0, 4) for edge, lines in names.items()}
    )
    notes = [line for note in plan.notes for line in _told(f"? {note}", "asks", picture.width - 48, 11)]
    height = picture.height + 15 * len(notes) + 8 * bool(notes)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(picture.width)} {_n(height)}"',
        f' width="{_n(picture.width)}" height="{_n(height)}" role="{"group" if links else "img"}"'
        f' aria-label="The workflow as a drawing" class="drawing">',
        f"<style>{_style()}</style><defs>{_ARROW}</defs>" if style else f"<defs>{_ARROW}</defs>",
        *(['<rect class="ground" width="100%" height="100%"/>'] if style else []),
        *(_edge(picture.paths[edge], edge in back) for edge in edges),
        *(_said(names[edge], box, f"<title>{_text(edge.label)}</title>") for edge, box in picture.labels.items()),
        *(_mark(picture.boxes[id], id) for id in (START, END)),
        *(part for node in plan.nodes for part in _group(node, texts[node.id], picture, states, links)),
        *([_said(notes, Box(0, picture.height, picture.width, 15 * len(notes)))] if notes else []),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _edges(plan: Plan) -> list[Edge]:
    starts = [Edge(START, id, label) for id, label in plan.begins]
    ends = [Edge(id, END) for id in plan.ends]
    return [*starts, *plan.edges, *ends] or [Edge(START, END)]


def _with_marks(plan: Plan, edges: Sequence[Edge]) -> Plan:
    nodes = (Node(START, "agent", "start"), *plan.nodes, Node(END, "agent", "end"))
    return Plan(nodes, tuple(edges), (START,))


def _rows(plan: Plan, back: frozenset[Edge]) -> list[list[str]]:
    """The rows of a plan, with the end below all."""
    table = [[id for id in row if id != END] for row in rows(plan, back)]
    return [*(row for row in table if row), [END]]


def _style() -> str:
    light = " ".join(f"{where} {{ {what} }}" for where, what in _LIGHT)
    dark = " ".join(f"{where} {{ {what} }}" for where, what in _DARK)
    return f"{light} @media (prefers-color-scheme: dark) {{ {dark} }}"


def _lines(node: Node) -> list[_Line]:
    said, room = caption(node), WIDEST - 2 * PADDING
    return [
        *_told(said.headline, "name", room, 13, bold=True),
        *_told(said.does, "", room, 13),
        *_told(said.detail, "small", room, 11),
        *(line for asked in said.approvals for line in _told(asked, "asks", room, 11)),
        *_told(said.foot, "small", room, 11),
    ]


def _told(text: str, kind: str, room: float, size: float, *, bold: bool = False) -> list[_Line]:
    return [_Line(line, kind, size, bold) for line in wrapped(plain(text), room, size, bold=bold)]


def _label(edge: Edge) -> list[_Line]:
    return _told(edge.label, "small label", _LABEL, 11)


def _size(lines: Sequence[_Line], padding: float, narrowest: float = NARROWEST, around: float = 20) -> Size:
    widest = max((width(line.text, line.size, bold=line.bold) for line in lines), default=0)
    return max(narrowest, widest + 2 * padding), around + sum(line.height for line in lines)


def _mark(box: Box, id: str) -> str:
    line = [_Line(id.strip(), "small", 11)]
    round_ = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="14"'
    return f'<rect class="mark" {round_}/>{_said(line, box)}'


def _group(
    node: Node,
    lines: Sequence[_Line],
    picture: Picture,
    states: Mapping[str, str] | None,
    links: Mapping[str, str] | None,
) -> Iterator[str]:
    """A node with its state and its link, where there are such."""
    box = picture.boxes[node.id]
    if states is None and links is None:
        yield from _box(node, lines, box)
        return
    state, link = (states or {}).get(node.id, ""), (links or {}).get(node.id)
    yield f'<g data-key="{_text(node.id)}" class="node {node.kind}{f" {_text(state)}" if state else ""}">'
    if link:
        yield f'<a href="{_text(link)}">'
    yield from _box(node, lines, box, state)
    if link:
        yield "</a>"
    yield "</g>"


def _box(node: Node, lines: Sequence[_Line], box: Box, state: str = "") -> Iterator[str]:
    about = node.detail or node.label
    tooltip = f"<title>{_text(f'{state}: {about}' if state else about)} ({_text(node.id)})</title>"
    if node.kind == "hitl":
        left, right, low = box.x, box.x + box.width, box.low
        corners = (
            *((left + _CUT, box.y), (right - _CUT, box.y), (right, box.y + box.height / 2)),
            *((right - _CUT, low), (left + _CUT, low), (left, box.y + box.height / 2)),
        )
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        yield f'<polygon class="hitl" points="{points}">{tooltip}</polygon>'
    else:
        where = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="8"'
        yield f'<rect class="{node.kind}" {where}>{tooltip}</rect>'
    yield _said(lines, box)


def _said(lines: Sequence[_Line], box: Box, tooltip: str = "") -> str:
    """The lines of a text in the middle of a box; lines of a kind are one text."""
    at = box.y + (box.height - sum(line.height for line in lines)) / 2
    found: list[str] = []
    before = ""
    for line in lines:
        at += line.height
        where = f'x="{_n(box.middle)}" y="{_n(at - line.height * 0.28)}"'
        if found and line.kind == before:
            found[-1] += f"<tspan {where}> {_text(line.text)}</tspan>"
        else:
            kind = f' class="{line.kind}"' if line.kind else ""
            found.append(f'<text{kind} text-anchor="middle">{tooltip}<tspan {where}>{_text(line.text)}</tspan>')
        before = line.kind
    return "".join(f"{each}</text>" for each in found)


def _edge(pieces: Sequence[Piece], back: bool) -> str:
    steps = []
    for piece, goes_on in zip(pieces, joined(pieces), strict=True):
        if not goes_on:
            steps.append(f"M {_point(piece[0])}")
        steps.append(f"{'L' if len(piece) == 2 else 'C'} {' '.join(map(_point, piece[1:]))}")
    return f'<path class="{"back" if back else "on"}" d="{" ".join(steps)}" marker-end="url(#arrow)"/>'


def _point(point: tuple[float, float]) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(number: float) -> str:
    """A number as short as it can be."""
    return f"{number:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    """Return a text that is safe in XML."""
    return escape(plain(text))
