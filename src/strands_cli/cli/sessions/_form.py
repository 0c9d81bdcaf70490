"""What an answer with a shape looks like, in a few words for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.terminal.escape import one_line

if TYPE_CHECKING:
    from strands_cli.types import OpenQuestion

_MOST_FIELDS = 20
_SHOWN = 60  # characters of a default


def form_lines(question: OpenQuestion) -> Iterator[str]:
    """Yield lines that say what may be answered to a question that has a schema."""
    choices, schema = question.choices or (), question.schema or {}
    fields = schema.get("properties")
    if question.kind == "approval" and choices:
        ways = {"reject": "reject: WHY", "edit": "edit: ALL ARGUMENTS AS A JSON OBJECT"}
        more = [ways[choice] for choice in choices if choice in ways]
        if more:
            yield f"or: {', or '.join(more)}"
    elif isinstance(fields, Mapping) and fields:
        required = schema.get("required") or ()
        yield "an object (-v shows its schema):"
        for name, field in list(fields.items())[:_MOST_FIELDS]:
            yield f"  {_field(name, field, required=name in required)}"
        if len(fields) > _MOST_FIELDS:
            yield f"  and {len(fields) - _MOST_FIELDS} fields more"
    elif not choices:
        yield f"{_kind(schema)} (-v shows its schema)"


def _field(name: str, field: Any, *, required: bool) -> str:
    schema = field if isinstance(field, Mapping) else {}
    parts = [_kind(schema)]
    if "default" in schema:
        parts.append(f"default {one_line(json.dumps(schema['default'], ensure_ascii=False), _SHOWN)}")
    elif not required:
        parts.append("optional")
    about = one_line(schema.get("description") or schema.get("title") or "", 100)
    return f"{one_line(name, 60)}: {', '.join(parts)}{f' - {about}' if about else ''}"


def _kind(schema: Mapping[str, Any]) -> str:
    options = schema.get("enum")
    if isinstance(options, list) and options:
        return f"one of {one_line(', '.join(map(json.dumps, options)), 200)}"
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(map(str, kind))
    return str(kind) if isinstance(kind, str) else "JSON"
