"""What sessions are written as: one line of JSON, in which bytes stand as base64 under a marker key."""

from __future__ import annotations

import json
from typing import Any

from strands.types.json_bytes import decode_bytes_values, encode_bytes


def to_json(value: Any) -> str:
    """Return `value` as one line of JSON, bytes as base64 under a marker key.

    Raises:
        TypeError: It holds something that JSON cannot.
        ValueError: It holds itself.
    """
    if _written is None:
        return _encode(value)
    try:
        return "".join(_written(value, 0))
    except RecursionError:
        return _encode(value)  # which tells what holds itself from what is only deep


def from_json(text: str | bytes) -> Any:
    """Return what `to_json` was given.

    Raises:
        ValueError: It is not JSON.
    """
    value = json.loads(text)
    marker = b"__bytes_encoded__" if isinstance(text, bytes) else "__bytes_encoded__"
    return decode_bytes_values(value) if marker in text else value  # type: ignore[operator]


def _other(value: Any) -> Any:
    if isinstance(value, bytes):
        return encode_bytes(value)
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be stored as JSON")


_encode = json.JSONEncoder(separators=(",", ":"), default=_other).encode
_made: Any = getattr(json.encoder, "c_make_encoder", None)
# An encoder makes this one anew for each value, which takes as long as writing a message does.
_written: Any = _made and _made(None, _other, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True)
