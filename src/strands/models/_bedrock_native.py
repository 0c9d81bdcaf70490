"""Structured output by Bedrock's own means, for models that cannot be made to use a tool."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ._bedrock_format import closed

if TYPE_CHECKING:
    from strands.types.tools import ToolSpec

_OPERATION = "ConverseStream"
_FORCING = frozenset({"choice", "one_tool"})


def is_wanted(tool_choice: Any, refused: Collection[str]) -> bool:
    """Whether a structure is to be asked for by a schema: its tool cannot be forced, and schemas were not refused."""
    return bool(tool_choice) and "tool" in tool_choice and not _FORCING.isdisjoint(refused) and "native" not in refused


def with_schema(request: dict[str, Any], name: str, specs: list[ToolSpec] | None, client: Any) -> dict[str, Any]:
    """Return a request whose reply keeps to the schema of a tool; where that cannot be, the request as it is.

    Args:
        request: The arguments of `converse_stream`.
        name: The tool whose arguments are the structure.
        specs: The tools that are offered.
        client: The bedrock-runtime client, which may be too old to know of schemas.
    """
    spec = next((each for each in specs or () if each["name"] == name), None)
    if spec is None or "toolConfig" not in request:
        return request
    schema = spec["inputSchema"].get("json", spec["inputSchema"])
    if "outputConfig" not in client.meta.service_model.operation_model(_OPERATION).input_shape.members:
        warnings.warn("botocore is too old for structured output by a schema: pip install -U boto3", stacklevel=4)
        return request
    from ._native import has_map

    if has_map(schema):
        warnings.warn(
            f"{name} has a field with keys of any name, which Bedrock's schemas cannot have, so it stays a tool, which "
            "this model need not use; a list of pairs would do.",
            stacklevel=4,
        )
        return request
    described = {"name": name, "description": spec["description"], "schema": json.dumps(closed(schema))}
    form = {"type": "json_schema", "structure": {"jsonSchema": described}}
    tools = {**request["toolConfig"], "toolChoice": {"auto": {}}}
    return {**request, "toolConfig": tools, "outputConfig": {"textFormat": form}}
