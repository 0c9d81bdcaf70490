"""A person's words become a form that fits a server's schema, or it is said what was expected."""

from __future__ import annotations

from typing import Any

import pytest

from strands.tools.mcp.forms import FormError, read_answer

ONE = {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}}, "required": ["size"]}
SURE = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}
COLOR = {
    "type": "object",
    "properties": {"color": {"type": "string", "oneOf": [{"const": "#f00", "title": "Red"}]}},
    "required": ["color"],
}
TAGS = {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}}}
LEVEL = {"type": "object", "properties": {"level": {"type": "string", "enum": ["Low", "High"]}}, "required": ["level"]}
TWO = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "default": 30}},
    "required": ["name"],
}
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}


def accepted(**content: Any) -> dict[str, Any]:
    return {"action": "accept", "content": content}


@pytest.mark.parametrize(
    ("schema", "response", "told"),
    [
        (None, "yes", {"action": "accept"}),
        (None, " OK ", {"action": "accept"}),
        (None, True, {"action": "accept"}),
        (None, "no", {"action": "decline"}),
        (None, False, {"action": "decline"}),
        (NOTHING, {"action": "accept", "content": {"more": 1}}, {"action": "accept"}),
        (ONE, {"action": "cancel"}, {"action": "cancel"}),
        (ONE, {"action": "decline", "content": {}}, {"action": "decline"}),
        (ONE, {"action": "accept", "content": {"size": 2}}, accepted(size=2)),
        (ONE, "3", accepted(size=3)),
        (ONE, 3, accepted(size=3)),
        (ONE, '{"size": 4}', accepted(size=4)),
        (ONE, "no", {"action": "decline"}),
        (SURE, "yes", accepted(sure=True)),
        (SURE, "no", {"action": "decline"}),
        (COLOR, "red", accepted(color="#f00")),
        (LEVEL, "high", accepted(level="High")),
        (TAGS, "a, b,", accepted(tags=["a", "b"])),
        (TAGS, ["a"], accepted(tags=["a"])),
        (TWO, {"name": "Ada"}, accepted(name="Ada", age=30)),
        (TWO, '{"name": "Ada", "age": 36}', accepted(name="Ada", age=36)),
    ],
)
def test_what_a_person_says_is_the_form(schema: Any, response: Any, told: dict[str, Any]) -> None:
    assert read_answer(schema, response) == told


@pytest.mark.parametrize(
    ("schema", "response", "expected"),
    [
        (None, "perhaps", "answer yes or no"),
        (NOTHING, 3, "answer yes or no"),
        (ONE, "0", "minimum"),
        (ONE, "yes", "size"),
        (ONE, {"action": "accept", "content": "all"}, "size"),
        (SURE, "perhaps", "with sure; or say yes or no"),
        (TWO, "Ada", r"with name, age \(optional\); or say yes or no"),
        (TWO, {"nam": "Ada"}, "'nam' is not a field of the form; it has name"),
        (TWO, {"name": 3}, "name"),
        (TWO, '{"name": "Ada", "name": "Eve"}', "name"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_expected(schema: Any, response: Any, expected: str) -> None:
    with pytest.raises(FormError, match=expected):
        read_answer(schema, response)
