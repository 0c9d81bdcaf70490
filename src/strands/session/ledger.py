"""The ledgers of release 0.1.0, which kept what an agent does before journals did: they are read, and not written.

A line is the CRC-32 of what follows it, as eight hex digits, a blank, and a JSON object. Bytes behind the last line
break are a torn end, unless they were on disk for certain: their line bears the mark of a synced one, or the note
beside the lock of the lease tells of more.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

from strands.journal.entries import Entry
from strands.journal.salvage import Collecting, Salvaged

from .json_text import from_json

FORMAT = 1
_SYNCED = b',"synced":true}'
_FORMAT_TOLD = re.compile(rb'"kind":"opened",.*"format":(\d+)')


class Note(NamedTuple):
    """How far a ledger is known to be on disk, told by the file of its lease.

    Attributes:
        ledger: The checksum of its first line, which tells it from one that was written anew.
        entries: How many entries there were.
        size: How many bytes.
    """

    ledger: str
    entries: int
    size: int

    @classmethod
    def decode(cls, text: bytes) -> Note | None:
        """Return what a note says; None when it says nothing, or its checksum does not hold."""
        try:
            ledger, entries, size, _, _, check = text.decode("ascii").split()
            if int(check, 16) == zlib.crc32(text.rpartition(b" ")[0]):
                return cls(ledger, int(entries), int(size))
        except ValueError:
            pass
        return None


def name_of(content: bytes) -> str:
    """Return what tells a ledger from every other: the checksum of its first line."""
    return content[:8].decode(errors="replace")


def read(content: bytes, note: Note | None) -> Salvaged:
    """Return what the bytes of a ledger hold; `note` is how far it is known to be on disk."""
    if note is not None and note.ledger != name_of(content) and _entry(content.partition(b"\n")[0]) is not None:
        note = None  # of a ledger that was there before this one
    *closed, rest = content.split(b"\n")
    reading = Collecting()
    for line in closed:
        _take(reading, line, 1)
    if rest:
        _take_end(reading, rest, note.size if note is not None else 0)
    return reading.done(note.entries if note is not None else 0)


def format_of(found: Salvaged) -> int:
    """Return the format that a ledger was written in, also where its first line is broken."""
    if found.entries and found.entries[0].kind == "opened":
        return int(found.entries[0].data.get("format", FORMAT))
    told = [_FORMAT_TOLD.search(line) for gap in found.gaps[:1] if gap.after < 0 for line in gap.broken[:1]]
    return max((int(each[1]) for each in told if each), default=FORMAT)


def _take(reading: Collecting, line: bytes, line_break: int) -> None:
    entry = _entry(line)
    if entry is None or entry.seq < reading.found.next:
        reading.broken(line, line_break)
    else:
        reading.whole(line, line_break, entry)


def _take_end(reading: Collecting, rest: bytes, promised: int) -> None:
    if _entry(rest) is not None:
        _take(reading, rest, 0)
        reading.found.unclosed = True
    elif _entry(rest[:-1]) is not None:
        _take(reading, rest[:-1], 1)
        reading.broken_end(rest[-1:])  # the line break itself is damaged
    elif promised > reading.found.end or _SYNCED in rest[-len(_SYNCED) - 1 :]:
        _take(reading, rest, 0)


def _entry(line: bytes) -> Entry | None:
    """Return the entry of a line without its line break, or None when its checksum does not hold."""
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]) or line[8:9] != b" ":
            return None
        body = from_json(line[9:])
        return Entry(body["seq"], body["kind"], "", body["data"], body["at"])
    except (ValueError, KeyError, TypeError):
        return None
