"""What a terminal shows after all that was sent to it: as much of one as the sequences that we send."""

from __future__ import annotations

import re

_PART = re.compile(r"\x1b\[(?P<numbers>[?0-9;]*)(?P<what>[A-Za-z])|(?P<plain>.)", re.DOTALL)


class Screen:
    """A terminal without an end at the top: lines that have scrolled away are there, too.

    Args:
        columns: Its width.
        rows: Its height: the cursor comes no further up.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._lines: list[list[str]] = [[]]
        self._row = self._column = 0

    def feed(self, sent: str) -> Screen:
        for part in _PART.finditer(sent):
            if part["what"]:
                self._do(part["what"], part["numbers"])
            else:
                self._put(part["plain"])
        return self

    @property
    def lines(self) -> list[str]:
        """Every line that has something on it."""
        return [line for each in self._lines if (line := "".join(each).rstrip())]

    def _put(self, plain: str) -> None:
        if plain == "\r":
            self._column = 0
        elif plain == "\n":
            self._down()
        elif plain >= " ":
            if self._column == self._columns:
                self._down()
                self._column = 0
            line = self._lines[self._row]
            line += " " * (self._column + 1 - len(line))
            line[self._column] = plain
            self._column += 1

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self._lines):
            self._lines.append([])

    def _do(self, what: str, numbers: str) -> None:
        count = int(numbers) if numbers.isdecimal() else 1
        if what == "A":
            self._row = max(self._row - count, len(self._lines) - self._rows, 0)
        elif what == "K":
            del self._lines[self._row][0 if numbers == "2" else self._column :]
        elif what == "J":
            del self._lines[self._row][self._column :], self._lines[self._row + 1 :]
        elif what in "CDG":
            self._column = {"C": self._column + count, "D": self._column - count, "G": count - 1}[what]
        else:
            assert what in "mhl", f"a terminal is told {what!r}"
