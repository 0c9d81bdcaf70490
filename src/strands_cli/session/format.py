"""The lines of a journal file: one JSON object each, with a checksum that chains it to the line before.

A line is `{"seq", "kind", "key", "at", "data", "sum"}`; `sum` is the first 32 hex digits of SHA-256 over the previous
line's sum and this line up to its own. A dropped, swapped or edited line therefore fails at the next one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import PydanticSerializationError, from_json, to_json

from strands_cli.kernel.types import Draft, Entry

_SUM = b',"sum":"'
_TAIL = len(_SUM) + 32 + len(b'"}')

SYNCED = frozenset({"opened", "asked", "answered", "closed"})
"""Kinds that are on disk before anything goes on: damage before one of them is not a torn end."""


class Damage(NamedTuple):
    """Where a journal stops to make sense: line number from 1, byte offset, and why."""

    line: int
    offset: int
    cause: str
    torn: bool


class Parsed(NamedTuple):
    """The entries of a journal's bytes, the bytes they cover, the last sum, and the damage behind them."""

    entries: list[Entry]
    size: int
    last_sum: str
    damage: Damage | None


def encode(drafts: Sequence[Draft], seq: int, last_sum: str) -> tuple[bytes, list[Entry], str]:
    """Return the lines of `drafts` numbered from `seq`, their entries, and the last line's sum."""
    lines: list[bytes] = []
    entries: list[Entry] = []
    for draft in drafts:
        entry = Entry(seq, draft.kind, draft.key, draft.data, draft.at)
        body = _json({"seq": seq, "kind": draft.kind, "key": draft.key, "at": draft.at, "data": draft.data})[:-1]
        last_sum = checksum(last_sum, body)
        lines.append(body + _SUM + last_sum.encode("ascii") + b'"}\n')
        entries.append(entry)
        seq += 1
    return b"".join(lines), entries, last_sum


def _json(value: object) -> bytes:
    try:
        return to_json(value)
    except (PydanticSerializationError, UnicodeEncodeError, ValueError):
        return json.dumps(value, separators=(",", ":"), default=str).encode("ascii")


def checksum(last_sum: str, body: bytes) -> str:
    """Return the sum of a line whose predecessor has `last_sum`."""
    return hashlib.sha256(last_sum.encode("ascii") + body).hexdigest()[:32]


def parse(content: bytes, *, seq: int = 0, last_sum: str = "") -> Parsed:
    """Return the entries in `content`, which begins with number `seq`."""
    entries: list[Entry] = []
    offset = 0
    while offset < len(content):
        end = content.find(b"\n", offset)
        if end < 0:
            return Parsed(entries, offset, last_sum, Damage(seq + 1, offset, "the last line is cut off", True))
        line = content[offset:end]
        body = line[:-_TAIL] if len(line) > _TAIL else b""
        expected = checksum(last_sum, body)
        if line[len(body) :] != _SUM + expected.encode("ascii") + b'"}':
            damage = Damage(seq + 1, offset, "its checksum does not match", _torn(content, offset))
            return Parsed(entries, offset, last_sum, damage)
        data = _read(body + b"}")
        entries.append(Entry(data["seq"], data["kind"], data["key"], data["data"], data["at"]))
        last_sum = expected
        offset = end + 1
        seq += 1
    return Parsed(entries, offset, last_sum, None)


def _read(line: bytes) -> dict[str, Any]:
    try:
        return dict(from_json(line))
    except ValueError:  # a lone surrogate, which only the slower reader takes
        return dict(json.loads(line))


def _torn(content: bytes, offset: int) -> bool:
    """A lost write leaves a hole of zeros; a hole is a torn end if nothing behind it was ever promised."""
    rest = content[offset:]
    if b"\0" not in rest:
        return False
    for line in rest.replace(b"\0", b"\n").split(b"\n"):
        try:
            entry = from_json(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and _promised(entry):
            return False
    return True


def _promised(entry: dict[str, object]) -> bool:
    data = entry.get("data")
    inner = isinstance(data, dict) and "of" in data
    return entry.get("kind") in SYNCED or (entry.get("kind") == "done" and not inner)
