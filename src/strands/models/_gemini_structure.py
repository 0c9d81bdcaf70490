"""What Gemini's schemas of replies can say, and the structure that a reply gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._native import has_map


def is_sayable(schema: Mapping[str, Any]) -> bool:
    """Whether Gemini's schemas can say what a JSON Schema does: without maps, tuples and types inside themselves."""
    return not has_map(schema) and not _has_tuple(schema) and not _is_recursive(schema)


def text_of(reply: Any) -> str | None:
    """Return what a reply gives as a JSON document, or None when it is none."""
    found = reply.parsed
    return None if found is None else json.dumps(found)


def _has_tuple(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return "prefixItems" in schema or any(map(_has_tuple, schema.values()))
    return isinstance(schema, list) and any(map(_has_tuple, schema))


def _is_recursive(schema: Mapping[str, Any]) -> bool:
    uses = {name: _used(each) for name, each in (schema.get("$defs") or {}).items()}

    def reaches(name: str, above: frozenset[str]) -> bool:
        return name in above or any(reaches(each, above | {name}) for each in uses.get(name, ()))

    return any(reaches(name, frozenset()) for name in uses)


def _used(schema: Any) -> set[str]:
    """Return the names of the definitions that a schema uses."""
    if isinstance(schema, list):
        return set().union(*map(_used, schema))
    if not isinstance(schema, Mapping):
        return set()
    found = set().union(*map(_used, schema.values()))
    return found | {str(schema["$ref"]).rpartition("/")[2]} if "$ref" in schema else found
