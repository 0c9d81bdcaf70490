"""The values of a workflow's variables: where they come from, and whether they fit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from strands_cli.errors import InputError
from strands_cli.loader.input_types import from_text, misfit, type_of
from strands_cli.loader.names import engine_names, reserved
from strands_cli.loader.parts import templates
from strands_cli.loader.template import uses
from strands_cli.schema.problems import did_you_mean, nearest, pointer
from strands_cli.spec.registry import pattern_records

if TYPE_CHECKING:
    from strands_cli.loader.walk import Path
    from strands_cli.spec import Parameter, Spec


def resolve_inputs(spec: Spec, variables: Mapping[str, object]) -> dict[str, object]:
    """Return the value of every variable of a run.

    Defaults of `inputs` are overruled by `inputs.values`, and those by `variables`. Nothing is coerced: texts given
    on a command line go through `coerce_text` first.

    Args:
        spec: The spec; its templates say which variables are needed beyond the declared ones.
        variables: The values given for this run.

    Raises:
        InputError: A variable is missing, misspelt, reserved or of the wrong type; all problems at once.
    """
    values = _defaults(spec) | dict(spec.inputs.values) | dict(variables)
    problems = [*_reserved(spec, variables), *_misspelt(spec, variables)]
    problems += _missing(spec, values)
    problems += _misfits(spec, values)
    if problems:
        hint = "Give a variable with --var NAME=VALUE (in Python: as a keyword), or under 'inputs.values'."
        raise InputError("\n".join(problems), hint=hint)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def coerce_text(spec: Spec, name: str, text: str) -> object:
    """Return the value that a text given for a variable means, by the variable's declared type.

    Raises:
        InputError: The text does not fit the type.
    """
    parameter = declared(spec).get(name)
    if parameter is None:
        return text
    try:
        return from_text(text, parameter.type)
    except ValueError as error:
        message = f"variable {name!r} is declared as {parameter.type}: {error}, not {text[:60]!r}"
        raise InputError(message, hint=parameter.description or "") from None


def declared(spec: Spec) -> dict[str, Parameter]:
    """Return the variables that a spec declares, the required ones first."""
    return {**spec.inputs.required, **{k: v for k, v in spec.inputs.optional.items() if k not in spec.inputs.required}}


def missing_inputs(spec: Spec, variables: Mapping[str, object]) -> dict[str, Parameter | None]:
    """Return the variables a run still lacks, with their declarations, so that somebody can be asked for them."""
    values = _defaults(spec) | dict(spec.inputs.values) | dict(variables)
    lacking: dict[str, Parameter | None] = {k: v for k, v in spec.inputs.required.items() if k not in values}
    known = engine_names(spec.pattern.type)
    lacking |= {
        name: None for name in used_names(spec) if name not in values and name not in known and name not in lacking
    }
    return lacking


def used_names(spec: Spec) -> dict[str, Path]:
    """Return every name that the templates of a spec need from outside, and where it is used first."""
    found = spec._used
    if found is None:
        found = spec._used = dict(_used(spec))
    return found


def spec_names(spec: Spec, now: float | None = None) -> dict[str, object]:
    """Return the names that templates have from the spec itself; variables may take them over.

    Args:
        spec: The spec.
        now: Unix time in seconds for `timestamp`; the present by default.
    """
    moment = time.gmtime(time.time() if now is None else now)
    own = spec._own_names
    if own is None:
        own = spec._own_names = _own_names(spec)
    return {**own, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)}


def _own_names(spec: Spec) -> dict[str, object]:
    names: dict[str, object] = {"name": spec.name, "version": spec.version, "description": spec.description or ""}
    names["tags"] = list(spec.tags)
    for key in ("metadata", "runtime", "context_policy"):
        part = getattr(spec, key)
        names[key] = part.model_dump(mode="json", by_alias=True) if part is not None else {}
    return names


def undeclared(spec: Spec) -> dict[str, Path]:
    """Return the names that a spec with `inputs` uses without declaring them, and where each is used first.

    A spec without `inputs` declares nothing: what its templates use are its variables.
    """
    if not (declared(spec) or spec.inputs.values):
        return {}
    known = {*declared(spec), *spec.inputs.values, *engine_names(spec.pattern.type)}
    return {name: path for name, path in used_names(spec).items() if name not in known}


def _used(spec: Spec) -> Iterator[tuple[str, Path]]:
    seen: set[str] = {"memory"} if spec.memory else set()
    for place in [*templates(spec.plain())]:
        if place.only:
            continue
        for name in sorted(uses(place.text, expression=place.expression).names - place.own - seen):
            seen.add(name)
            yield name, place.path


def _defaults(spec: Spec) -> dict[str, object]:
    values = {name: each.default for name, each in declared(spec).items() if each.has_default}
    return values | {name: None for name in spec.inputs.optional if name not in values}


def _reserved(spec: Spec, variables: Mapping[str, object]) -> Iterator[str]:
    taken = reserved(spec.pattern.type)
    for name in variables:
        if name in taken:
            yield f"variable {name!r} has a name that the engine uses; choose another one"


def unknown(spec: Spec, name: str) -> str:
    """Return what is wrong with a variable that the workflow neither declares nor uses, or ""."""
    wanted = {*declared(spec), *spec.inputs.values, *used_names(spec)}
    if name in wanted or name in engine_names(spec.pattern.type):
        return ""
    theirs = sorted(wanted - engine_names(spec.pattern.type))
    return f"variable {name!r} is not used by this workflow; {did_you_mean(name, theirs) or 'it has none'}"


def _misspelt(spec: Spec, variables: Mapping[str, object]) -> Iterator[str]:
    """A variable that nobody uses is a slip of the pen where variables are declared, or where it looks like another."""
    if not variables:
        return
    closed = bool(declared(spec))
    theirs = {*spec.inputs.values, *used_names(spec)} - engine_names(spec.pattern.type)
    for name in variables:
        problem = unknown(spec, name)
        if problem and (closed or nearest(name, theirs)):
            yield problem


def _missing(spec: Spec, values: Mapping[str, object]) -> Iterator[str]:
    for name, parameter in spec.inputs.required.items():
        if name not in values:
            about = f": {parameter.description}" if parameter.description else ""
            enum = f", one of {', '.join(map(str, parameter.enum))}" if parameter.enum else ""
            yield f"variable {name!r} is missing ({parameter.type}{enum}){about}"
    known = engine_names(spec.pattern.type) | set(spec.inputs.required)
    for name, path in used_names(spec).items():
        if name not in values and name not in known:
            yield f"variable {name!r} is missing: {pointer(path)} uses it{elsewhere(name, spec, values)}"


def elsewhere(name: str, spec: Spec, values: Mapping[str, object]) -> str:
    """Return which pattern has a name that this one has not, or which known name looks like it, in brackets; or ""."""
    records = list(pattern_records())
    patterns = [each.name for each in records if name in each.names]
    patterns += [each.name for each in records if name in each.soft_names]
    if patterns:
        return f" (the pattern {patterns[0]!r} has a name {name!r}, {spec.pattern.type!r} has not)"
    known = [*values, *filter(str.islower, engine_names(spec.pattern.type))]
    return f" ({did_you_mean(name, known)})" if nearest(name, known) else ""


def _misfits(spec: Spec, values: Mapping[str, object]) -> Iterator[str]:
    for name, parameter in declared(spec).items():
        value = values.get(name)
        if name not in values or (value is None and name in spec.inputs.optional):
            continue
        cause = misfit(value, parameter.type, parameter.enum)
        if cause:
            yield f"variable {name!r} {cause}"
    for name, value in values.items():
        if type_of(value).startswith("a ") and type_of(value) not in ("a string", "a number", "a boolean"):
            yield f"variable {name!r} is {type_of(value)}; a variable holds what JSON can hold"
