"""Numbers, times and tables as people read them."""

from __future__ import annotations

import shutil
import sys
import time
import unicodedata
from collections.abc import Sequence

from strands_cli.cli.lines import shortened
from strands_cli.terminal.device import is_terminal
from strands_cli.terminal.escape import one_line

_LAST = 24
"""Columns that are kept for the last cell of a line, where ids before it can be shorter."""
_LEAST = 16
_LONGEST_WORD = 16


def count(number: int, noun: str) -> str:
    """Return "1 agent", "2 agents"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def seconds(value: float) -> str:
    """Return a duration: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if value < 9.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def ago(moment: float | None) -> str:
    """Return how long ago a Unix time was, roughly: "now", "5 min ago", "3 d ago"."""
    if moment is None:
        return ""
    past = max(time.time() - moment, 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if past >= size:
            return f"{int(past // size)} {unit} ago"
    return "now"


def when(moment: float | None) -> str:
    """Return a Unix time as local date and time."""
    return "" if moment is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def table(rows: Sequence[Sequence[object]], *, whole: bool = False, shorten: int | None = None) -> str:
    """Return rows in aligned columns; every cell stays on its line.

    Args:
        rows: The cells.
        whole: Whether to keep lines whole on a terminal that is too narrow for them.
        shorten: The column of ids: there they lose their middle before the last column is cut off.
    """
    columns = 0 if whole or not is_terminal(sys.stdout) else shutil.get_terminal_size().columns
    cells = [[one_line(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    if shorten is not None and columns:
        taken = sum(widths) + 2 * (len(widths) - 1) - widths[shorten] - max(widths[-1] - _LAST, 0)
        widths[shorten] = min(widths[shorten], max(columns - taken, _LEAST))
        for row in cells:
            row[shorten] = shortened(row[shorten], widths[shorten])
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join(_cut(line, columns) for line in lines)


def folded(line: str, indent: int = 5) -> str:
    """Return a line folded between words to the width of a terminal; elsewhere as it is.

    Args:
        line: The line.
        indent: How many columns what follows the first line stands to the right.
    """
    import textwrap

    if not is_terminal(sys.stdout):
        return line
    columns = shutil.get_terminal_size().columns
    return textwrap.fill(line, columns, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def _cut(line: str, columns: int) -> str:
    if not columns or _width(line) <= columns:
        return line
    while _width(line) >= columns:
        line = line[:-1]
    word = line.rfind(" ", len(line) - _LONGEST_WORD)
    within = word > 0 and line[word - 1] != " "  # a cell that is one long word is cut, and not left out
    return f"{line[:word] if within else line}…"


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
