"""What the objects of a log in an object store hold: the newest one names those with older lines."""

from __future__ import annotations

import json
from typing import NamedTuple

OLDER = "journal/"

_HEADER = b'{"older":'


class LogPart(NamedTuple):
    """An object with older lines.

    Attributes:
        first: The number of its first entry.
        entries: How many it holds.
        size: Its size in bytes.
        sum: The sum of its last line.
    """

    first: int
    entries: int
    size: int
    sum: str

    @property
    def name(self) -> str:
        """Its key below that of the log."""
        return f"{OLDER}{self.first:09}-{self.sum}.jsonl"


class Content(NamedTuple):
    """What the newest object holds: the older objects, and the lines behind them."""

    older: tuple[LogPart, ...]
    tail: bytes

    @property
    def first(self) -> int:
        """The number of the first entry of `tail`."""
        return self.older[-1].first + self.older[-1].entries if self.older else 0

    @property
    def sum_before(self) -> str:
        """The sum of the line before `tail`."""
        return self.older[-1].sum if self.older else ""

    def to_bytes(self) -> bytes:
        """Return the object's bytes."""
        if not self.older:
            return self.tail
        return _HEADER + json.dumps(self.older, separators=(",", ":")).encode() + b"}\n" + self.tail

    @classmethod
    def of(cls, content: bytes) -> Content:
        """Return what an object holds; one whose first line is damaged is all lines."""
        if content.startswith(_HEADER):
            header, _, tail = content.partition(b"\n")
            try:
                return cls(tuple(LogPart(*each) for each in json.loads(header)["older"]), tail)
            except (ValueError, TypeError):
                pass
        return cls((), content)
