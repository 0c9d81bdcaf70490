"""Forms as what an MCP server may ask a client's user: a flat object of simple values."""

from __future__ import annotations

from strands_cli.forms.model import Field, Form
from strands_cli.types import Json

_KEPT = {
    "text": ("minLength", "maxLength", "format"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "choices": ("minItems", "maxItems"),
}
_FORMATS = {"email", "uri", "date", "date-time"}


def requested_schema(form: Form) -> dict[str, Json] | None:
    """Return the `requestedSchema` of an elicitation, or None where clients cannot show it: then a link has to do.

    What comes back is read as any other form: `read(form, content)`.
    """
    if any(field.kind == "json" for field in form.fields):
        return None
    required = [field.name for field in form.fields if field.required and not field.only_with]
    properties = {field.name: _property(field) for field in form.fields}
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _property(field: Field) -> dict[str, Json]:
    found: dict[str, Json] = {"title": field.label}
    about = field.description
    if field.kind == "list":
        about = f"{about} One on each line.".strip()
    if field.only_with:
        about = f"{about} Needed with: {', '.join(field.only_with)}.".strip()
    if about:
        found["description"] = about
    found |= {name: field.schema[name] for name in _KEPT.get(field.kind, ()) if name in field.schema}
    if found.get("format") not in _FORMATS:
        found.pop("format", None)
    if field.has_default:
        found["default"] = _default(field)
    return {**found, **_type(field)}


def _type(field: Field) -> dict[str, Json]:
    if field.kind == "choice":
        return {"type": "string", "oneOf": _titled(field)}
    if field.kind == "choices":
        return {"type": "array", "items": {"anyOf": _titled(field)}}
    if field.kind in ("integer", "number", "boolean"):
        return {"type": field.kind}
    formats = {"date": "date", "datetime": "date-time"}
    return {"type": "string", **({"format": formats[field.kind]} if field.kind in formats else {})}


def _titled(field: Field) -> list[Json]:
    return [{"const": option.written, "title": option.label} for option in field.options]


def _default(field: Field) -> Json:
    """Options go by what they are written as, and a list by its lines."""
    if field.kind in ("choice", "choices"):
        held = [option.written for option in field.options if field.is_chosen(option, field.default)]
        return held if field.kind == "choices" else held[0]
    return field.default if field.kind in ("integer", "number", "boolean") else field.text
