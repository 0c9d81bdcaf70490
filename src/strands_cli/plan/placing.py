"""Where everything stands in a picture, in pixels: boxes, and edges that pass beside every box but their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from strands_cli.plan.layers import Item, Layers, Size, arranged
from strands_cli.plan.model import Edge

Point = tuple[float, float]
Piece = tuple[Point, ...]
"""A line (two points) or a cubic Bézier curve (four)."""

MARGIN = 24
BESIDE, AROUND = 30, 12
"""Room between two boxes, and between an edge that passes and what is beside it."""
GAP, TURN = 44, 46
"""Room between layers, and where an edge turns round."""
ROUNDS = 8
_PORT = 26


@dataclass(slots=True, frozen=True)
class Box:
    """A rectangle: its left upper corner, and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The middle between left and right."""
        return self.x + self.width / 2

    @property
    def low(self) -> float:
        """The lower side."""
        return self.y + self.height


@dataclass(slots=True, frozen=True)
class Picture:
    """Where everything stands.

    Attributes:
        width: Of the whole.
        height: Of the whole.
        boxes: The boxes of nodes, by their ids.
        labels: The boxes of labels, by their edges; each interrupts its edge.
        paths: The pieces of each edge from its source to its target.
    """

    width: float
    height: float
    boxes: dict[str, Box]
    labels: dict[Edge, Box]
    paths: dict[Edge, tuple[Piece, ...]]


@dataclass(slots=True, frozen=True)
class _Band:
    """The height of a layer."""

    top: float
    low: float


def placed(
    table: Sequence[Sequence[str]],
    edges: Sequence[Edge],
    back: frozenset[Edge],
    sizes: Mapping[str, Size],
    labels: Mapping[Edge, Size],
) -> Picture:
    """Return where everything stands; the arguments are those of `layers.arranged`."""
    found = arranged(table, edges, back, sizes, labels)
    _spread(found.layers)
    bands = _bands(found)
    everything = [item for layer in found.layers for item in layer]
    left = MARGIN - min((item.x - item.size[0] / 2 for item in everything), default=0)
    for item in everything:
        item.x += left
    width = max((item.x + item.size[0] / 2 for item in everything), default=0) + MARGIN
    lowest = max((band.low for band in bands.values()), default=0)
    return Picture(
        width,
        lowest + (_edge_room(found.layers[-1]) if found.layers else MARGIN),
        {id: _box(item, bands) for id, item in found.nodes.items()},
        {edge: _box(item, bands) for edge, item in found.labels.items()},
        _paths(found, edges, back, bands),
    )


def _spread(layers: list[list[Item]]) -> None:
    """Give every item its place from left to right: near what it is joined with, and beside its neighbours."""
    for layer in layers:
        at = 0.0
        for item, following in zip(layer, [*layer[1:], None], strict=True):
            item.x = at
            at += _apart(item, following) if following else 0
        for item in layer:
            item.x -= at / 2
    for number in range(ROUNDS):
        for layer in reversed(layers) if number % 2 else layers:
            _settle(layer, both=number >= ROUNDS - 2, down=not number % 2)


def _settle(layer: list[Item], *, both: bool, down: bool) -> None:
    """Move a layer's items as near as can be to where they want to be, in their order (pool adjacent violators)."""
    shifts, shift = [], 0.0
    for item, following in zip(layer, [*layer[1:], None], strict=True):
        shifts.append(shift)
        shift += _apart(item, following) if following else 0
    pools: list[tuple[float, float, int]] = []
    for item, moved in zip(layer, shifts, strict=True):
        wanted, weight = _wanted(item, both, down)
        pool = ((wanted - moved) * weight, weight, 1)
        while pools and pools[-1][0] / pools[-1][1] >= pool[0] / pool[1]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    spots = [total / weight for total, weight, count in pools for _ in range(count)]
    for item, spot, moved in zip(layer, spots, shifts, strict=True):
        item.x = spot + moved


