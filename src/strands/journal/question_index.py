"""Where, in a journal's file, the entries are that an answer has to see; told behind the head, so that no more is read.

What is told there is never the truth: it says up to which entry it holds, and of each line how it is recognized. What
does not agree with the journal is as good as not there.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from strands.journal import head
from strands.journal.entries import Entry
from strands.journal.head import Head
from strands.journal.projection import timer_of

KINDS = frozenset(
    {"opened", "leased", "asked", "answered", "expired", "reminded", "escalated", "closed", "cancelled", "deleted"}
)
"""The kinds of entries that can matter to an answer."""

MOST_OPEN = 256
"""With more open questions than these nothing is told: it is written anew at each sync."""

_MOST_CLOSED = 32
"""Of so many questions that are closed, the last ones, it is told; the others are looked for in the journal."""

_encode = json.JSONEncoder(separators=(",", ":")).encode
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class LineSpan(NamedTuple):
    """A line of the file: the number of its entry, where it begins, and how many bytes it has without its newline."""

    seq: int
    offset: int
    size: int


class QuestionIndex:
    """The lines that an answer has to see.

    Attributes:
        origins: The opening, and what later drives changed of it.
        open: By question, who asked it, and when something is due of it: Unix time in seconds, or None.
        closed: By question, who asked it and who closed it.
        over: What ended the session.
    """

    __slots__ = ("_text", "closed", "open", "origins", "over")

    def __init__(self) -> None:
        self.origins: list[LineSpan] = []
        self.open: dict[str, tuple[LineSpan, float | None]] = {}
        self.closed: dict[str, tuple[LineSpan, LineSpan]] = {}
        self.over: LineSpan | None = None
        self._text: str = ""

    def take(self, entry: Entry, offset: int, size: int) -> None:
        """Take notice of one more entry, of one of `KINDS`."""
        span, kind = LineSpan(entry.seq, offset, size), entry.kind
        if kind == "opened" or (kind == "leased" and entry.data.get("changed")):
            self.origins.append(span)
        elif kind == "asked":
            self.open[entry.key] = span, timer_of(entry.data)
            self.closed.pop(entry.key, None)
        elif kind in ("answered", "expired"):
            self._close(entry.key, span)
        elif kind in ("reminded", "escalated"):
            if entry.key in self.open:
                self.open[entry.key] = self.open[entry.key][0], entry.data.get("next")
        elif kind != "leased" and (self.over is None or kind == "deleted"):
            self.over = span
        else:
            return
        self._text = ""

    def _close(self, key: str, span: LineSpan) -> None:
        asked = self.open.pop(key, None)
        if asked is not None:
            self.closed[key] = asked[0], span
            if len(self.closed) > _MOST_CLOSED:
                del self.closed[next(iter(self.closed))]

    def about(self, keys: Sequence[str] | None, now: float) -> list[LineSpan]:
        """Return the lines to be seen, in their order.

        Args:
            keys: The questions that are meant; None for all that are open.
            now: Unix time in seconds: open questions of which something is due by then are meant too.
        """
        meant = self.open.keys() if keys is None else frozenset(keys)
        found = [*self.origins, *([self.over] if self.over is not None else [])]
        found += [
            span for key, (span, timer) in self.open.items() if key in meant or (timer is not None and timer <= now)
        ]
        found += [span for key in meant for span in self.closed.get(key, ())]
        return sorted(set(found))

    def line(self, covered: Head) -> bytes:
        """Return what stands behind the head `covered`; nothing where too much is open."""
        if len(self.open) > MOST_OPEN:
            return b""
        if not self._text:
            self._text = _encode([self.origins, self.open, self.closed, self.over])
        text = f'[{covered.entries},{covered.size},"{covered.opening}","{covered.last}",{self._text}]'
        return f"{zlib.crc32(text.encode('ascii')):08x} {text}\n".encode("ascii")


def read(path: str) -> tuple[Head, QuestionIndex] | None:
    """Return what stands behind the head `path`, and how far the journal was when it was written; None for nothing."""
    try:
        file = os.open(path, os.O_RDONLY | _FLAGS)
        try:
            content = os.pread(file, os.fstat(file).st_size, head.WIDTH)
        finally:
            os.close(file)
        check, _, text = content.partition(b"\n")[0].partition(b" ")
        if int(check, 16) != zlib.crc32(text):
            return None
        *covered, told = json.loads(text)
        return Head(*covered), _index(told)
    except (OSError, ValueError, TypeError):
        return None


def _index(told: Any) -> QuestionIndex:
    origins, waiting, closed, over = told
    index = QuestionIndex()
    index.origins = [LineSpan(*each) for each in origins]
    index.open = {key: (LineSpan(*span), timer) for key, (span, timer) in waiting.items()}
    index.closed = {key: (LineSpan(*asked), LineSpan(*by)) for key, (asked, by) in closed.items()}
    index.over = None if over is None else LineSpan(*over)
    return index
