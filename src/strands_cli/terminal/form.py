"""Answers with a shape, asked in a terminal: field by field, each value in the way its type is written."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from strands_cli.forms import Field, FormAnswerError, form_of_schema, read
from strands_cli.forms.of_schema import field_of
from strands_cli.forms.reading import MISSING, filled
from strands_cli.terminal.escape import one_line

Schema: TypeAlias = Mapping[str, Any]
ReadLine: TypeAlias = Callable[[str], Awaitable[str]]
Complain: TypeAlias = Callable[[str], None]


async def fill(schema: Schema, read_line: ReadLine, complain: Complain, default: str | None = None) -> Any:
    """Ask for a value that fits `schema`: a field at a time for an object of simple fields, otherwise in one line.

    Args:
        schema: What the answer must fit.
        read_line: Reads a line behind a label.
        complain: Says why a value was not taken.
        default: The question's own default as text: an empty line takes it, or its part for the field.

    Returns:
        The value. Whoever asked validates it as a whole.
    """
    form = form_of_schema(schema)
    if form.shape == "value":
        field = _with_default(form.fields[0], default)
        return await _value(f"Your response{kind_of(field)}", field, read_line, complain)
    parts = _parts(default)
    answer = {}
    for field in form.fields:
        if field.name in parts:
            field = replace(field, default=parts[field.name], has_default=True)
        value = await _value(_label(field), field, read_line, complain)
        if value is not MISSING:
            answer[field.name] = value
    return answer


async def fill_arguments(schema: Schema, arguments: Any, read_line: ReadLine, complain: Complain) -> Any:
    """Ask for the arguments of a call, one by one, each with what it is now.

    Args:
        schema: JSON Schema of the arguments.
        arguments: As they are now.
        read_line: Reads a line behind a label.
        complain: Says why they were not taken.
    """
    form = form_of_schema(schema, arguments)
    while True:
        given = {}
        for field in form.fields:
            value = await _value(_label(field), field, read_line, complain)
            if value is not MISSING:
                given[field.name] = value
        try:
            return read(form, given)
        except FormAnswerError as error:
            complain(one_line(str(error), 300))


async def ask_field(name: str, schema: Schema, read_line: ReadLine, complain: Complain) -> Any:
    """Ask for the value of a single field, which must be given."""
    field = field_of(name, schema, schema, required=True)
    return await _value(_label(field), field, read_line, complain)


def kind_of(field: Field) -> str:
    """Return in brackets how a field is filled in; "" for a text."""
    if field.kind in ("choice", "choices"):
        listed = " | ".join(
            _numbered(number, one_line(option.written, 40)) for number, option in enumerate(field.options, 1)
        )
        return f" ({'several of ' if field.kind == 'choices' else ''}{listed})"
    words = {
        "text": "",
        "boolean": " (yes | no)",
        "date": " (date: YYYY-MM-DD)",
        "datetime": " (date and time: YYYY-MM-DDTHH:MMZ)",
        "list": f" (several, commas between{'' if field.of == 'text' else f': {field.of}'})",
        "json": " (JSON)",
    }
    return words.get(field.kind, f" ({field.kind})")


async def _value(label: str, field: Field, read_line: ReadLine, complain: Complain) -> Any:
    while True:
        text = await read_line(label)
        if not text.strip():
            if field.has_default:
                return field.default
            if not field.required:
                return MISSING
            complain("an empty line is not an answer, and there is no default.")
            continue
        try:
            return filled(field, _lines(field, text))
        except ValueError as error:
            complain(one_line(str(error), 300))


def _lines(field: Field, text: str) -> str:
    """In one line, commas part the entries of a list."""
    in_one = field.kind == "list" and "\n" not in text and not text.lstrip().startswith("[")
    return text.replace(",", "\n") if in_one else text


def _with_default(field: Field, default: str | None) -> Field:
    if default is None or field.has_default:
        return field
    try:
        value = filled(field, default)
    except ValueError:
        value = default
    return replace(field, default=value, has_default=True)


def _parts(default: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(default or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _label(field: Field) -> str:
    name = field.name.removeprefix("arguments.").removeprefix("content.")
    about = field.description or (field.label if field.label != name else "")
    parts = [one_line(name, 60) + kind_of(field), about and f"- {one_line(about, 200)}"]
    if field.has_default:
        parts.append(f"[default {one_line(json.dumps(field.default, ensure_ascii=False), 40)}]")
    elif not field.required:
        parts.append("[optional]")
    return " ".join(part for part in parts if part)


def _numbered(number: int, written: str) -> str:
    return written if written[:1].isdigit() else f"{number} {written}"
