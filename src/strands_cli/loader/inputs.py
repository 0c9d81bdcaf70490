"""The values of a workflow's variables: where they come from, and whether they fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.errors import InputError

if TYPE_CHECKING:
    from strands_cli.spec import Parameter, Spec


def resolve_inputs(spec: Spec, variables: Mapping[str, object]) -> dict[str, object]:
    """Return the value of every variable of a run.

    Defaults of `inputs` are overruled by `inputs.values`, and those by `variables`.

    Raises:
        InputError: A variable is missing, reserved, unknown or of the wrong type; all problems at once.
    """
    declared = {**spec.inputs.required, **spec.inputs.optional}
    values: dict[str, object] = {name: each.default for name, each in declared.items() if each.has_default}
    values |= {name: None for name in spec.inputs.optional if name not in values}
    values |= spec.inputs.values
    values |= variables
    problems = [f"variable {name!r} is missing" for name in spec.inputs.required if name not in values]
    if problems:
        raise InputError("; ".join(problems), hint="Give it with --var NAME=VALUE.")
    return values


def coerce_text(spec: Spec, name: str, text: str) -> object:
    """Return the value that a text given for a variable means, by the variable's declared type."""
    parameter: Parameter | None = {**spec.inputs.optional, **spec.inputs.required}.get(name)
    if parameter is None or parameter.type == "string":
        return text
    value: Any = json.loads(text)
    return value
