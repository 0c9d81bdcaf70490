"""The lines of a journal file: one JSON object each, with a checksum that chains it to the line before.

A line is `{"seq", "kind", "key", "at", "data", "more", "synced", "sum"}`. `more` lines of the same append follow, which
count together or not at all; the first `synced` entries were on disk when the line was written; `sum` is the first 32
hex digits of SHA-256 over the previous line's sum and this line up to its own. A dropped, swapped or edited line
therefore fails at the next one. Lines of release 0.1.0 have neither `more` nor `synced`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from strands.journal.entries import Constant, Draft, Encoded, Entry

Read: TypeAlias = Callable[[bytes], dict[str, Any]]

_text = json.JSONEncoder().encode
_SUM = b',"sum":"'
SUM_SIZE = 32
_END = b'"}'
_TAIL = len(_SUM) + SUM_SIZE + len(_END)
_ZEROS = re.compile(rb"\0+")
_BLOCK = 512
"""A disk loses whole blocks, of at least so many bytes."""

_MANY = 16
"""Zeros in a row that are no byte or two gone bad."""

_SYNCED_KINDS = frozenset({"opened", "asked", "answered", "closed"})
"""Kinds that release 0.1.0 had on disk before anything went on, without saying so in the line."""


class Damage(NamedTuple):
    """Where a journal stops to make sense.

    Attributes:
        line: Number from 1.
        offset: Byte offset of what cannot be used.
        cause: Why.
        torn: Whether a write that was never confirmed explains it; else something that was on record is broken.
    """

    line: int
    offset: int
    cause: str
    torn: bool


class Parsed(NamedTuple):
    """The entries of a journal's bytes, the bytes they cover, the last sum, and the damage behind them.

    `first_sum` is the first line's; `synced` is how many entries were on disk according to the lines themselves.
    """

    entries: list[Entry]
    size: int
    first_sum: str
    last_sum: str
    synced: int
    damage: Damage | None


def encode(
    drafts: Sequence[Draft | Encoded], seq: int, last_sum: str, *, synced: int = 0, read: Read | None = None
) -> tuple[bytes, list[Entry], str]:
    """Return the lines of `drafts` numbered from `seq`, the entries as they will be read, and the last line's sum.

    Args:
        drafts: What the lines say.
        seq: The number of the first.
        last_sum: The sum of the line before.
        synced: How many entries are on disk.
        read: Reads JSON back; None for who does not need the entries, and gets none.
    """
    lines: list[bytes] = []
    entries: list[Entry] = []
    last = seq + len(drafts) - 1
    for draft in drafts:
        given = draft.data
        if isinstance(given, bytes):  # who has written it already need not load a faster writer of JSON
            data, kind, key = given, _text(draft.kind), _text(draft.key)
            body = f'{{"seq":{seq},"kind":{kind},"key":{key},"at":{draft.at!r},"data":'.encode("ascii") + data
        else:
            data = _json(given)
            body = _json({"seq": seq, "kind": draft.kind, "key": draft.key, "at": draft.at})[:-1] + b',"data":' + data
        if seq < last:
            body += b',"more":%d' % (last - seq)
        if synced:
            body += b',"synced":%d' % synced
        last_sum = checksum(last_sum, body)
        lines.append(body + _SUM + last_sum.encode("ascii") + b'"}\n')
        if read is not None:
            back = read_back(given, read) if draft.kind == "opened" and not isinstance(given, bytes) else read(data)
            entries.append(Entry(seq, draft.kind, draft.key, back, draft.at))
        seq += 1
    return b"".join(lines), entries, last_sum


def as_read(drafts: Sequence[Draft], seq: int) -> list[Entry]:
    """Return the entries as they would be read, had `drafts` been written as lines from number `seq` on."""
    entries = []
    for draft in drafts:
        if draft.kind == "opened":
            data = read_back(draft.data, read_json)
        else:
            try:
                data = _core().from_json(_core().to_json(draft.data))
            except ValueError:
                data = read_json(_json(draft.data))
        entries.append(Entry(seq, draft.kind, draft.key, data, draft.at))
        seq += 1
    return entries


def read_back(given: Mapping[str, Any], read: Read) -> dict[str, Any]:
    """Return what JSON makes of an entry's data; a `Constant` in it is not copied."""
    constants = [name for name, value in given.items() if type(value) is Constant]
    if not constants:
        return read(_json(given))
    found = read(_json({**given, **dict.fromkeys(constants)}))
    found.update((name, given[name]) for name in constants)
    return found


@cache
def _core() -> Any:
    """Load the fast reader and writer of JSON once it is needed: it takes longer to load than a session to begin."""
    import pydantic_core

    return pydantic_core


def _json(value: object) -> bytes:
    try:
        return bytes(_core().to_json(value))
    except ValueError:
        return json.dumps(value, separators=(",", ":"), default=str).encode("ascii")


def entry_of(data: dict[str, Any]) -> Entry:
    """Return the entry that the object of a line tells of."""
    return Entry(data["seq"], data["kind"], data["key"], data["data"], data["at"])


def checksum(last_sum: str, body: bytes) -> str:
    """Return the sum of a line whose predecessor has `last_sum`."""
    return hashlib.sha256(last_sum.encode("ascii") + body).hexdigest()[:SUM_SIZE]


