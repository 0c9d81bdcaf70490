"""Answers to the questions of MCP servers: a person's words read as a form that fits the server's schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from strands.types.json_value import from_text

_YES = frozenset({"y", "yes", "true", "ok", "accept", "approve", "approved"})
_NO = frozenset({"n", "no", "false", "decline", "declined", "reject", "rejected", "deny", "denied"})
_ACTIONS = ("accept", "decline", "cancel")


class FormError(ValueError):
    """An answer does not fit the form; the message says what was expected."""


def read_answer(schema: Mapping[str, Any] | None, response: Any) -> dict[str, Any]:
    """Return what the server is told: `{"action": ..., "content": ...}`.

    Args:
        schema: The server's `requestedSchema`; None for a question that is about visiting a URL.
        response: `{"action": "accept", "content": {...}}`, the form as a dict or as JSON text, a value for a form of
            one field, or a word. Yes accepts the form with its defaults, and answers the one thing that is asked when
            that is a yes-or-no; only a clear no declines.

    Raises:
        FormError: It is none of these, or does not fit the schema.
    """
    value = _parsed(response)
    if isinstance(value, Mapping) and value.get("action") in _ACTIONS and set(value) <= {"action", "content"}:
        return _acted(schema, value)
    if not schema or not _fields(schema):
        return _agreed(value)
    if isinstance(value, Mapping):
        return _accepted(schema, value)
    return _worded(schema, value, response)


def _acted(schema: Mapping[str, Any] | None, value: Mapping[str, Any]) -> dict[str, Any]:
    if value["action"] != "accept":
        return {"action": value["action"]}
    if not schema or not _fields(schema):
        return {"action": "accept"}
    content = value.get("content")
    return _accepted(schema, content if isinstance(content, Mapping) else {})


def _agreed(value: Any) -> dict[str, Any]:
    if _is(value, _YES):
        return {"action": "accept"}
    if _is(value, _NO):
        return {"action": "decline"}
    raise FormError("answer yes or no")


def _worded(schema: Mapping[str, Any], value: Any, response: Any) -> dict[str, Any]:
    """Read an answer that is not an object: a value of the one field there is, or yes or no to the whole."""
    fields = _fields(schema)
    only = next(iter(fields)) if len(fields) == 1 else None
    if only is not None and not _is_boolean(fields[only]):
        for candidate in _readings(fields[only], value, response):
            if not _problem(schema, {only: candidate}):
                return {"action": "accept", "content": {only: candidate}}
    if _is(value, _NO):
        return {"action": "decline"}
    if _is(value, _YES):
        return _accepted(schema, _asked_yes(schema))
    if only is not None and not _is_boolean(fields[only]):
        meant = response if fields[only].get("type") == "string" else value
        raise FormError(_problem(schema, {only: meant}) or "it does not fit the form")
    raise FormError(f"fill the form in as JSON, with {_listed(schema)}; or say yes or no")


def _asked_yes(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a yes says beside the defaults: the one thing that must be answered, when that is a yes-or-no."""
    fields = _fields(schema)
    asked = [name for name in schema.get("required") or () if "default" not in fields.get(name, {})]
    if len(asked) == 1 and _is_boolean(fields.get(asked[0], {})):
        return {asked[0]: True}
    if len(fields) == 1:
        (name,) = fields
        if _is_boolean(fields[name]):
            return {name: True}
    return {}


def _accepted(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form with its defaults for what is not given, if it fits."""
    fields = _fields(schema)
    unknown = [str(name) for name in given if name not in fields]
    if unknown:
        raise FormError(f"{unknown[0]!r} is not a field of the form; it has {_listed(schema)}")
    defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
    content = {**defaults, **given}
    problem = _problem(schema, content)
    if problem:
        raise FormError(problem)
    return {"action": "accept", "content": content}


def _readings(field: Mapping[str, Any], value: Any, response: Any) -> list[Any]:
    """What a person may have meant, the likeliest first: an option by its name, text as it is, a number."""
    found = [response, value]
    if isinstance(response, str):
        titles = {
            str(each.get("title", "")).casefold(): each["const"]
            for each in (*field.get("oneOf", ()), *field.get("anyOf", ()))
            if isinstance(each, Mapping) and "const" in each
        }
        options = {str(each).casefold(): each for each in field.get("enum") or titles.values()}
        text = response.strip().casefold()
        found += [names[text] for names in (options, titles) if text in names]
        if field.get("type") == "array":
            found.append([part.strip() for part in response.split(",") if part.strip()])
    return found


def _problem(schema: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    from strands.types.json_schema import problems

    plain = {key: schema[key] for key in ("type", "properties", "required") if key in schema}
    return next((problem[:250] for problem in problems(plain, dict(content))), "")


def _fields(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = schema.get("properties")
    return fields if isinstance(fields, Mapping) else {}


def _listed(schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required") or ())
    return ", ".join(name if name in required else f"{name} (optional)" for name in _fields(schema))


def _is_boolean(field: Any) -> bool:
    return isinstance(field, Mapping) and field.get("type") == "boolean"


def _is(value: Any, words: frozenset[str]) -> bool:
    if isinstance(value, bool):
        return value is (words is _YES)
    return isinstance(value, str) and value.strip().casefold() in words


def _parsed(response: Any) -> Any:
    """Text that is JSON stands for its value: what a command line can type."""
    if not isinstance(response, str):
        return response
    try:
        value = from_text(response, "the form")
    except json.JSONDecodeError:
        return response
    except ValueError as error:
        if response.lstrip().startswith("{"):
            raise FormError(str(error)) from None
        return response
    return value if isinstance(value, (dict, bool, int, float, list)) else response
