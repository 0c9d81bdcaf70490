"""Data in responses: objects and lists that templates go into, and that read as their JSON where text is wanted."""

from __future__ import annotations

import json
from typing import Any


class JsonObject(dict[str, Any]):
    """An object; as text it is its JSON."""

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)


class JsonArray(list[Any]):
    """A list; as text it is its JSON."""

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)


def as_data(value: Any) -> Any:
    """Return a JSON value whose objects and lists, at any depth, read as JSON."""
    if isinstance(value, dict):
        return JsonObject((name, as_data(each)) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return JsonArray(map(as_data, value))
    return value


def from_json(text: str) -> Any:
    """Return what a JSON text says, as data."""
    return as_data(json.loads(text))
