"""What a caller may give a workflow, as JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli.loader.inputs import declared, missing_inputs
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.spec.inputs import Parameter


def schema_of(workflow: Workflow) -> dict[str, Json]:
    """Return the JSON Schema of an object that holds the variables of a run."""
    spec = workflow.spec
    known: dict[str, Parameter | None] = dict(declared(spec))
    missing = missing_inputs(spec, workflow.variables)
    set_already = {**spec.inputs.values, **workflow.variables}
    properties = {name: _property(parameter) for name, parameter in {**known, **missing}.items()}
    for name in properties.keys() & set_already.keys():
        properties[name]["default"] = set_already[name]
    schema: dict[str, Json] = {"type": "object", "properties": properties, "additionalProperties": False}
    if missing:
        schema["required"] = list(missing)
    return schema


def _property(parameter: Parameter | None) -> dict[str, Json]:
    if parameter is None:
        return {"type": "string"}
    told: dict[str, Json] = {"type": parameter.type}
    if parameter.description:
        told["description"] = parameter.description
    if parameter.enum is not None:
        told["enum"] = list(parameter.enum)
    if parameter.has_default:
        told["default"] = parameter.default
    return told
