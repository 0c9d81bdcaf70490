"""What an answer with a shape looks like, in a few words for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.forms import Field, form_of_schema
from strands_cli.terminal.escape import one_line

if TYPE_CHECKING:
    from strands_cli.types import OpenQuestion

_MOST_FIELDS = 20
_SHOWN = 60  # characters of a default


def form_lines(question: OpenQuestion) -> Iterator[str]:
    """Yield lines that say what may be answered to a question that has a schema."""
    choices, schema = question.choices or (), question.schema or {}
    form = form_of_schema(schema)
    if question.kind == "approval" and choices:
        ways = {"reject": "reject: WHY", "edit": "edit: ALL ARGUMENTS AS A JSON OBJECT", "respond": "respond: TEXT"}
        more = [ways[choice] for choice in choices if choice in ways]
        if more:
            yield f"or: {', or '.join(more)}"
    elif form.shape == "object" and not choices:
        yield "an object (-v shows its schema):"
        for field in form.fields[:_MOST_FIELDS]:
            yield f"  {_line(field)}"
        if len(form.fields) > _MOST_FIELDS:
            yield f"  and {len(form.fields) - _MOST_FIELDS} fields more"
    elif not choices:
        yield f"{_kind(form.fields[0], schema)} (-v shows its schema)"


def _line(field: Field) -> str:
    parts = [_kind(field, field.schema)]
    if field.has_default:
        parts.append(f"default {one_line(json.dumps(field.default, ensure_ascii=False), _SHOWN)}")
    elif not field.required:
        parts.append("optional")
    about = field.description or (field.label if field.label != field.name else "")
    return f"{one_line(field.name, 60)}: {', '.join(parts)}{f' - {one_line(about, 100)}' if about else ''}"


def _kind(field: Field, schema: Mapping[str, Any]) -> str:
    if field.kind in ("choice", "choices"):
        listed = one_line(", ".join(json.dumps(option.value, ensure_ascii=False) for option in field.options), 200)
        return f"{'one' if field.kind == 'choice' else 'several'} of {listed}"
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(map(str, kind))
    if field.kind == "json":
        return str(kind) if isinstance(kind, str) else "JSON"
    words = {"text": "string", "datetime": "date-time", "list": f"array of {_OF.get(field.of, field.of)}s"}
    return words.get(field.kind, field.kind)


_OF = {"text": "string"}
