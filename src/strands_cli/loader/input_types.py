"""The types of variables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from strands_cli.schema.problems import did_you_mean

_ARTICLES = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
}
_TRUE = frozenset(("true", "yes", "on", "1"))
_FALSE = frozenset(("false", "no", "off", "0"))


def misfit(value: object, type_name: str, enum: Sequence[object] | None = None) -> str:
    """Return why a value does not fit a declared type and enum, or ""."""
    if type_name in _ARTICLES and not _is(value, type_name):
        return f"must be {_ARTICLES[type_name]}, not {type_of(value)} {_short(value)}"
    if enum is not None and value not in enum:
        shown = ", ".join(map(_short, enum))
        return f"cannot be {_short(value)}; {did_you_mean(value, map(str, enum)) or 'expected one'} (one of {shown})"
    return ""


def type_of(value: object) -> str:
    """Return the name of a value's type, with its article."""
    if value is None:
        return "null"
    for name in ("boolean", "integer", "number", "string", "array", "object"):
        if _is(value, name):
            return _ARTICLES[name]
    return f"a {type(value).__name__}"


def from_text(text: str, type_name: str) -> object:
    """Return the value that a text means for a declared type; raises ValueError when it means none."""
    if type_name == "string":
        return text
    word = text.strip()
    if type_name == "boolean":
        if word.lower() not in _TRUE | _FALSE:
            raise ValueError("expected true or false")
        return word.lower() in _TRUE
    if type_name == "integer":
        return _integer(word)
    if type_name == "number":
        return _number(word)
    return _from_json(word, type_name)


def _integer(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise ValueError("expected a whole number") from None


def _number(word: str) -> int | float:
    try:
        return int(word)
    except ValueError:
        pass
    try:
        number = float(word)
    except ValueError:
        raise ValueError("expected a number") from None
    if not math.isfinite(number):
        raise ValueError("expected a finite number")
    return number


def _from_json(word: str, type_name: str) -> object:
    try:
        value: object = json.loads(word)
    except (ValueError, RecursionError):
        if type_name == "array" and word[:1] not in "[{":
            return [part.strip() for part in word.split(",")] if word else []
        raise ValueError(f"expected {_ARTICLES[type_name]} as JSON") from None
    if not _is(value, type_name):
        raise ValueError(f"expected {_ARTICLES[type_name]} as JSON")
    return value


def _is(value: object, type_name: str) -> bool:
    if type_name == "boolean":
        return isinstance(value, bool)
    if type_name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if type_name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if type_name == "string":
        return isinstance(value, str)
    if type_name == "array":
        return isinstance(value, (list, tuple))
    return isinstance(value, Mapping)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
