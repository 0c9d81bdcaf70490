"""Answers with a shape: a JSON Schema asked field by field, each value in the way its type is written."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from strands.types.json_value import from_text
from strands_cli.terminal.escape import one_line

Schema: TypeAlias = Mapping[str, Any]
ReadLine: TypeAlias = Callable[[str], Awaitable[str]]
Complain: TypeAlias = Callable[[str], None]
_SIMPLE = {"string", "integer", "number", "boolean"}
_YES = {"yes", "y", "true", "1", "on"}
_NO = {"no", "n", "false", "0", "off"}
_MISSING = object()


async def fill(schema: Schema, read: ReadLine, complain: Complain, default: str | None = None) -> Any:
    """Ask for a value that fits `schema`: a field at a time for an object of simple fields, otherwise in one line.

    Args:
        schema: What the answer must fit.
        read: Reads a line behind a label.
        complain: Says why a value was not taken.
        default: The question's own default as text: an empty line takes it, or its part for the field.

    Returns:
        The value. Whoever asked validates it as a whole.
    """
    if not _is_form(schema):
        return await _value("Your response" + _kind(schema), _with_default(schema, default), read, complain)
    required = set(schema.get("required", ()))
    defaults = _parts(default)
    answer = {}
    for name, field in schema["properties"].items():
        if name in defaults:
            field = {**field, "default": defaults[name]}
        label = _field_label(name, field, required=name in required)
        value = await _value(label, field, read, complain, optional=name not in required)
        if value is not _MISSING:
            answer[name] = value
    return answer


async def ask_field(name: str, schema: Schema, read: ReadLine, complain: Complain) -> Any:
    """Ask for the value of a single field, which must be given."""
    return await _value(_field_label(name, schema, required=True), schema, read, complain)


def parse(text: str, schema: Schema) -> Any:
    """Return the value that `text` writes for `schema`.

    Raises:
        ValueError: `text` is not such a value; its message says what was expected.
    """
    options = schema.get("enum")
    if options:
        return _option(text, options)
    kind = schema.get("type")
    if kind == "string":
        return text
    if kind == "boolean":
        return _boolean(text)
    if kind in ("integer", "number"):
        return _number(text, kind)
    try:
        return from_text(text, "the answer")
    except json.JSONDecodeError:
        raise ValueError(f"{one_line(text, 40)!r} is not JSON, which this answer is written in.") from None


def _is_form(schema: Schema) -> bool:
    fields = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(fields, Mapping) or not fields:
        return False
    return all(
        isinstance(field, Mapping) and ("enum" in field or field.get("type") in _SIMPLE) for field in fields.values()
    )


async def _value(label: str, schema: Schema, read: ReadLine, complain: Complain, *, optional: bool = False) -> Any:
    while True:
        text = await read(label)
        if not text.strip():
            if "default" in schema:
                return schema["default"]
            if optional:
                return _MISSING
            complain("an empty line is not an answer, and there is no default.")
            continue
        try:
            value = parse(text if schema.get("type") == "string" else text.strip(), schema)
        except ValueError as error:
            complain(str(error))
            continue
        problem = _problem(value, schema)
        if not problem:
            return value
        complain(problem)


def _problem(value: Any, schema: Schema) -> str:
    from strands.types.json_schema import problems

    found = problems(schema, value)
    return one_line(found[0].removeprefix("$: "), 300) if found else ""


def _parts(default: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(default or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _with_default(schema: Schema, default: str | None) -> Schema:
    if default is None or "default" in schema:
        return schema
    try:
        return {**schema, "default": parse(default, schema)}
    except ValueError:
        return {**schema, "default": default}


def _field_label(name: str, field: Schema, *, required: bool) -> str:
    about = one_line(field.get("description") or field.get("title") or "", 200)
    parts = [one_line(name, 60) + _kind(field), about and f"- {about}"]
    if "default" in field:
        parts.append(f"[default {one_line(json.dumps(field['default'], ensure_ascii=False), 40)}]")
    elif not required:
        parts.append("[optional]")
    return " ".join(part for part in parts if part)


def _kind(schema: Schema) -> str:
    options = schema.get("enum")
    if options:
        return f" ({' | '.join(one_line(_written(option), 40) for option in options)})"
    kind = schema.get("type")
    if kind == "boolean":
        return " (yes | no)"
    if kind == "string":
        return ""
    return f" ({kind})" if kind in _SIMPLE else " (JSON)"


def _option(text: str, options: list[Any]) -> Any:
    for option in options:
        if text == _written(option):
            return option
    same = [option for option in options if text.casefold() == _written(option).casefold()]
    if len(same) == 1:
        return same[0]
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(options):
        return options[int(text) - 1]
    raise ValueError(
        f"{one_line(text, 40)!r} is none of {', '.join(one_line(_written(option)) for option in options)}."
    )


def _written(option: Any) -> str:
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)


def _boolean(text: str) -> bool:
    word = text.strip().casefold()
    if word not in _YES | _NO:
        raise ValueError(f"{one_line(text, 40)!r} is neither yes nor no.")
    return word in _YES


_WITH_ARTICLE = {"integer": "an integer", "number": "a number"}


def _number(text: str, kind: str) -> int | float:
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        raise ValueError(f"{one_line(text, 40)!r} is not {_WITH_ARTICLE[kind]}.") from None
