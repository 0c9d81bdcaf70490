"""From a pydantic model to what a model is told about a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands.types.tools import ToolSpec


def convert_pydantic_to_tool_spec(model: type[BaseModel], description: str | None = None) -> ToolSpec:
    """Return the specification of a tool that takes the fields of a pydantic model.

    Args:
        model: The pydantic model.
        description: What the tool is for; else the model's docstring.

    Raises:
        ValueError: The model's schema refers to a definition that it does not have.
    """
    from strands.models.structured import tool_for

    spec = tool_for(model)
    schema = spec["inputSchema"]["json"]
    spec["inputSchema"] = {"json": _inlined(schema)}
    return {**spec, "description": description} if description else spec


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its definitions where they are used; one that refers to itself stays as it is."""
    definitions = schema.get("$defs", {})

    def put(part: Any, within: tuple[str, ...]) -> Any:
        if isinstance(part, list):
            return [put(each, within) for each in part]
        if not isinstance(part, dict):
            return part
        rest = {key: put(value, within) for key, value in part.items() if key != "$ref"}
        if not isinstance(part.get("$ref"), str):
            return rest
        name = part["$ref"].rpartition("/")[2]
        if name not in definitions:
            raise ValueError(f"the schema refers to {part['$ref']!r}, and has no such definition; add it to its $defs")
        if name in within:
            raise RecursionError
        return {**put(definitions[name], (*within, name)), **rest}

    try:
        found: dict[str, Any] = put({key: value for key, value in schema.items() if key != "$defs"}, ())
    except RecursionError:
        return schema
    return found
