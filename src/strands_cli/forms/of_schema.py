"""JSON Schemas as fields: which of them a person can fill in, one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from strands_cli.forms.dates import is_date, is_moment
from strands_cli.forms.model import Field, FieldOption, Kind, as_written, is_shown_whole
from strands_cli.types import Json

Schema: TypeAlias = Mapping[str, Json]
_SCALARS: dict[str, Kind] = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
_FORMATS: dict[str, Kind] = {"date": "date", "date-time": "datetime"}
_LONG = 120
"""Characters from which a text gets several lines to be written in."""
_MOST_REFERENCES = 20
_NO_DEFAULT = object()


def fields_of(schema: Schema, defaults: Mapping[str, Json] | None = None) -> list[Field] | None:
    """Return a field for each property of an object; None where it has none that can be shown by itself.

    Args:
        schema: JSON Schema of the object.
        defaults: What the fields hold at first, before what the schema says.
    """
    whole = resolved(schema, schema)
    properties = whole.get("properties")
    if whole.get("type", "object") != "object" or not isinstance(properties, Mapping) or not properties:
        return None
    given = dict(defaults or {})
    if set(given) - set(properties):
        return None
    required = set(whole.get("required") or ())
    fields = [
        field_of(str(name), each, schema, required=name in required, default=given.get(name, _NO_DEFAULT))
        for name, each in properties.items()
    ]
    return fields if any(each.kind != "json" for each in fields) else None


def field_of(name: str, schema: Any, root: Schema, *, required: bool, default: Any = _NO_DEFAULT) -> Field:
    """Return the field of a value.

    Args:
        name: Its name.
        schema: Its JSON Schema.
        root: The schema in which the references of `schema` lead somewhere.
        required: Whether a value must be given.
        default: What it holds at first, before what the schema says.
    """
    found = resolved(schema, root)
    plain, nullable = _without_null(found, root)
    options = _options(plain)
    kind, of = _kind(plain, options, root)
    if kind == "choices":
        options = _options(resolved(plain["items"], root))
    held = found.get("default", _NO_DEFAULT) if default is _NO_DEFAULT else default
    has_default = held is not _NO_DEFAULT and not (held is None and (nullable or not required))
    if has_default and not _can_hold(kind, of, options, held):
        kind, options = "json", ()
    about = found.get("description") or plain.get("description") or ""
    title = found.get("title") or plain.get("title")
    return Field(
        name,
        kind,
        str(title or name),
        str(about) if about != title else "",
        required=required and not nullable,
        default=held if has_default else None,
        has_default=has_default,
        options=options,
        of=of,
        schema=_standing_alone(found, root),
        long=kind == "text" and _is_long(plain, held),
    )


def resolved(schema: Any, root: Schema) -> Schema:
    """Return a schema, or what its reference within `root` leads to, with what stands beside the reference."""
    found: Schema = schema if isinstance(schema, Mapping) else {}
    for _ in range(_MOST_REFERENCES):
        reference = found.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return found
        target: Any = root
        for part in reference[2:].split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            target = target.get(part) if isinstance(target, Mapping) else None
        if not isinstance(target, Mapping):
            return {}
        found = {**target, **{name: value for name, value in found.items() if name != "$ref"}}
    return {}


def option_list(values: Sequence[Json], labels: Sequence[str] | None = None) -> tuple[FieldOption, ...]:
    """Return options; two that are written alike are told apart by their JSON."""
    import json

    written = [as_written(value) for value in values]
    twice = {text for text in written if written.count(text) > 1}
    return tuple(
        FieldOption(value, label, json.dumps(value, ensure_ascii=False) if text in twice else text)
        for value, text, label in zip(values, written, labels or written, strict=True)
    )


def _without_null(schema: Schema, root: Schema) -> tuple[Schema, bool]:
    """Return a schema without the null that it allows beside one other thing, and whether it does."""
    kinds = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds and len(kinds) == 2:
        return {**schema, "type": next(each for each in kinds if each != "null")}, True
    for word in ("anyOf", "oneOf"):
        ways = schema.get(word)
        if isinstance(ways, list) and len(ways) == 2:
            others = [each for each in (resolved(way, root) for way in ways) if each.get("type") != "null"]
            if len(others) == 1:
                return {**others[0], **{k: v for k, v in schema.items() if k not in (word, "default")}}, True
    return schema, False


def _options(schema: Schema) -> tuple[FieldOption, ...]:
    values, names = schema.get("enum"), schema.get("enumNames")
    if isinstance(values, list) and values:
        titled = isinstance(names, list) and len(names) == len(values)
        return option_list(values, [str(name) for name in names or ()] if titled else None)
    for word in ("oneOf", "anyOf"):
        ways = schema.get(word)
        if isinstance(ways, list) and ways and all(isinstance(way, Mapping) and "const" in way for way in ways):
            constants = [way["const"] for way in ways]
            return option_list(constants, [str(way.get("title") or as_written(way["const"])) for way in ways])
    return ()


def _kind(schema: Schema, options: tuple[FieldOption, ...], root: Schema) -> tuple[Kind, Kind]:
    """Return the kind of a field, and of the entries where it is a list."""
    if options:
        return "choice", "text"
    if any(word in schema for word in ("anyOf", "oneOf", "allOf", "not", "if", "const")):
        return "json", "text"
    kind = schema.get("type")
    if kind == "string":
        return _FORMATS.get(str(schema.get("format")), "text"), "text"
    if kind == "array" and "prefixItems" not in schema:
        items = resolved(schema.get("items"), root)
        if _options(items):
            return "choices", "text"
        of, _ = _kind(items, (), root)
        if of in ("text", "integer", "number", "date"):
            return "list", of
    return _SCALARS.get(str(kind), "json"), "text"


def _can_hold(kind: Kind, of: Kind, options: tuple[FieldOption, ...], value: Any) -> bool:
    """Whether a field of this kind shows `value` so that it comes back unchanged."""
    if kind == "choice":
        return any(type(value) is type(each.value) and value == each.value for each in options)
    if kind == "choices":
        return isinstance(value, list) and all(_can_hold("choice", of, options, each) for each in value)
    if kind == "list":
        return isinstance(value, list) and all(_is_line(of, each) for each in value)
    if kind == "text":
        return isinstance(value, str) and is_shown_whole(value)
    return kind == "json" or _is_scalar(kind, value)


def _is_line(of: Kind, value: Any) -> bool:
    if of != "text":
        return _is_scalar(of, value)
    one_line = isinstance(value, str) and value == value.strip() and len(value.splitlines()) == 1
    return one_line and not value.startswith("[") and is_shown_whole(value)


def _is_scalar(kind: Kind, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str) and (is_date(value) if kind == "date" else is_moment(value))


def _is_long(schema: Schema, held: Any) -> bool:
    if isinstance(held, str) and ("\n" in held or len(held) > _LONG):
        return True
    most = schema.get("maxLength")
    return bool(schema.get("contentMediaType")) or (isinstance(most, int) and most > _LONG)


def _standing_alone(schema: Schema, root: Schema) -> Schema:
    """Return a schema with the definitions that its references need."""
    found = {name: value for name, value in schema.items() if name != "default"}
    return {**found, **{word: root[word] for word in ("$defs", "definitions") if word in root}}
