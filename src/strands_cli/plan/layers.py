"""The layers of a picture: which nodes, labels and passing edges stand beside each other, and in which order.

Layers with an even number hold nodes, those with an odd number the labels of the edges that leave the layer above. An
edge has an item in every layer that it passes, so that nothing else is put there. An edge that leads back runs upwards
on the right of the node that it leaves.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from strands_cli.plan.model import Edge

Size = tuple[float, float]
PASS: Size = (14, 0)
"""The room of an edge that passes."""
SWEEPS = 6


@dataclass(slots=True, eq=False)
class Item:
    """What stands in a layer.

    Attributes:
        id: The id of a node, or "" where an edge passes.
        size: Its width and height.
        layer: The number of its layer.
        beside: The node on whose right it stands: for edges that lead back, where they begin and end.
        above: What it is joined with in the layer above.
        below: What it is joined with in the layer below.
        place: Its place in its layer.
        x: Where its middle is, once it has been placed.
    """

    id: str
    size: Size
    layer: int
    beside: Item | None = None
    above: list[Item] = field(default_factory=list)
    below: list[Item] = field(default_factory=list)
    place: int = 0
    x: float = 0


@dataclass(slots=True)
class Layers:
    """All items.

    Attributes:
        layers: From top to bottom, each from left to right; layers with nothing in them are left out.
        nodes: The items of nodes, by their ids.
        trails: What each edge passes between its nodes, in its direction.
        labels: The items of labels, by their edges.
    """

    layers: list[list[Item]]
    nodes: dict[str, Item]
    trails: dict[Edge, list[Item]]
    labels: dict[Edge, Item]


def arranged(
    table: Sequence[Sequence[str]],
    edges: Sequence[Edge],
    back: frozenset[Edge],
    sizes: Mapping[str, Size],
    labels: Mapping[Edge, Size],
) -> Layers:
    """Return the items in layers, in an order in which edges cross little.

    Args:
        table: The ids of nodes, row by row.
        edges: All edges.
        back: Those that lead back.
        sizes: The size of each node's box.
        labels: The size of each label.
    """
    nodes = {id: Item(id, sizes[id], 2 * row) for row, ids in enumerate(table) for id in ids}
    found = Layers([], nodes, {}, {})
    needed = {2 * row for row in range(len(table))}
    needed |= {nodes[edge.source].layer + 1 for edge in edges if edge in labels and edge not in back}
    numbers = sorted(needed)
    held: dict[int, list[Item]] = {number: [] for number in numbers}
    for item in nodes.values():
        held[item.layer].append(item)
    for edge in edges:
        trail = _back(edge, found, numbers, labels) if edge in back else _on(edge, found, numbers, labels)
        found.trails[edge] = trail
        for item in trail:
            held[item.layer].append(item)
    found.layers = [held[number] for number in numbers]
    _order(found.layers)
    return found


def _on(edge: Edge, found: Layers, numbers: list[int], labels: Mapping[Edge, Size]) -> list[Item]:
    source, target = found.nodes[edge.source], found.nodes[edge.target]
    passed = numbers[bisect_right(numbers, source.layer) : bisect_right(numbers, target.layer - 1)]
    trail = [Item("", PASS, number) for number in passed]
    if edge in labels:
        trail[0].size = labels[edge]
        found.labels[edge] = trail[0]
    _join([source, *trail, target])
    return trail


def _back(edge: Edge, found: Layers, numbers: list[int], labels: Mapping[Edge, Size]) -> list[Item]:
    source, target = found.nodes[edge.source], found.nodes[edge.target]
    passed = [number for number in numbers if target.layer <= number <= source.layer]
    trail = [Item("", PASS, number) for number in reversed(passed)]
    trail[0].beside, trail[-1].beside = source, target
    if len(trail) == 1:
        trail[0].beside = source
    if edge in labels:
        trail[0].size = labels[edge]
        found.labels[edge] = trail[0]
    _join(trail[::-1])
    return trail


def _join(items: list[Item]) -> None:
    for upper, lower in pairwise(items):
        upper.below.append(lower)
        lower.above.append(upper)


def _order(layers: list[list[Item]]) -> None:
    """Put every layer in an order: that of the neighbours' places, as often as it leaves fewer crossings."""
    for layer in layers:
        _put(layer, [item for item in layer if item.beside is None])
    best, least = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(SWEEPS if least else 0):
        down = not sweep % 2
        for layer in layers if down else reversed(layers):
            keys = {item: _middle(item, item.above if down else item.below) for item in layer}
            _put(layer, sorted((item for item in layer if item.beside is None), key=keys.__getitem__))
        crossed = _crossings(layers)
        if crossed < least:
            best, least = [list(layer) for layer in layers], crossed
    for layer, order in zip(layers, best, strict=True):
        layer[:] = order
        for place, item in enumerate(layer):
            item.place = place


def _put(layer: list[Item], order: list[Item]) -> None:
    """Give a layer an order; what stands beside a node follows it."""
    following: dict[Item, list[Item]] = {}
    for item in layer:
        if item.beside is not None:
            following.setdefault(item.beside, []).append(item)
    layer[:] = [each for item in order for each in (item, *following.get(item, ()))]
    for place, item in enumerate(layer):
        item.place = place


def _middle(item: Item, neighbours: list[Item]) -> float:
    return sum(each.place for each in neighbours) / len(neighbours) if neighbours else item.place


def _crossings(layers: list[list[Item]]) -> int:
    crossed = 0
    for layer in layers:
        seen: list[int] = []
        for item in layer:
            places = sorted(each.place for each in item.below)
            crossed += sum(len(seen) - bisect_right(seen, place) for place in places)
            for place in places:
                insort(seen, place)
    return crossed
