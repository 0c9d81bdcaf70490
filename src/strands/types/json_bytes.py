"""Bytes in what is stored as JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

BYTES_KEY = "__bytes_encoded__"


def encode_bytes(value: bytes) -> dict[str, Any]:
    """Return the JSON form of `value`: base64 under a marker key."""
    return {BYTES_KEY: True, "data": base64.b64encode(value).decode("ascii")}


def encode_bytes_values(obj: Any) -> Any:
    """Return `obj` with every bytes value in it as base64 under a marker key; the rest is shared, not copied."""
    if isinstance(obj, bytes):
        return encode_bytes(obj)
    return _changed(obj, encode_bytes_values) if isinstance(obj, (dict, list)) else obj


def encode_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return who says what in a message, as `encode_bytes_values` does; most are one text, which has no bytes."""
    content = message["content"]
    if len(content) != 1 or type(content[0].get("text")) is not str or len(content[0]) != 1:
        content = encode_bytes_values(content)
    return {"role": message["role"], "content": content}


def decode_bytes_values(obj: Any) -> Any:
    """Return what `encode_bytes_values` was given; parts without bytes are shared, not copied."""
    if isinstance(obj, dict) and obj.get(BYTES_KEY) is True and isinstance(obj.get("data"), str):
        return base64.b64decode(obj["data"])
    return _changed(obj, decode_bytes_values) if isinstance(obj, (dict, list)) else obj


def _changed(parts: dict[Any, Any] | list[Any], change: Callable[[Any], Any]) -> Any:
    """Return `parts` with each part changed; what stays as it is, is not copied."""
    changed: Any = None
    for key, part in parts.items() if isinstance(parts, dict) else enumerate(parts):
        if type(part) in _SAME or (new := change(part)) is part:
            continue
        if changed is None:
            changed = dict(parts) if isinstance(parts, dict) else list(parts)
        changed[key] = new
    return parts if changed is None else changed


_SAME = frozenset((str, int, float, bool, type(None)))
"""Types of which nothing is ever changed."""