def _wanted(item: Item, both: bool, down: bool) -> tuple[float, float]:
    """Where an item wants to stand, and how much."""
    if both:
        neighbours = item.above + item.below
    else:
        neighbours = (item.above if down else item.below) or item.above + item.below
    if item.beside is not None:
        near = item.beside.x + (item.beside.size[0] + item.size[0]) / 2 + AROUND
        return max([near, *(each.x for each in neighbours)]), 0.05
    if not neighbours:
        return item.x, 0.05
    xs = [each.x for each in neighbours]
    if not item.id and any(each.beside for each in neighbours):
        return max(xs), 4
    return sum(xs) / len(xs), 1 if item.id else 4


def _apart(one: Item, other: Item) -> float:
    """How far the middles of neighbours must be apart."""
    return (one.size[0] + other.size[0]) / 2 + (BESIDE if one.id and other.id else AROUND)


def _bands(found: Layers) -> dict[int, _Band]:
    bands, at = {}, _edge_room(found.layers[0]) if found.layers else 0.0
    for upper, layer in zip([None, *found.layers], found.layers, strict=False):
        number = layer[0].layer
        if upper:
            at += _gap(upper, number)
        height = max(item.size[1] for item in layer)
        bands[number] = _Band(at, at + height)
        at += height
    return bands


def _edge_room(layer: list[Item]) -> float:
    """The room above the first layer, or below the last."""
    return TURN if any(item.beside for item in layer) else MARGIN


def _gap(upper: list[Item], number: int) -> float:
    """The room below a layer: more, where edges go far to the side or turn round."""
    base = 26 if number % 2 else 30 if upper[0].layer % 2 else GAP
    aside = [abs(item.x - each.x) for item in upper for each in item.below]
    wide = min(70, max(aside, default=0) / 9)
    turning = any(item.beside for item in upper) or any(each.beside for item in upper for each in item.below)
    return max(TURN if turning else 0, base + wide)


def _box(item: Item, bands: Mapping[int, _Band]) -> Box:
    band = bands[item.layer]
    width, height = item.size
    return Box(item.x - width / 2, (band.top + band.low - height) / 2, width, height)


def _paths(
    found: Layers, edges: Sequence[Edge], back: frozenset[Edge], bands: Mapping[int, _Band]
) -> dict[Edge, tuple[Piece, ...]]:
    leave = _ports(found, edges, back, ends=False)
    arrive = _ports(found, edges, back, ends=True)
    paths = {}
    for edge in edges:
        draw = _upwards if edge in back else _downwards
        paths[edge] = tuple(_smooth(draw(found, edge, leave[edge], arrive[edge], bands)))
    return paths


def _ports(found: Layers, edges: Sequence[Edge], back: frozenset[Edge], *, ends: bool) -> dict[Edge, float]:
    """Where edges leave the lower side of their source, or reach the upper side of their target."""
    by_node: dict[str, list[Edge]] = {}
    for edge in edges:
        by_node.setdefault(edge.target if ends else edge.source, []).append(edge)
    ports = {}
    for id, some in by_node.items():
        node = found.nodes[id]
        on = [edge for edge in some if edge not in back]
        on.sort(key=lambda edge: _neighbour(found, edge, ends).x)
        apart = min(_PORT, node.size[0] * 0.5 / len(on)) if on else 0
        for number, edge in enumerate(on):
            ports[edge] = node.x + (number - (len(on) - 1) / 2) * apart
        turning = [edge for edge in some if edge in back]
        turning.sort(key=lambda edge: -_neighbour(found, edge, ends).x)
        apart = min(12, node.size[0] * 0.15 / len(turning)) if turning else 0
        for number, edge in enumerate(turning):
            ports[edge] = node.x + node.size[0] / 2 - min(26, node.size[0] * 0.2) - number * apart
    return ports


