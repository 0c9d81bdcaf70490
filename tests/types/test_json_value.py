"""What comes in from outside is what JSON makes of it, or refused with the place and the reason."""

from __future__ import annotations

import enum
import json
from collections import OrderedDict, UserString
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strands.types.json_value import MAX_DEPTH, NOT_PLAIN, as_json, plain_copy

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Point(NamedTuple):
    x: int
    y: int


class Loud(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


@dataclass
class Thing:
    a: int = 1


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ((1, 2), [1, 2]),
        ({1: 2}, {"1": 2}),
        ({True: 1, None: 2, 1.5: 3}, {"true": 1, "null": 2, "1.5": 3}),
        ({"a": (1, ("b",))}, {"a": [1, ["b"]]}),
        (OrderedDict(a=1), {"a": 1}),
        (Colour.RED, "red"),
        ({Colour.RED: Colour.RED}, {"red": "red"}),
        ([Level.HIGH], [3]),
        (Point(1, 2), [1, 2]),
        (Loud("x"), "x"),
        (None, None),
        (False, False),
        ("", ""),
        (1.5, 1.5),
        (10**40, 10**40),
        ("ünï 😀 \u2028", "ünï 😀 \u2028"),
    ],
)
def test_a_value_becomes_the_plain_thing(given: Any, made: Any) -> None:
    found = as_json(given)
    assert found == made
    assert type(found) is type(made)
    if isinstance(made, dict):
        assert [type(each) for each in found.values()] == [type(each) for each in made.values()]
        assert {type(key) for key in found} == {str}


def test_the_result_shares_nothing_with_what_was_given() -> None:
    given = {"a": [{"b": 1}]}
    found = as_json(given)
    given["a"][0]["b"] = 2
    assert found == {"a": [{"b": 1}]}


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (float("nan"), ValueError, "nan is not finite"),
        ({"a": [float("inf")]}, ValueError, r"at \['a'\]\[0\]: inf is not finite"),
        ({float("nan"): 1}, ValueError, "not finite"),
        (object(), TypeError, "a object"),
        ({"a": {1}}, TypeError, r"at \['a'\]: a set"),
        (b"x", TypeError, "a bytes"),
        (Thing(), TypeError, "a Thing"),
        (UserString("x"), TypeError, "a UserString"),
        ({(1, 2): 3}, TypeError, "a tuple as a key"),
        ({1: 2, "1": 3}, ValueError, "two keys are '1'"),
        (["\ud800"], ValueError, r"'\\ud800' is not Unicode"),
        ({"\ud800": 1}, ValueError, "is not Unicode"),
    ],
)
def test_what_json_cannot_hold_is_refused_by_place_and_reason(bad: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        as_json(bad)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_the_depth_is_bounded_and_the_width_is_not() -> None:
    assert as_json(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 500, 100_000):
        with pytest.raises(ValueError, match="inside each other"):
            as_json(nested(depth))
    assert as_json([[]] * 10_000) == [[]] * 10_000


def test_what_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValueError, match="the answer is not JSON"):
        as_json(value, "the answer")


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_a_copy_of_a_plain_value_is_what_json_makes_of_it(value: object) -> None:
    copy = plain_copy(value)
    if copy is NOT_PLAIN:
        return
    assert copy == as_json(value)
    assert json.dumps(copy) == json.dumps(as_json(value))
    assert copy is not value or not isinstance(value, (dict, list))


@pytest.mark.parametrize("value", [(1,), {1: 2}, float("nan"), OrderedDict(a=1), object(), [set()], {"a": [b"x"]}])
def test_what_json_would_change_or_refuse_is_not_plain(value: object) -> None:
    assert plain_copy(value) is NOT_PLAIN
