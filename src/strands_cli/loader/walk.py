"""Ways through a document of plain data: any data, also wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
MAPPINGS = (dict, Mapping)
"""What a mapping is an instance of: nearly all are dicts, which are told at once."""
CONFIG: Path = ("pattern", "config")


def child(data: Any, part: str | int) -> object:
    """Return what a key or an index leads to, or None."""
    if isinstance(data, MAPPINGS):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and -len(data) <= part < len(data):
        return data[part]
    return None


def at(data: object, path: Path) -> object:
    """Return what stands at a path, or None."""
    for part in path:
        data = child(data, part)
    return data


def mappings(value: object) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the items of a mapping that are mappings themselves."""
    if not isinstance(value, MAPPINGS):
        return []
    return [(key, each) for key, each in value.items() if isinstance(each, MAPPINGS)]


def listed(value: object) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the items of a list that are mappings."""
    if not isinstance(value, (list, tuple)):
        return []
    return [(index, each) for index, each in enumerate(value) if isinstance(each, MAPPINGS)]


def texts(value: object) -> list[tuple[int, str]]:
    """Return the items of a list that are texts; a text alone counts as a list of one."""
    if isinstance(value, str):
        return [(0, value)]
    return (
        [(index, each) for index, each in enumerate(value) if isinstance(each, str)] if isinstance(value, list) else []
    )


def pattern_of(data: object) -> str:
    """Return the type of the document's pattern, or ""."""
    found = at(data, ("pattern", "type"))
    return found if isinstance(found, str) else ""
