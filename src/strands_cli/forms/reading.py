"""What was filled in, read as an answer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from strands.types.json_value import from_text
from strands_cli.forms.dates import is_date, moment
from strands_cli.forms.model import Field, Form, FormAnswerError, Kind
from strands_cli.forms.of_question import VALUE
from strands_cli.types import Json

_YES = frozenset(("yes", "y", "true", "1", "on"))
_NO = frozenset(("no", "n", "false", "0", "off"))
_SHOWN = 40  # characters of what somebody wrote, in a message about it
MISSING: Any = object()
"""The value of a field that was not filled in."""


def read(form: Form, given: Mapping[str, Any]) -> Json:
    """Return the answer that a form was filled in with.

    Args:
        form: The form.
        given: Field name to what was written: a text, texts of a field with several, or a JSON value. What the form's
            decision does not need is not looked at.

    Raises:
        FormAnswerError: Something is missing or does not fit; every field's problem at once.
    """
    values: dict[str, Json] = {}
    problems: dict[str, str] = {}
    decision = ""
    for field in form.fields:
        if field.only_with and decision not in field.only_with:
            continue
        try:
            value = filled(field, given.get(field.name))
        except ValueError as error:
            problems[field.name] = str(error)
            continue
        if value is not MISSING:
            values[field.name] = value
        if field is form.decides:
            decision = str(value)
    if problems:
        raise FormAnswerError(problems)
    return _answer(form, decision, values)


def value_of(field: Field, text: str) -> Json:
    """Return the value that a text writes for a field.

    Raises:
        ValueError: It writes none; the message says what was expected.
    """
    if field.kind in ("choices", "list"):
        return _several(field, text)
    if field.kind == "choice":
        return _option(field, text.strip())
    if field.kind == "json":
        return _json(text)
    return _scalar(field.kind, text)


def filled(field: Field, given: Any) -> Any:
    """Return the value of a field; `MISSING` for one that need not be filled in and was not.

    Raises:
        ValueError: What was written does not fit, or nothing was; the message says what was expected.
    """
    is_empty = given is None or (isinstance(given, str) and not given.strip()) or given in ([], ())
    if is_empty:
        return _empty(field, given)
    value = _taken(field, given)
    problem = _misfit(field, value)
    if problem:
        raise ValueError(problem)
    return value


def _empty(field: Field, given: Any) -> Any:
    cleared: Json = MISSING
    if field.kind in ("choices", "list") and (field.required or field.has_default):
        cleared = []
    elif field.kind == "text" and field.has_default and isinstance(given, str) and field.schema:
        cleared = given
    if cleared is not MISSING and not _misfit(field, cleared):
        return cleared
    if field.required:
        raise ValueError("choose one." if field.kind in ("choice", "boolean") else "this needs a value.")
    return MISSING


def _taken(field: Field, given: Any) -> Json:
    if isinstance(given, str):
        if field.kind == "text":
            return given.replace("\r\n", "\n")
        return value_of(field, given)
    if isinstance(given, (list, tuple)) and field.kind in ("choices", "list"):
        one = Field(field.name, "choice" if field.kind == "choices" else field.of, field.label, options=field.options)
        return [value_of(one, each) if isinstance(each, str) else each for each in given]
    return given


def _misfit(field: Field, value: Json) -> str:
    if not field.schema:
        return ""
    from strands.types.json_schema import problems

    found = problems(field.schema, value)
    return _sentence(found[0]) if found else ""


def _answer(form: Form, decision: str, values: dict[str, Json]) -> Json:
    if form.shape == "value":
        return values.get(VALUE)
    if form.shape == "object":
        _check_whole(form, values)
        return values
    if form.shape == "result":
        return {"result": object_or_text(values["result"])} if decision == "result" else decision
    if form.shape == "elicitation":
        if decision != "accept":
            return {"action": decision}
        return {"action": "accept", "content": _below(values, "content")}
    return _decided(form, decision, values)


def _decided(form: Form, decision: str, values: dict[str, Json]) -> Json:
    """A decision alone is a word; with arguments, a reason or a scope it is an object."""
    told = {name: values[name] for name in ("feedback", "response", "remember") if values.get(name)}
    if decision == "edit":
        arguments = _below(values, "arguments")
        _check_whole(form, arguments)
        told = {"arguments": arguments, **told}
    return {"decision": decision, **told} if told else decision


def _below(values: Mapping[str, Json], name: str) -> Json:
    """Return what stands in the field `name`, or in those that are named after it."""
    if name in values:
        return values[name]
    return {key[len(name) + 1 :]: value for key, value in values.items() if key.startswith(f"{name}.")}


def _check_whole(form: Form, value: Json) -> None:
    from strands.types.json_schema import problems

    found = problems(form.schema, value) if form.schema else []
    if found:
        raise FormAnswerError({"": _sentence(found[0])})


def _sentence(problem: str) -> str:
    text = problem.removeprefix("$: ")
    return text if len(text) <= 300 else f"{text[:299]}…"


def _scalar(kind: Kind, text: str) -> Json:
    word = text.strip()
    if kind == "boolean":
        if word.casefold() not in _YES | _NO:
            raise ValueError(f"{_quoted(word)} is neither yes nor no.")
        return word.casefold() in _YES
    if kind in ("integer", "number"):
        return _number(word, kind)
    if kind == "date":
        if not is_date(word):
            raise ValueError(f"{_quoted(word)} is not a date like 2026-12-01.")
        return word
    if kind == "datetime":
        try:
            return moment(word)
        except ValueError:
            raise ValueError(f"{_quoted(word)} is not a date and time like 2026-12-01T09:30Z.") from None
    return text


def _number(word: str, kind: Kind) -> int | float:
    try:
        number = int(word) if kind == "integer" or word.lstrip("+-").isdigit() else float(word)
    except ValueError:
        raise ValueError(f"{_quoted(word)} is not {'an integer' if kind == 'integer' else 'a number'}.") from None
    if not math.isfinite(number):
        raise ValueError(f"{_quoted(word)} is not a finite number.")
    return number


def _option(field: Field, text: str) -> Json:
    """Return the option that a text names: as it is written, in another case, by its label, by its number."""
    options = field.options
    for option in options:
        if text == option.written:
            return option.value
    folded = text.casefold()
    same = [each for each in options if folded in (each.written.casefold(), each.label.casefold())]
    if len(same) == 1:
        return same[0].value
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(options):
        return options[int(text) - 1].value
    raise ValueError(f"{_quoted(text)} is none of {', '.join(each.written for each in options)}.")


def _several(field: Field, text: str) -> Json:
    """Entries stand on lines of their own, or in one line of JSON; options may be parted by commas, too."""
    if text.lstrip().startswith("["):
        try:
            value = _json(text)
        except ValueError:
            value = None
        if isinstance(value, list):
            return value
    if field.kind == "choices":
        return [_option(field, part.strip()) for part in text.replace("\n", ",").split(",") if part.strip()]
    return [_scalar(field.of, line.strip()) for line in text.splitlines() if line.strip()]


def _json(text: str) -> Json:
    try:
        return from_text(text, "the answer")
    except json.JSONDecodeError:
        raise ValueError(f"{_quoted(text)} is not JSON, which this answer is written in.") from None


def object_or_text(text: str) -> Json:
    """Return the object or list that a text writes as JSON, else the text."""
    try:
        value = from_text(text, "the result")
    except json.JSONDecodeError:
        return text
    return value if isinstance(value, (dict, list)) else text


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")
