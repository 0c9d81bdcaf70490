"""Module tools, and checks of what a tool is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands.types.tools import ToolSpec, ToolUse

from .module import PythonAgentTool

_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
_DEEPEST = 64
_TYPED_OTHERWISE = {"$ref", "allOf", "anyOf", "oneOf", "not", "enum", "const"}


class InvalidToolUseNameException(Exception):
    """The name in a tool use is missing or not one that a tool can have."""


def validate_tool_use(tool: ToolUse) -> None:
    """Check a tool use; see `validate_tool_use_name`."""
    validate_tool_use_name(tool)


def validate_tool_use_name(tool: ToolUse) -> None:
    """Check the name of a tool use.

    Raises:
        InvalidToolUseNameException: It is missing, too long, or has other characters than letters, digits, '_', '-'.
    """
    name = tool.get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        raise InvalidToolUseNameException(f"tool name {name!r} must be 1 to 64 letters, digits, '_' or '-'")


def normalize_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON schema of an object in which every property has a type and a description.

    Raises:
        ValueError: Objects are nested more than 64 deep.
    """
    return _object(schema, 1)


def _object(schema: dict[str, Any], depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise ValueError(f"a tool's input schema: its nesting exceeds {_DEEPEST} objects")
    properties = {name: _property(name, each, depth) for name, each in schema.get("properties", {}).items()}
    return {**schema, "type": "object", "properties": properties, "required": schema.get("required", [])}


def normalize_tool_spec(tool_spec: ToolSpec) -> ToolSpec:
    """Return a tool's specification with a complete input schema under `inputSchema["json"]`, if it has one.

    Raises:
        ValueError: Objects in the schema are nested more than 64 deep.
    """
    schema: Any = tool_spec.get("inputSchema")
    if not isinstance(schema, dict):
        return {**tool_spec}
    if "json" in schema:
        return {**tool_spec, "inputSchema": {**schema, "json": normalize_schema(schema["json"])}}
    return {**tool_spec, "inputSchema": {"json": normalize_schema(schema)}}


def _property(name: str, schema: Any, depth: int) -> dict[str, Any]:
    if not isinstance(schema, dict):
        return {"type": "string", "description": f"Property {name}"}
    if "$ref" in schema:
        return schema
    if schema.get("type") == "object" and "properties" in schema:
        return _object(schema, depth + 1)
    if _TYPED_OTHERWISE & schema.keys():
        return {"description": f"Property {name}", **schema}
    return {"type": "string", "description": f"Property {name}", **schema}


__all__ = [
    "InvalidToolUseNameException",
    "PythonAgentTool",
    "normalize_schema",
    "normalize_tool_spec",
    "validate_tool_use",
    "validate_tool_use_name",
]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
