"""What is kept once, by its digest, beside the lines that have it in them: specs, and what is large."""

from __future__ import annotations

import hashlib
import json
import re

LARGE = 256 * 1024
"""A line of more bytes is kept in two parts."""

SHARED = 1024
"""A spec of at least so many bytes is kept apart: many sessions have the same."""

MOST = 256 * 1024 * 1024
"""How many bytes an entry or a file has at most in a database: the server sends them as twice as many."""

_GAP = b"\n"
"""What stands in a line for the part that is kept apart; no line has one."""

_OPENED = b'{"seq":0,"kind":"opened"'
_DATA, _SPEC = b',"data":', b',"spec":'
_BEHIND_DATA = re.compile(rb'(?:,"more":\d+)?(?:,"synced":\d+)?,"sum":"[^"]*"\}$')
_BEHIND_AT_MOST = 128
_decoder = json.JSONDecoder()


def digest_of(content: bytes) -> str:
    """Return what a content is called by."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def cut(line: bytes) -> tuple[bytes, bytes | None]:
    """Return what is kept of a line, and what is kept apart; None where that is nothing."""
    content = None
    if line.startswith(_OPENED):
        content = _spec_of(line)
    if len(line) - len(content or b"") > LARGE:
        content = _data_of(line) or content
    return (line, None) if content is None else (line.replace(content, _GAP, 1), content)


def joined(kept: bytes, content: bytes) -> bytes:
    """Return the line of which these are the parts."""
    return kept.replace(_GAP, content, 1)


def _spec_of(line: bytes) -> bytes | None:
    start = line.find(_SPEC)
    if start < 0 or len(line) < SHARED:
        return None
    try:
        text = line[start + len(_SPEC) :].decode("utf-8")
        _, end = _decoder.raw_decode(text)
    except ValueError:
        return None
    content = text[:end].encode("utf-8")
    return content if len(content) >= SHARED else None


def _data_of(line: bytes) -> bytes | None:
    start = line.find(_DATA)
    behind = _BEHIND_DATA.search(line, max(0, len(line) - _BEHIND_AT_MOST))
    if start < 0 or behind is None:
        return None
    return line[start + len(_DATA) : behind.start()]
