"""A rehearsal fills in what a schema wants: the smallest plausible value, the same every time."""

from __future__ import annotations

from typing import Any

import pytest

from strands.models.scripted.examples import example
from strands.types.json_schema import problems

PART = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"examples": ["blue", "red"]}, "blue"),
        ({"enum": ["low", "high"]}, "low"),
        ({"type": ["null", "integer"]}, 1),
        ({"type": "null"}, None),
        ({"items": {"type": "boolean"}}, [True]),
        ({"prefixItems": [{"type": "integer"}, {"const": "x"}]}, [1, "x"]),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 3}, ["a", "b", "a"]),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True}, ["a", "b"]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2, "uniqueItems": True}, [1, 2]),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "uniqueItems": True}, [True]),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True}, ["topic", "topic 2"]),
        ({"type": "integer", "minimum": 5, "multipleOf": 4}, 8),
        ({"type": "number", "exclusiveMaximum": 1}, 0.99),
        ({"type": "string", "minLength": 12}, "topic and so"),
        ({"type": "string", "maxLength": 3}, "top"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        (
            {"$defs": {"Part": PART}, "allOf": [{"$ref": "#/$defs/Part"}, {"properties": {"size": {"const": 2}}}]},
            {"id": "1"},
        ),
        ({"allOf": [PART, {"properties": {"size": {"const": 2}}, "required": ["size"]}]}, {"id": "1", "size": 2}),
    ],
)
def test_a_value_fits_its_schema(schema: dict[str, Any], value: Any) -> None:
    made = example(schema, topic="topic")
    assert made == value
    assert list(problems(schema, made)) == []


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    assert example({"$ref": "#"}) is None
    assert example(True) is None
