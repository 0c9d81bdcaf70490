"""The text of a reply that is being written, as far as a terminal has room for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from strands._terminal import VisibleStream
from strands_cli.terminal.markdown import drawn

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.segment import Segment

_FENCES = ("```", "~~~")
_MOST_LINES = 200


class RunningText:
    """Takes a text in pieces; what is finished of it (a paragraph, a list, a block of code) is drawn once.

    One thread adds, another draws.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visible = VisibleStream()
        self._pieces: list[str] = []
        self._blocks: list[str] = []
        self._open = ""
        self._lines: list[list[Segment]] = []
        self._drawn = 0
        self._width = 0

    def add(self, piece: str) -> None:
        """Take more of the text."""
        self._pieces.append(piece)
        with self._lock:
            self._open += self._visible.feed(piece)
            if "\n" in piece:
                finished, self._open = _split(self._open)
                self._blocks += finished

    @property
    def text(self) -> str:
        """The whole text, as it came."""
        return "".join(self._pieces)

    def last(self, limit: int) -> str:
        """Return the end of the text on one line of `limit` characters."""
        with self._lock:
            end = f"{self._blocks[-1]} {self._open}" if self._blocks else self._open
        words = " ".join(end[-4 * limit :].split())
        return words if len(words) <= limit else f"…{words[1 - limit :]}"

    def lines(self, console: Console, options: ConsoleOptions, most: int) -> list[list[Segment]]:
        """Return the last `most` lines of the text as they are drawn."""
        with self._lock:
            blocks, rest = self._blocks[self._drawn :], self._open
            self._drawn = len(self._blocks)
        if options.max_width != self._width:
            self._width, self._lines = options.max_width, []
        for block in blocks:
            self._lines += [*_drawn(block, console, options), []]
        self._lines = self._lines[-_MOST_LINES:]
        lines = [*self._lines, *(_drawn(rest, console, options) if rest.strip() else ())]
        return lines[len(lines) - most :] if len(lines) > most else lines


def _drawn(text: str, console: Console, options: ConsoleOptions) -> list[list[Segment]]:
    return console.render_lines(drawn(text.strip("\n")), options, pad=False)


def _split(text: str) -> tuple[list[str], str]:
    """Return the blocks of a text that are finished, and the rest: a blank line outside of code ends one."""
    blocks: list[str] = []
    start = at = 0
    fence = ""
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        bare = line.strip()
        if fence:
            fence = "" if bare.startswith(fence) else fence
        elif bare.startswith(_FENCES):
            fence = bare[:3]
        elif not bare:
            if text[start:at].strip():
                blocks.append(text[start:at])
            start = at + len(line)
        at += len(line)
    return blocks, text[start:]
