"""One JSON object stored twice in one file, with its sum: damage to one place in the file loses nothing.

The file stays one JSON object, which others read as ever: the object's members, then `_sum` (the CRC-32 of their bytes)
and `_copy` (the same members once more). Both copies are written by the same write, so neither is older.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

from .json_text import from_json, to_json

_GLUE = b',"_sum":"%08x","_copy":{'
_GLUE_SIZE = len(_GLUE % 0)
_READ_GLUE = re.compile(rb',"_sum":"([0-9a-f]{8})","_copy":\{')
_COPY = "_copy"


class Damaged(ValueError):
    """Neither copy can be read."""


def doubled(data: dict[str, Any]) -> bytes:
    """Return the bytes of a file that holds `data`, which is not empty."""
    return _whole(to_json(data).encode()[1:-1])


def undoubled(content: bytes) -> tuple[dict[str, Any], bool]:
    """Return what `doubled` was given, and whether every byte is as it was written; also reads a plain JSON object.

    Raises:
        Damaged: Neither copy can be read.
    """
    size, odd = divmod(len(content) - _GLUE_SIZE - 3, 2)
    if size > 0 and not odd:
        first, second = content[1 : 1 + size], content[-2 - size : -2]
        glue = _READ_GLUE.fullmatch(content, 1 + size, 1 + size + _GLUE_SIZE)
        if first == second:
            return _object(b"{" + first + b"}"), content == _whole(first)
        for members in (first, second):
            if glue is not None and int(glue[1], 16) == zlib.crc32(members):
                return _object(b"{" + members + b"}"), False
    plain = _object(content)
    if _COPY in plain:
        raise Damaged("its sum is wrong")
    return plain, True


def _whole(members: bytes) -> bytes:
    return b"{" + members + _GLUE % zlib.crc32(members) + members + b"}}"


def _object(text: bytes) -> dict[str, Any]:
    try:
        data = from_json(text)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"it is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise Damaged("it is not a JSON object")
    return data
