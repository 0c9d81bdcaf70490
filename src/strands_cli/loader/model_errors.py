"""From the errors of the models to problems that a person can mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.loader.marks import Marks
from strands_cli.loader.walk import Path
from strands_cli.schema.problems import MOST_PROBLEMS, Problem, did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_WRITTEN_ELSEWHERE = {
    "manual_gate": "An agent's tools are approved by agents.NAME.approvals: [{tools: [...], prompt: ...}].",
}
"""Keys of other engines, and what stands for them here."""
_QUOTED = re.compile(r"'([^']*)'")


def explain(error: ValidationError, data: dict[str, Any], marks: Marks) -> list[Problem]:
    """Return the problems of a document whose validation failed, in the order of the document."""
    from strands_cli.spec import Spec

    problems: dict[tuple[Path, str], Problem] = {}
    for each in error.errors(include_url=False)[:MOST_PROBLEMS]:
        path = _path(each["loc"], data)
        problem = _problem(each, path, data, marks, Spec)
        problems.setdefault((path, each["type"]), problem)
    return in_order(problems.values())


def without_extensions(data: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """Return a document without the keys that begin with "x-" where objects are closed: those are its author's own."""
    for each in error.errors(include_url=False):
        path = _path(each["loc"], data)
        if path and each["type"] == "extra_forbidden" and str(path[-1]).startswith("x-"):
            data = _without(data, path)
    return data


def _without(value: Any, path: Path) -> Any:
    """Return data without what stands at a path; the data itself stays as it is."""
    first, rest = path[0], path[1:]
    if isinstance(value, list) and rest:
        return [_without(each, rest) if index == first else each for index, each in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    if not rest:
        return {key: each for key, each in value.items() if key != first}
    return {key: _without(each, rest) if key == first else each for key, each in value.items()}


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems in the order in which they stand in the file."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column))


def _path(loc: tuple[str | int, ...], data: object) -> Path:
    """Return a location without the names that the models put between."""
    return tuple(part for part in loc if not (isinstance(part, str) and part[:1] in "<[" and part[-1:] in ">]"))


def _problem(each: Any, path: Path, data: dict[str, Any], marks: Marks, root: type[BaseModel]) -> Problem:
    kind, last = each["type"], path[-1] if path else ""
    if kind == "extra_forbidden":
        known = keys_at(data, path[:-1], root)
        hint = _WRITTEN_ELSEWHERE.get(str(last)) or did_you_mean(last, known)
        return marks.problem(data, path, f"unknown key {last!r}", hint=hint, key=True)
    if kind == "missing":
        return marks.problem(data, path, f"{last!r} is missing")
    value, named = each["input"], _named(path)
    if kind in ("literal_error", "enum"):
        expected = _QUOTED.findall(each["ctx"]["expected"])
        return marks.problem(data, path, f"{named} cannot be {_short(value)}", hint=did_you_mean(value, expected))
    if kind in _KINDS:
        return marks.problem(data, path, f"{named} must be {_KINDS[kind]}, not {_short(value)}")
    if kind == "value_error":
        return marks.problem(data, path, str(each["ctx"]["error"]))
    return marks.problem(data, path, f"{named} {_limit(kind, each, value)}")


def _named(path: Path) -> str:
    """Return the last of a path as a message names it: the key, or which entry of the list it is."""
    if not path or isinstance(path[-1], str):
        return repr(path[-1]) if path else "''"
    key = next((part for part in reversed(path) if isinstance(part, str)), "the list")
    return f"entry {path[-1] + 1} of {key!r}"


def _limit(kind: str, each: Any, value: object) -> str:
    context = each.get("ctx", {})
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"must be {words} {context[key]:g}, not {_short(value)}"
    if kind == "too_short":
        least = context["min_length"]
        return f"needs at least {least} {'entry' if least == 1 else 'entries'}, not {context['actual_length']}"
    if kind == "string_too_short":
        return "must not be empty"
    if kind == "string_too_long":
        return f"has at most {context['max_length']} characters"
    if kind == "string_pattern_mismatch":
        return f"cannot be {_short(value)}: it must match {context['pattern']}"
    message = str(each["msg"])
    return f"is wrong: {message[:1].lower()}{message[1:]}, not {_short(value)}"


def keys_at(data: object, path: Path, model: Any) -> list[str]:
    """Return the keys that the object at `path` may have."""
    from strands_cli.loader.shapes import model_at

    found = model_at(data, path, model)
    return [field.alias or name for name, field in found.model_fields.items()] if found else []


def _short(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
