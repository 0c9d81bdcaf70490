"""Example values that fit a JSON Schema: the smallest plausible document, the same every time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:00:00Z",
    "time": "09:00:00Z",
    "duration": "PT1H",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000001",
}
_NAMES = (
    (("email",), "ada@example.com"),
    (("url", "uri", "link", "endpoint"), "https://example.com/"),
    (("directory", "folder", "dir"), "."),
    (("path", "file", "filename"), "example.txt"),
    (("expression", "formula"), "2 + 2"),
    (("code", "script"), "print(2 + 2)"),
    (("command", "cmd", "shell"), "echo rehearsal"),
    (("pattern", "regex"), "example"),
    (("date", "day"), "2026-01-15"),
    (("language",), "en"),
    (("id", "identifier"), "1"),
)
_TOPICS = frozenset(
    {"answer", "body", "content", "description", "input", "message", "prompt", "query", "question", "reason"}
    | {"response", "search", "subject", "summary", "text", "title", "topic"}
)
_DEPTH = 12

Schema = Mapping[str, Any]


def example(schema: Schema | bool, *, topic: str = "an example") -> Any:
    """Return a value that `schema` accepts.

    Args:
        schema: A JSON Schema; references go to its own `$defs`.
        topic: The text for strings that have no shape of their own.

    Only what is required is filled in; an object without required keys gets all that it names. A `pattern` is not
    looked at.
    """
    root = schema if isinstance(schema, Mapping) else {}
    return _value(schema, root, "", topic, 0)


def _value(schema: Schema | bool, root: Schema, name: str, topic: str, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > _DEPTH:
        return None
    if "$ref" in schema:
        return _value(_resolve(str(schema["$ref"]), root), root, name, topic, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            rest = {k: v for k, v in schema.items() if k != key}
            return _value({**rest, **_first_not_null(schema[key])}, root, name, topic, depth + 1)
    if schema.get("allOf"):
        merged = _merge([{k: v for k, v in schema.items() if k != "allOf"}, *schema["allOf"]], root)
        return _value(merged, root, name, topic, depth + 1)
    return _by_type(_type_of(schema), schema, root, name, topic, depth)


def _by_type(kind: str, schema: Schema, root: Schema, name: str, topic: str, depth: int) -> Any:
    if kind == "object":
        return _object(schema, root, topic, depth)
    if kind == "array":
        return _array(schema, root, name, topic, depth)
    if kind == "string":
        return _string(schema, name, topic)
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    return True if kind == "boolean" else None


def _object(schema: Schema, root: Schema, topic: str, depth: int) -> dict[str, Any]:
    properties: Mapping[str, Any] = schema.get("properties") or {}
    # A recursive type stops growing once only its optional parts are left to add.
    wanted = list(schema.get("required") or (properties if depth <= 2 and "required" not in schema else ()))
    return {each: _value(properties.get(each, {"type": "string"}), root, each, topic, depth + 1) for each in wanted}


def _array(schema: Schema, root: Schema, name: str, topic: str, depth: int) -> list[Any]:
    if schema.get("prefixItems"):
        return [_value(item, root, name, topic, depth + 1) for item in schema["prefixItems"]]
    least = int(schema.get("minItems", 1))
    count = min(max(1, least), int(schema.get("maxItems", max(1, least))))
    items = schema.get("items", {"type": "string"})
    choices = items.get("enum") if isinstance(items, Mapping) else None
    if choices:
        return list(choices[:count]) if schema.get("uniqueItems") else [choices[i % len(choices)] for i in range(count)]
    values = [_value(items, root, name.removesuffix("s"), topic, depth + 1) for _ in range(count)]
    if schema.get("uniqueItems"):
        return [_distinct(value, number) for number, value in enumerate(values)]
    return values


def _distinct(value: Any, number: int) -> Any:
    if number == 0 or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value + number
    return f"{value} {number + 1}" if isinstance(value, str) else value


def _string(schema: Schema, name: str, topic: str) -> str:
    text = _FORMATS.get(str(schema.get("format"))) or _named(name, topic)
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    if len(text) < least:
        text = (text + " " + "and so on " * (least // 10 + 1))[:least]
    return text[: int(most)] if most is not None else text


def _named(name: str, topic: str) -> str:
    words = [word for word in name.lower().replace("-", "_").split("_") if word]
    if not words or words[-1] in _TOPICS:
        return topic
    for known, text in _NAMES:
        if words[-1] in known or words[0] in known:
            return text
    return f"example {' '.join(words)}"


def _number(schema: Schema, *, whole: bool) -> int | float:
    step = 1 if whole else 0.01
    lows = [schema[key] + extra for key, extra in (("minimum", 0), ("exclusiveMinimum", step)) if key in schema]
    highs = [schema[key] - extra for key, extra in (("maximum", 0), ("exclusiveMaximum", step)) if key in schema]
    value: int | float = min([max([1, *lows]), *highs])
    multiple = schema.get("multipleOf")
    if multiple:
        value = multiple * math.ceil(value / multiple)
    return math.ceil(value) if whole else value


def _type_of(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = next((each for each in kind if each != "null"), "null")
    if kind is not None:
        return str(kind)
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _first_not_null(options: Sequence[Schema]) -> Schema:
    return next((each for each in options if each.get("type") != "null"), options[0])


def _merge(parts: Sequence[Schema], root: Schema) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        whole = _resolve(str(part["$ref"]), root) if "$ref" in part else part
        properties = {**merged.get("properties", {}), **whole.get("properties", {})}
        required = [*merged.get("required", ()), *whole.get("required", ())]
        merged.update(whole)
        if properties:
            merged["properties"], merged["required"] = properties, required
    return merged


def _resolve(reference: str, root: Schema) -> Schema:
    node: Any = root
    for part in filter(None, reference.removeprefix("#").split("/")):
        key = part.replace("~1", "/").replace("~0", "~")
        node = node.get(key, {}) if isinstance(node, Mapping) else {}
    return node if isinstance(node, Mapping) else {}
