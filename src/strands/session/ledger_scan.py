"""Reading the bytes of a ledger: what is whole, what is lost, and what was only torn while it was written.

Bytes behind the last line break are a torn end, unless they were on disk for certain: their line bears the mark of a
synced one, or the head, which stands outside of the ledger, reaches behind them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Container
from dataclasses import dataclass, field
from typing import NamedTuple

from .ledger import SYNCED, Entry, decode

_BEGINNING = re.compile(
    rb'[0-9a-f]{8} \{"seq":(\d+),"kind":"([a-z]+)","at":[\d.]+,"data":\{(?:"size":\d+,"id":(\d+),)?'
)
_FORMAT = re.compile(rb'"kind":"opened",.*"format":(\d+)')
_HARMLESS = frozenset({"opened", "rooted", "synced", "redacted", "finished", "asked", "answered", "agent"})
"""Kinds whose loss hides no call: its start is in another line, the agent's own record stands in for the rest."""


class Head(NamedTuple):
    """How far a ledger is known to be on disk, told by the file of its lease.

    Attributes:
        ledger: The checksum of its first line, which tells it from one that was written anew.
        entries: How many entries there were.
        size: How many bytes.
        next_id: The id of the next message.
        at_rest: Whether the call was over and the files of the session layout were written.
    """

    ledger: str
    entries: int
    size: int
    next_id: int
    at_rest: bool

    def covers(self, found: Scan, next_id: int) -> bool:
        """Return whether the call was over, nothing was written since, and all of its messages are known."""
        return self.at_rest and next_id >= self.next_id and found.end <= self.size

    def encode(self) -> bytes:
        """Return it as text with a checksum."""
        body = f"{self.ledger} {self.entries} {self.size} {self.next_id} {self.at_rest:d}".encode()
        return b"%s %08x\n" % (body, zlib.crc32(body))

    @classmethod
    def decode(cls, content: bytes) -> Head | None:
        """Return what `encode` gave away, or None."""
        body, _, checksum = content.partition(b"\n")[0].rpartition(b" ")
        parts = body.decode(errors="replace").split(" ")
        if checksum != b"%08x" % zlib.crc32(body) or len(parts) != 5:
            return None
        return cls(parts[0], int(parts[1]), int(parts[2]), int(parts[3]), parts[4] == "1")


class Told(NamedTuple):
    """What the beginning of a broken line says: its number, its kind, and the id if it is a message's."""

    seq: int
    kind: str
    message_id: int | None


class Gap(NamedTuple):
    """Entries that are lost.

    Attributes:
        line: The number, from 1, of the first line that is broken or missing.
        after: The number of the entry before them; -1 when there is none.
        number: How many they are, or None when that is not known.
        least: How many they are at least.
        broken: What stands in their place.
    """

    line: int
    after: int
    number: int | None
    least: int
    broken: tuple[bytes, ...]

    def told(self) -> list[Told] | None:
        """Return what is lost, by the beginnings of the broken lines; None when they do not tell it completely."""
        text = b"\n".join(self.broken)
        found = [
            Told(int(each[1]), each[2].decode(), int(each[3]) if each[3] else None)
            for each in _BEGINNING.finditer(text)
        ]
        expected = range(self.after + 1, self.after + 1 + len(found))
        complete = [each.seq for each in found] == list(expected) and b"\0" not in text
        wanted = max(self.least, len(self.broken)) if self.number is None else self.number
        if not complete or len(found) < wanted or (self.number is not None and len(found) != self.number):
            return None
        return found

    def hidden(self, known: Container[int]) -> float:
        """Return how many of the entries may have told of calls, or of messages other than the `known` ones."""
        told = self.told()
        if told is not None:
            return sum(each.kind not in _HARMLESS and each.message_id not in known for each in told)
        if self.number is not None:
            return self.number
        unknown = any(b"\0" in line for line in self.broken)
        return float("inf") if unknown else max(self.least, len(self.broken))


@dataclass(slots=True)
class Scan:
    """What a ledger's bytes hold.

    Attributes:
        entries: The readable ones.
        end: Where the last line ends, in bytes; what follows was torn while it was written.
        next: The number of the entry that follows.
        gaps: What is lost.
        unclosed: Whether the last line is whole but for its line break.
    """

    entries: list[Entry] = field(default_factory=list)
    end: int = 0
    next: int = 0
    gaps: list[Gap] = field(default_factory=list)
    unclosed: bool = False

    @property
    def damaged(self) -> list[int]:
        """The numbers of lines that are broken or missing, the first one of each gap."""
        return [gap.line for gap in self.gaps]


def scan(content: bytes, *, first: int = 0, head: Head | None = None) -> Scan:
    """Return the entries in `content`, which begins with entry number `first`.

    Args:
        content: The bytes, from the beginning of a line on.
        first: The number of its first entry.
        head: How far it is known to be on disk, if `content` is the whole ledger.
    """
    lines = content.split(b"\n")
    reading = _Reading(first)
    for line in lines[:-1]:
        reading.take(line, 1)
    reading.take_end(lines[-1], head.size if head is not None else 0)
    return reading.done(head.entries if head is not None else 0)


def format_told(gaps: list[Gap]) -> int:
    """Return the format that a broken first line tells of; 0 when none does."""
    found = [_FORMAT.search(line) for gap in gaps[:1] if gap.after < 0 for line in gap.broken[:1]]
    return max((int(each[1]) for each in found if each), default=0)


class _Reading:
    def __init__(self, first: int) -> None:
        self._found = Scan(next=first)
        self._line = 0
        self._broken: list[bytes] = []
        self._broken_from = 0

    def take(self, line: bytes, line_break: int) -> None:
        """Read a line that ends with a line break of so many bytes."""
        self._line += 1
        self._found.end += len(line) + line_break
        entry = decode(line)
        if entry is None or entry.seq < self._found.next:
            self._break(line)
            return
        if self._broken or entry.seq > self._found.next:
            self._close_gap(entry.seq - self._found.next, 0)
        self._found.entries.append(entry)
        self._found.next = entry.seq + 1

    def take_end(self, rest: bytes, promised: int) -> None:
        """Read what stands behind the last line break."""
        if not rest:
            return
        if decode(rest) is not None:
            self.take(rest, 0)
            self._found.unclosed = True
        elif decode(rest[:-1]) is not None:
            self.take(rest[:-1], 1)
            self._break(rest[-1:])  # the line break itself is damaged
        elif promised > self._found.end or SYNCED in rest[-len(SYNCED) - 1 :]:
            self.take(rest, 0)

    def done(self, promised: int) -> Scan:
        """Return what was found; the ledger is known to have had so many entries."""
        missing = max(promised - self._found.next, 0)
        if self._broken:
            whole = all(len(line) == 1 for line in self._broken)
            self._close_gap(0 if whole and not missing else None, missing)
        elif missing:
            self._line += 1
            self._close_gap(None, missing)
        return self._found

    def _break(self, line: bytes) -> None:
        if not self._broken:
            self._broken_from = self._line
        self._broken.append(line)

    def _close_gap(self, count: int | None, least: int) -> None:
        line = self._broken_from if self._broken else self._line
        self._found.gaps.append(Gap(line, self._found.next - 1, count, least, tuple(self._broken)))
        self._broken = []
