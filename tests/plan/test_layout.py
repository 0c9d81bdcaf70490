"""Pictures: no box lies on another, no edge behind a box, and every label stands on its own edge."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from strands_cli.plan.layout import back_edges, rows
from strands_cli.plan.measure import width, wrapped
from strands_cli.plan.model import Edge, Node, Plan
from strands_cli.plan.placing import Box, Picture, Piece, Point, placed

Drawn = tuple[list[Edge], frozenset[Edge], Picture]


@st.composite
def pictures(draw: st.DrawFn) -> Drawn:
    """A graph of any shape, loops included, with boxes and labels of any size."""
    ids = [f"n{number}" for number in range(draw(st.integers(1, 9)))]
    pairs = draw(
        st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids), st.sampled_from(["", "a", "b"])), max_size=18)
    )
    edges = [Edge(*pair) for pair in dict.fromkeys(pairs)]
    sizes = {id: (draw(st.integers(50, 300)), draw(st.integers(20, 200))) for id in ids}
    labels = {edge: (draw(st.integers(20, 220)), draw(st.integers(12, 70))) for edge in edges if edge.label}
    plan = Plan(tuple(Node(id, "agent", id) for id in ids), tuple(edges), (ids[0],))
    back = back_edges(plan)
    return edges, back, placed(rows(plan, back), edges, back, sizes, labels)


def points(piece: Piece) -> list[Point]:
    """Points of a line or of a Bézier curve, close to each other."""
    if len(piece) == 2:
        (x1, y1), (x2, y2) = piece
        return [(x1 + (x2 - x1) * n / 40, y1 + (y2 - y1) * n / 40) for n in range(41)]
    found = []
    for number in range(61):
        t = number / 60
        shares = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
        x, y = (sum(share * point[axis] for share, point in zip(shares, piece, strict=True)) for axis in (0, 1))
        found.append((x, y))
    return found


def inside(point: Point, box: Box) -> bool:
    return box.x + 0.01 < point[0] < box.x + box.width - 0.01 and box.y + 0.01 < point[1] < box.low - 0.01


def overlap(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x + 0.01 or other.x + other.width <= one.x + 0.01
    return not beside and not (one.low <= other.y + 0.01 or other.low <= one.y + 0.01)


@given(pictures())
def test_no_box_lies_on_another(drawn: Drawn) -> None:
    _, _, picture = drawn
    everything = [*picture.boxes.values(), *picture.labels.values()]
    assert not any(overlap(one, other) for one, other in combinations(everything, 2))
    for box in everything:
        assert box.x >= 0 and box.y >= 0
        assert box.x + box.width <= picture.width and box.low <= picture.height


@given(pictures())
def test_no_edge_crosses_a_box_or_a_label(drawn: Drawn) -> None:
    edges, _, picture = drawn
    covers = [*picture.boxes.values(), *picture.labels.values()]
    for edge in edges:
        for point in (point for piece in picture.paths[edge] for point in points(piece)):
            assert not any(inside(point, box) for box in covers), edge
            assert 0 <= point[0] <= picture.width and 0 <= point[1] <= picture.height


@given(pictures())
def test_an_edge_goes_from_its_source_to_its_target_past_its_label(drawn: Drawn) -> None:
    edges, _, picture = drawn
    for edge in edges:
        source, target, path = picture.boxes[edge.source], picture.boxes[edge.target], picture.paths[edge]
        (x1, y1), (x2, y2) = path[0][0], path[-1][-1]
        assert y1 == source.low and source.x < x1 < source.x + source.width, "it leaves the lower side"
        assert y2 == target.y and target.x < x2 < target.x + target.width, "it reaches the upper side"
        gaps = [(one[-1], other[0]) for one, other in pairwise(path) if one[-1] != other[0]]
        if not edge.label:
            assert gaps == []
            continue
        label = picture.labels[edge]
        assert len(gaps) == 1, "it is interrupted once, by its label"
        assert {y for _, y in gaps[0]} == {label.y, label.low}
        assert all(abs(x - label.middle) < 0.01 for x, _ in gaps[0])


@given(st.text(max_size=200), st.integers(60, 300))
def test_a_wrapped_text_is_whole_and_no_wider(text: str, limit: int) -> None:
    lines = wrapped(text, limit, 13)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line, 13) <= limit for line in lines)


def test_a_word_that_is_too_long_is_broken_where_words_are_joined() -> None:
    assert wrapped("nodes.manager_review.response == 'x'", 150, 11) == ["nodes.manager_review.", "response == 'x'"]
    assert wrapped("Take {{ router.chosen }} now", 150, 11)[0] == "Take"


def test_a_picture_of_nothing_has_room() -> None:
    assert placed([], [], frozenset(), {}, {}).paths == {}