def _neighbour(found: Layers, edge: Edge, ends: bool) -> Item:
    trail = found.trails[edge]
    if ends:
        return trail[-1] if trail else found.nodes[edge.source]
    return trail[0] if trail else found.nodes[edge.target]


def _downwards(found: Layers, edge: Edge, leave: float, arrive: float, bands: Mapping[int, _Band]) -> list[Piece]:
    source, target, trail = found.nodes[edge.source], found.nodes[edge.target], found.trails[edge]
    leave = _straightened(leave, trail[0].x if trail else arrive, source)
    arrive = _straightened(arrive, trail[-1].x if trail else leave, target)
    pieces: list[Piece] = [((leave, _box(source, bands).low), (leave, bands[source.layer].low))]
    at = pieces[0][-1]
    for item in trail:
        band = bands[item.layer]
        pieces.append(_curve(at, (item.x, band.top)))
        pieces += _through(found, edge, item, band.top, band.low, bands)
        at = (item.x, band.low)
    band = bands[target.layer]
    return [*pieces, _curve(at, (arrive, band.top)), ((arrive, band.top), (arrive, _box(target, bands).y))]


def _straightened(port: float, other: float, node: Item) -> float:
    """Where an edge leaves or reaches a box: straight, where it would be nearly so."""
    near = abs(port - other) < _PORT * 0.6 and abs(other - node.x) < node.size[0] * 0.35
    return other if near else port


def _upwards(found: Layers, edge: Edge, leave: float, arrive: float, bands: Mapping[int, _Band]) -> list[Piece]:
    source, target, trail = found.nodes[edge.source], found.nodes[edge.target], found.trails[edge]
    low = bands[source.layer].low
    pieces: list[Piece] = [((leave, _box(source, bands).low), (leave, low)), _turn(leave, trail[0].x, low, 1)]
    at: Point | None = None
    for item in trail:
        band = bands[item.layer]
        if at:
            pieces.append(_curve(at, (item.x, band.low)))
        pieces += _through(found, edge, item, band.low, band.top, bands)
        at = (item.x, band.top)
    top = bands[target.layer].top
    return [*pieces, _turn(trail[-1].x, arrive, top, -1), ((arrive, top), (arrive, _box(target, bands).y))]


def _through(
    found: Layers, edge: Edge, item: Item, start: float, end: float, bands: Mapping[int, _Band]
) -> list[Piece]:
    """An edge's way through a layer: straight on, up to its label and from behind it."""
    if found.labels.get(edge) is not item:
        return [((item.x, start), (item.x, end))]
    box = _box(item, bands)
    near, far = (box.y, box.low) if start < end else (box.low, box.y)
    return [((item.x, start), (item.x, near)), ((item.x, far), (item.x, end))]


def _curve(one: Point, other: Point) -> Piece:
    half = (one[1] + other[1]) / 2
    return (one, (one[0], half), (other[0], half), other)


def _turn(one: float, other: float, y: float, way: int) -> Piece:
    """Round a corner between two points of the same height, below (1) or above (-1) it."""
    deep = y + way * min(TURN - 8, 22 + abs(other - one) / 8)
    return ((one, y), (one, deep), (other, deep), (other, y))


def _smooth(pieces: list[Piece]) -> list[Piece]:
    """Leave out lines of no length, and make one line of several that go on in the same direction."""
    found: list[Piece] = []
    for piece in pieces:
        first, last = piece[0], piece[-1]
        if first == last:
            continue
        straight = all(point[0] == first[0] for point in piece)
        before = found[-1] if found else None
        if straight and before and len(before) == 2 and before[-1] == first and before[0][0] == first[0]:
            found[-1] = (before[0], last)
            continue
        found.append((first, last) if straight else piece)
    return found


def joined(pieces: Sequence[Piece]) -> list[bool]:
    """Return for each piece whether it goes on where the one before ends."""
    return [False, *(one[-1] == other[0] for one, other in pairwise(pieces))]
