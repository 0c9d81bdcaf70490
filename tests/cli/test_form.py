"""Answers with a shape: field by field."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from strands_cli.terminal import form


class Person:
    """Types prepared lines, and remembers what it was asked and told."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.labels: list[str] = []
        self.problems: list[str] = []

    async def read(self, label: str) -> str:
        self.labels.append(label)
        return self.lines.pop(0)

    def fill(self, schema: Mapping[str, Any], default: str | None = None) -> Any:
        return asyncio.run(form.fill(schema, self.read, self.problems.append, default))


@pytest.mark.parametrize(
    ("schema", "typed", "value"),
    [
        ({"type": "boolean"}, "Yes", True),
        ({"type": "boolean"}, "n", False),
        ({"type": "integer"}, "12", 12),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "string"}, " as typed ", " as typed "),
        ({"enum": ["red", "blue"]}, "BLUE", "blue"),
        ({"enum": ["red", "blue"]}, "2", "blue"),
        ({"enum": [1, 2]}, "2", 2),
        ({"type": "array", "items": {"type": "string"}}, '["a"]', ["a"]),
        ({}, '{"a": 1}', {"a": 1}),
    ],
)
def test_one_value(schema: Mapping[str, Any], typed: str, value: object) -> None:
    assert Person(typed).fill(schema) == value


@pytest.mark.parametrize(
    ("schema", "typed", "problem"),
    [
        ({"type": "boolean"}, "maybe", "neither yes nor no"),
        ({"type": "integer"}, "many", "is not an integer"),
        ({"type": "integer", "minimum": 3}, "2", "less than the minimum"),
        ({"enum": ["red"]}, "green", "none of red"),
        ({"type": "array"}, "[", "is not JSON"),
        ({"type": "integer"}, "", "empty"),
    ],
)
def test_what_does_not_fit_is_asked_again(schema: Mapping[str, Any], typed: str, problem: str) -> None:
    good = {"boolean": "yes", "integer": "3", "array": "[]"}.get(schema.get("type", ""), "red")
    person = Person(typed, good)
    person.fill(schema)
    assert len(person.problems) == 1
    assert problem in person.problems[0]


SCHEMA = {
    "type": "object",
    "required": ["name", "count"],
    "properties": {
        "name": {"type": "string", "description": "Who"},
        "count": {"type": "integer", "default": 1},
        "colour": {"enum": ["red", "blue"]},
        "really": {"type": "boolean"},
    },
}


def test_an_object_is_asked_field_by_field() -> None:
    person = Person("Ada", "", "", "no")
    assert person.fill(SCHEMA) == {"name": "Ada", "count": 1, "really": False}
    assert person.labels == [
        "name - Who",
        "count (integer) [default 1]",
        "colour (1 red | 2 blue) [optional]",
        "really (yes | no) [optional]",
    ]


def test_the_questions_default_fills_its_fields() -> None:
    assert Person("", "", "", "").fill(SCHEMA, '{"name": "Bob", "colour": "red"}') == {
        "name": "Bob",
        "count": 1,
        "colour": "red",
    }


def test_an_empty_line_takes_the_default_of_a_single_value() -> None:
    assert Person("").fill({"type": "boolean"}, "true") is True


def test_nested_objects_are_typed_as_json() -> None:
    nested = {"type": "object", "properties": {"a": {"type": "object"}}}
    assert Person('{"a": {}}').fill(nested) == {"a": {}}


def test_a_long_default_is_shown_shortened_and_taken_whole() -> None:
    person = Person("", "")
    fields = {"note": {"type": "string", "default": "n" * 5_000}, "of": {"enum": ["x" * 3_000], "default": "x" * 3_000}}
    assert person.fill({"type": "object", "properties": fields}) == {"note": "n" * 5_000, "of": "x" * 3_000}
    assert [len(label) < 120 for label in person.labels] == [True, True]
