"""What a model may call a tool, how schemas are completed for it, and how often it is asked again."""

from __future__ import annotations

from typing import Any

import pytest

from strands import ModelRetryStrategy
from strands.telemetry.metrics import Trace
from strands.tools.tools import (
    InvalidToolUseNameException,
    normalize_schema,
    normalize_tool_spec,
    validate_tool_use,
    validate_tool_use_name,
)


@pytest.mark.parametrize("use", [{}, {"name": ""}, {"name": 3}, {"name": "with space"}, {"name": "x" * 65}])
def test_a_name_that_no_tool_can_have_is_refused(use: Any) -> None:
    for check in (validate_tool_use, validate_tool_use_name):
        with pytest.raises(InvalidToolUseNameException, match="must be 1 to 64 letters"):
            check(use)
    validate_tool_use({"toolUseId": "t", "name": "pay-bill_2", "input": {}})


def test_every_property_has_a_type_and_a_description() -> None:
    inner = {"type": "object", "properties": {"deep": {}}}
    given = {"properties": {"a": {}, "b": True, "c": {"$ref": "#/$defs/C"}, "d": {"enum": [1]}, "e": inner}}
    made = normalize_schema(given)
    assert made["properties"] == {
        "a": {"type": "string", "description": "Property a"},
        "b": {"type": "string", "description": "Property b"},
        "c": {"$ref": "#/$defs/C"},
        "d": {"description": "Property d", "enum": [1]},
        "e": {
            "type": "object",
            "properties": {"deep": {"type": "string", "description": "Property deep"}},
            "required": [],
        },
    }
    assert (made["type"], made["required"]) == ("object", [])


def test_a_specification_is_completed_where_it_has_a_schema() -> None:
    bare: Any = {"name": "pay", "description": "Pays."}
    assert normalize_tool_spec(bare) == bare
    given: Any = {**bare, "inputSchema": {"properties": {}}}
    made = normalize_tool_spec(given)
    assert made["inputSchema"] == {"json": {"properties": {}, "type": "object", "required": []}}
    assert normalize_tool_spec(made) == made


def test_objects_are_nested_64_deep_at_most() -> None:
    schema: dict[str, Any] = {}
    for _ in range(70):
        schema = {"type": "object", "properties": {"x": schema}}
    with pytest.raises(ValueError, match="its nesting exceeds 64 objects"):
        normalize_schema(schema)


def test_a_model_is_asked_once_at_least() -> None:
    with pytest.raises(ValueError, match="max_attempts is 0; it must be 1 or more"):
        ModelRetryStrategy(max_attempts=0)


def test_a_stretch_of_time_holds_those_within_it() -> None:
    whole = Trace("whole")
    assert whole.duration() is None
    first = whole.begin("first")
    second = Trace("second")
    whole.add_child(second)
    assert whole.children == [first, second]
    whole.children = [second]
    second.add_message({"role": "user", "content": [{"text": "hi"}]})
    second.end()
    whole.end(whole.start_time + 2)
    assert whole.duration() == 2
    assert [each["name"] for each in whole.to_dict()["children"]] == ["second"]
