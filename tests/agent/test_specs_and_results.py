"""What a model is told of a tool, and what is a tool's result."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent, tool
from strands.models import ScriptedModel, ToolCall
from strands.tools import PythonAgentTool, convert_pydantic_to_tool_spec
from strands.tools.registry import ToolRegistry
from support.agents import results_of


class Part(BaseModel):
    """A part."""

    name: str


class Whole(BaseModel):
    """A whole."""

    first: Part
    rest: list[Part]


class Tree(BaseModel):
    """A tree."""

    branches: list[Tree]


def called(function: Any) -> Agent:
    model = ScriptedModel([ToolCall(function.tool_name), "ok"])
    agent = Agent(model=model, tools=[function], callback_handler=None)
    agent("go")
    return agent


def test_a_text_of_a_result_may_say_more_of_itself() -> None:
    @tool
    def report() -> dict[str, Any]:
        """Report."""
        return {"status": "success", "content": [{"text": "# Done", "type": "markdown"}]}

    @tool
    def odd() -> dict[str, Any]:
        """Report in a form that no provider has a place for."""
        return {"status": "success", "content": [{"json": {}, "type": "json"}]}

    said, told = (results_of(called(function))[0] for function in (report, odd))
    assert said["content"] == [{"text": "# Done", "type": "markdown"}]
    assert list(told["content"][0]) == ["text"]


def test_a_schema_that_is_nested_too_deeply_is_left_out_of_the_configuration() -> None:
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(120):
        deep = {"type": "object", "properties": {"inside": deep}}
    registry = ToolRegistry()
    spec: Any = {"name": "deep", "description": "d", "inputSchema": {"json": deep}}
    registry.register_tool(PythonAgentTool("deep", spec, lambda use: use))
    registry.register_tool(tool(name="plain", description="d")(lambda: "x"))
    assert list(registry.get_all_tools_config()) == ["plain"]


def test_the_definitions_of_a_model_stand_where_they_are_used() -> None:
    schema = convert_pydantic_to_tool_spec(Whole)["inputSchema"]["json"]
    assert "$defs" not in schema
    assert schema["properties"]["first"]["properties"]["name"]["type"] == "string"
    assert schema["properties"]["rest"]["items"]["title"] == "Part"
    assert "$defs" in convert_pydantic_to_tool_spec(Tree)["inputSchema"]["json"]


def test_a_definition_that_is_missing_is_named() -> None:
    class Lost(BaseModel):
        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
            return {"type": "object", "properties": {"part": {"$ref": "#/$defs/Part"}}}

    with pytest.raises(ValueError, match=r"'#/\$defs/Part', and has no such definition"):
        convert_pydantic_to_tool_spec(Lost)
