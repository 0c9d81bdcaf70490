"""The arguments of a tool call, by the tool's own rules: what is wrong with them, and what the tool gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from strands_cli.schema.problems import did_you_mean


def problems(tool: Any, arguments: Any) -> list[str]:
    """Return what is wrong with the arguments of a call, by the tool's own rules; empty when nothing is."""
    if not isinstance(arguments, Mapping):
        return ["they are not an object"]
    parameters = getattr(tool, "parameters", None)
    if parameters is not None and hasattr(parameters, "validate"):
        try:
            parameters.validate(dict(arguments))
        except ValueError as error:
            return [str(error)]
        return []
    from strands.types import json_schema

    return json_schema.problems(input_schema(tool), arguments)


def edit_problems(tool: Any, arguments: Any) -> list[str]:
    """Return what is wrong with arguments that a person wrote; one that the tool would drop is not what they meant."""
    wrong, parameters = problems(tool, arguments), getattr(tool, "parameters", None)
    if wrong or parameters is None or not hasattr(parameters, "validate"):
        return wrong
    known = {*(input_schema(tool).get("properties") or {}), *parameters.validate(dict(arguments))}
    return [
        f"it takes no {name!r}{f' ({hint})' if (hint := did_you_mean(name, sorted(known))) else ''}"
        for name in arguments
        if name not in known
    ]


def filled(tool: Any, arguments: Any) -> Any:
    """Return the arguments of a call as the tool gets them; those that do not fit are returned as they are."""
    if not isinstance(arguments, Mapping):
        return arguments
    properties = input_schema(tool).get("properties") or {}
    known = {
        name: each["default"] for name, each in properties.items() if isinstance(each, Mapping) and "default" in each
    }
    parameters = getattr(tool, "parameters", None)
    read = arguments
    if parameters is not None and hasattr(parameters, "validate"):
        try:
            read = parameters.validate(dict(arguments))
        except ValueError:
            return arguments
    return json.loads(json.dumps({**known, **arguments, **read}, default=str))


def input_schema(tool: Any) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments."""
    schema = tool.tool_spec["inputSchema"]
    found: dict[str, Any] = schema.get("json", schema)
    return found


def prefilled(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema whose fields begin with the arguments there are: who fills it in changes them one by one."""
    fields = dict(schema.get("properties") or {})
    for name in fields.keys() & arguments.keys():
        if isinstance(fields[name], Mapping):
            fields[name] = {**fields[name], "default": arguments[name]}
    return {**schema, "properties": fields} if fields else dict(schema)
