"""Reading a damaged journal as far as it goes: which entries are whole, and where others are lost.

A line is whole if its sum follows from the sum of the line before. Where that line is broken, its sum may still be what
it says, or what its other bytes come to: then the line behind it is whole, and only one is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from strands.journal import lines
from strands.journal.entries import Entry
from strands.journal.head import Head


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


@dataclass(slots=True)
class Salvaged:
    """What a journal's bytes hold.

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

    def lost_text(self) -> str:
        """Return which lines are lost, for people."""
        return f"what stood in line {', '.join(map(str, self.damaged[:10]))} is"


class Collecting:
    """Puts together what is found line by line."""

    def __init__(self, first: int = 0) -> None:
        self.found: Salvaged = Salvaged(next=first)
        self._line = 0
        self._broken: list[bytes] = []
        self._broken_from = 0

    def whole(self, line: bytes, line_break: int, entry: Entry) -> None:
        """Take a whole line that ends with a line break of so many bytes."""
        self._pass(line, line_break)
        if self._broken or entry.seq > self.found.next:
            self._close_gap(entry.seq - self.found.next, 0)
        self.found.entries.append(entry)
        self.found.next = entry.seq + 1

    def broken(self, line: bytes, line_break: int) -> None:
        """Take a line that is broken."""
        self._pass(line, line_break)
        self.broken_end(line)

    def broken_end(self, piece: bytes) -> None:
        """Take bytes behind a line that are broken."""
        if not self._broken:
            self._broken_from = self._line
        self._broken.append(piece)

    def done(self, promised: int) -> Salvaged:
        """Return what was found; the journal is known to have had so many entries."""
        missing = max(promised - self.found.next, 0)
        if self._broken:
            whole = all(len(line) == 1 for line in self._broken)
            self._close_gap(0 if whole and not missing else None, missing)
        elif missing:
            self._line += 1
            self._close_gap(None, missing)
        return self.found

    def _pass(self, line: bytes, line_break: int) -> None:
        self._line += 1
        self.found.end += len(line) + line_break

    def _close_gap(self, count: int | None, least: int) -> None:
        line = self._broken_from if self._broken else self._line
        self.found.gaps.append(Gap(line, self.found.next - 1, count, least, tuple(self._broken)))
        self._broken = []


def salvage(content: bytes, *, head: Head | None, read: lines.Read = lines.read_json) -> Salvaged:
    """Return the entries in `content` that are whole.

    Args:
        content: The bytes of a journal.
        head: How far it is known to be on disk.
        read: Reads the JSON of a line.
    """
    *closed, rest = content.split(b"\n")
    reading = _Reading(read)
    for line in closed:
        reading.take(line, 1)
        if head is not None and reading.collecting.found.next == 1 and lines.sum_of(closed[0]) != head.opening:
            head = None  # of a journal that was there before this one
    if rest:
        reading.take_end(rest, head.size if head is not None else 0)
    return reading.collecting.done(head.entries if head is not None else 0)


class _Reading:
    def __init__(self, read: lines.Read) -> None:
        self.collecting = Collecting()
        self._read = read
        self._sums = {""}

    def take(self, line: bytes, line_break: int) -> None:
        entry = self._entry(line)
        if entry is None or entry.seq < self.collecting.found.next:
            self._sums = {lines.sum_of(line), *(lines.own_sum(line, each) for each in self._sums)} - {""}
            self.collecting.broken(line, line_break)
        else:
            self._sums = {lines.sum_of(line)}
            self.collecting.whole(line, line_break, entry)

    def take_end(self, rest: bytes, promised: int) -> None:
        """Read what stands behind the last line break."""
        if self._entry(rest) is not None:
            self.take(rest, 0)
            self.collecting.found.unclosed = True
        elif self._entry(rest[:-1]) is not None:
            self.take(rest[:-1], 1)
            self.collecting.broken_end(rest[-1:])  # the line break itself is damaged
        elif promised > self.collecting.found.end:
            self.take(rest, 0)

    def _entry(self, line: bytes) -> Entry | None:
        for each in self._sums:
            body = lines.checked(line, each)
            if body is not None:
                return lines.entry_of(self._read(body + b"}"))
        return None
