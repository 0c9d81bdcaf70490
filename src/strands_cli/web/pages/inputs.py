"""The variables of a workflow as a JSON Schema, so that a form can be made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.spec import Parameter, Spec


def inputs_schema(spec: Spec) -> dict[str, Json]:
    """Return the JSON Schema of an object with a value for each variable that a run needs or may take."""
    from strands_cli.loader.inputs import declared, missing_inputs

    needed = missing_inputs(spec, {})
    properties = {name: _property(parameter) for name, parameter in {**declared(spec), **needed}.items()}
    for name, value in spec.inputs.values.items():
        if name in properties:
            properties[name] = {**properties[name], "default": value}
    return {"type": "object", "properties": properties, "required": list(needed), "additionalProperties": False}


def _property(parameter: Parameter | None) -> dict[str, Json]:
    if parameter is None:
        return {"type": "string"}
    found: dict[str, Json] = {"type": parameter.type}
    if parameter.enum:
        found["enum"] = parameter.enum
    if parameter.description:
        found["description"] = parameter.description
    if parameter.has_default:
        found["default"] = parameter.default
    return found