def ends_with(content: bytes, last_sum: str) -> bool:
    """Whether the line at the end of `content` has the sum `last_sum`."""
    return content.removesuffix(b"\n").endswith(_SUM + last_sum.encode("ascii") + _END)


def sum_of(line: bytes) -> str:
    """Return the sum that a line says it has; empty when it says none."""
    found = line.rstrip(b"\n")[-_TAIL:]
    if not (found.startswith(_SUM) and found.endswith(_END)):
        return ""
    text = found[len(_SUM) : -len(_END)]
    return text.decode("ascii") if text.isalnum() else ""


def own_sum(line: bytes, last_sum: str) -> str:
    """Return the sum that a line should have, for one whose own may be broken."""
    return checksum(last_sum, line[:-_TAIL]) if len(line) > _TAIL else ""


def parse(content: bytes, *, seq: int = 0, last_sum: str = "", begin: int = 0, read: Read | None = None) -> Parsed:
    """Return the entries in `content`.

    Args:
        content: Bytes of a journal, from the beginning of a line on.
        seq: The number of their first entry.
        last_sum: The sum of the line before.
        begin: Where they begin in the journal.
        read: Reads a line, if not as JSON alone.
    """
    read = read or read_json
    entries: list[Entry] = []
    open_append: list[Entry] = []
    size = offset = synced = 0
    first_sum, sum_before = "", last_sum
    if seq and content[:1] == b"\n":
        offset = size = 1  # the line before had lost its newline, which its next writer gave back
    damage: Damage | None = None
    while offset < len(content):
        end = content.find(b"\n", offset)
        line = content[offset:] if end < 0 else content[offset:end]
        body = checked(line, last_sum)
        if body is None and b"\0" in line:
            before = line.partition(b"\0")[0]
            body = checked(before, last_sum)  # whole, and only what follows it is lost
            line, end = (line, end) if body is None else (before, -1)
        if body is None:
            damage = _damage(content, offset, line, seq, last_sum, begin)
            break
        data = read(body + b"}")
        open_append.append(entry_of(data))
        synced = data.get("synced", synced)
        last_sum = line[len(body) + len(_SUM) : -len(_END)].decode("ascii")
        first_sum = first_sum or last_sum
        offset += len(line) + (end >= 0)
        seq += 1
        if not data.get("more"):
            entries += open_append
            open_append = []
            size, sum_before = offset, last_sum
    if damage is None and open_append:
        damage = Damage(seq - len(open_append) + 1, size, "the last append is cut off", True)
    elif damage is not None and damage.torn:
        damage = damage._replace(offset=size)
    return Parsed(entries, size, first_sum, sum_before, synced, damage)


def checked(line: bytes, last_sum: str) -> bytes | None:
    """Return the line up to its sum, or None when the sum does not hold."""
    body = line[:-_TAIL] if len(line) > _TAIL else b""
    return body if line[len(body) :] == _SUM + checksum(last_sum, body).encode("ascii") + _END else None


def read_json(line: bytes) -> dict[str, Any]:
    """Return the object that a line holds."""
    try:
        found: dict[str, Any] = _core().from_json(line)
        return found
    except ValueError:  # a lone surrogate, which only the slower reader takes
        return dict(json.loads(line))


def _damage(content: bytes, offset: int, line: bytes, seq: int, last_sum: str, begin: int) -> Damage:
    """Tell a write that never came to its end from damage to what was written."""
    whole = offset + len(line) < len(content)
    if b"\0" in line:
        torn = _is_hole(line, begin + offset, at_end=not whole) and not _promised_behind(content[offset:], seq)
        return Damage(seq + 1, offset, "bytes of it are zero", torn)
    if whole:
        return Damage(seq + 1, offset, "its checksum does not match", False)
    if checked(line[:-1], last_sum) is not None:
        return Damage(seq + 1, offset, "its last byte is not a newline", False)
    return Damage(seq + 1, offset, "the last line is cut off", True)


def _is_hole(line: bytes, offset: int, *, at_end: bool) -> bool:
    """Whether blocks that never reached the disk explain the zeros of `line`: a flipped bit does not look like one.

    A block that held the end of the line before loses what was appended to it: those zeros begin with the line, and are
    many, or end where the block does.
    """
    return all(
        run.end() - run.start() >= _BLOCK
        or (run.start() == 0 and (run.end() >= _MANY or (offset + run.end()) % _BLOCK == 0))
        or (at_end and run.end() == len(line))
        for run in _ZEROS.finditer(line)
    )


def _promised_behind(rest: bytes, seq: int) -> bool:
    """Whether a line behind a hole says that the entry `seq`, which is lost in it, was on disk."""
    for line in rest.replace(b"\0", b"\n").split(b"\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and _promises(entry, seq):
            return True
    return False


def _promises(entry: dict[str, Any], seq: int) -> bool:
    if "synced" in entry:
        return bool(entry["synced"] > seq)
    data = entry.get("data")
    inner = isinstance(data, dict) and "of" in data
    return entry.get("kind") in _SYNCED_KINDS or (entry.get("kind") == "done" and not inner)
