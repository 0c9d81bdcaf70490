"""Values against schemas: right, in bounded time, with nothing fetched."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from strands.types import patterns
from strands.types.json_schema import check_schema, problems

HOSTILE = r"^([a-zA-Z0-9._-]+)+@example\.com$"
NAME = "a" * 40 + "!"
DOUBLING = {"$defs": {"n": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/n"}}] * 2}}, "$ref": "#/$defs/n"}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}, {"a": 1}),
        ({"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": False}, {"xy": "z"}),
        ({"patternProperties": {"^x": {}}, "additionalProperties": {"type": "integer"}}, {"xy": "z", "n": 1}),
        ({"uniqueItems": True}, [1, True, "1", [1], [True], {"a": 1}, {"a": True}]),
        ({"$defs": {"t": {"type": "string"}}, "items": {"$ref": "#/$defs/t"}}, ["a"]),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, {"type": "string"}),
        ({"unevaluatedProperties": False, "allOf": [{"properties": {"a": {}}}]}, {"a": 1}),
        ({"pattern": r"^\p{Lu}"}, "Été"),
        (True, 1),
    ],
)
def test_what_fits(schema: Any, value: Any) -> None:
    check_schema(schema)
    assert problems(schema, value) == []


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"type": "integer"}, True, "True is not of type 'integer'"),
        ({"additionalProperties": False}, {"b": 1}, "'b' was unexpected"),
        ({"additionalProperties": False}, {"b": 1, "c": 2}, "'b', 'c' were unexpected"),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"xy": 1}, "$.xy: 1 is not of type 'string'"),
        ({"uniqueItems": True}, [{"a": [1]}, {"a": [1.0]}], "non-unique"),
        ({"unevaluatedProperties": False}, {"a": 1}, "unexpected"),
        ({"pattern": "^a$"}, "b", "'b' does not match '^a$'"),
        (False, 1, "False schema"),
    ],
)
def test_what_does_not(schema: Any, value: Any, problem: str) -> None:
    found = problems(schema, value)
    assert problem in found[0]
    assert not Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": HOSTILE}, NAME),
        ({"patternProperties": {HOSTILE: {}}, "additionalProperties": False}, {NAME: 1}),
        ({"propertyNames": {"pattern": HOSTILE}}, {NAME: 1}),
        (DOUBLING, nested(60)),
        ({"$ref": "#"}, 1),
        ({"items": {"$ref": "#"}}, nested(5_000)),
        ({"uniqueItems": True}, [{"n": number} for number in range(20_000)] + [{"n": 0}]),
        ({"type": 5}, 1),
        ({"$ref": "#/$defs/nothing"}, 1),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, 1),
    ],
)
def test_what_is_hostile_is_refused_soon(schema: Any, value: Any) -> None:
    assert problems(schema, value)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (5, "not a JSON Schema"),
        ({"type": "strin"}, "not a JSON Schema"),
        ({"properties": {"a": {"$ref": "#/$defs/x"}}}, "'#/$defs/x' leads nowhere: there is no such part"),
        ({"items": {"$ref": "https://example.com/x.json"}}, "remote schemas are not fetched"),
        ({"definitions": {"x": {"$ref": "#/definitions/y"}}, "$ref": "#/definitions/x"}, "'#/definitions/y'"),
        ({"pattern": "[a"}, "'[a' is not a regular expression"),
        ({"patternProperties": {"(": {}}}, "'(' is not a regular expression"),
        ({"pattern": "a" * 3_000}, "too long"),
        ({"allOf": [{"patternProperties": {"a": {}}}], "unevaluatedProperties": False}, "not supported"),
    ],
)
def test_a_schema_that_cannot_be_used(schema: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        check_schema(schema)


@pytest.mark.parametrize("how", [patterns.search, patterns.match, patterns.full_match])
def test_a_match_that_takes_too_long_says_so(how: Any) -> None:
    with pytest.raises(patterns.PatternError, match="took more than"):
        how(r"^(a|aa)+$", "a" * 80 + "b")
