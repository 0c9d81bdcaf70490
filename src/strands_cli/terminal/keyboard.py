"""Reading an answer from a person's keyboard without holding up the event loop, and leaving the terminal as it was."""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

from strands_cli.terminal.device import write
from strands_cli.terminal.escape import visible
from strands_cli.terminal.line import Line, clusters

_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
_TICK = 1.0
_DRAWN = 4000


async def read_line(label: Callable[[], str], out: TextIO) -> str:
    """Read a line from the terminal at standard input.

    The line can be edited; a pasted text keeps its newlines, and Alt-Enter types one. What was typed before the label
    appeared is dropped, so that nobody answers what they have not seen. Cancelling restores the terminal.

    Args:
        label: Returns what stands before the answer; asked again every second, so that it can count down.
        out: The terminal to draw on.

    Returns:
        The line without its end.

    Raises:
        EOFError: Ctrl-D was pressed on an empty line, or the terminal went away.
    """
    keyboard = _Keyboard(sys.stdin.fileno(), out, label)
    keyboard.open()
    try:
        return await keyboard.answer()
    finally:
        keyboard.close()


class _Keyboard:
    def __init__(self, fd: int, out: TextIO, label: Callable[[], str]) -> None:
        self._fd = fd
        self._label = label
        self._view = _View(out)
        self._line = Line()
        self._saved: list[Any] = []
        self._shown: tuple[object, ...] = ()

    def open(self) -> None:
        import termios

        try:
            self._saved = termios.tcgetattr(self._fd)
            self._raw(termios.TCSAFLUSH)
        except termios.error as error:
            raise EOFError("the terminal went away") from error
        atexit.register(self._restore)
        self._view.control(_PASTE_ON)
        self._draw()

    def close(self) -> None:
        self._view.finish(self._label(), self._line.text)
        self._view.control(_PASTE_OFF)
        self._restore()
        atexit.unregister(self._restore)

    async def answer(self) -> str:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._fd, self._read, ready)
        try:
            while not (self._line.done or self._line.ended):
                ready.clear()
                tick = loop.call_later(_TICK, ready.set)
                await ready.wait()
                tick.cancel()
                self._refresh()
        finally:
            loop.remove_reader(self._fd)
        if self._line.ended:
            raise EOFError
        return self._line.text

    def _read(self, ready: asyncio.Event) -> None:
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._line.feed(data)
        else:
            self._line.ended = True
        ready.set()

    def _refresh(self) -> None:
        """Draw what changed; after a stop and a continue (Ctrl-Z, fg) the terminal is set up again first."""
        import termios

        try:
            if termios.tcgetattr(self._fd)[3] & (termios.ICANON | termios.ECHO):
                self._raw(termios.TCSADRAIN)
                self._view.control(_PASTE_ON)
                self._shown = ()
        except termios.error:
            self._line.ended = True
            return
        self._draw()

    def _draw(self) -> None:
        label = self._label()
        shown = (label, self._line.text, self._line.cursor, self._view.size())
        if shown != self._shown:
            self._shown = shown
            self._view.draw(label, self._line.text, self._line.cursor)

    def _raw(self, when: int) -> None:
        import termios

        mode = termios.tcgetattr(self._fd)
        mode[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
        mode[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        mode[3] |= termios.ISIG
        mode[6][termios.VMIN] = 1
        mode[6][termios.VTIME] = 0
        termios.tcsetattr(self._fd, when, mode)

    def _restore(self) -> None:
        import termios

        try:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)
        except termios.error:
            return


class _View:
    """Draws label and text over as many rows as they need, again and again at the same place."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._row = 0
        self._drawn = False

    def size(self) -> os.terminal_size:
        try:
            return os.get_terminal_size(self._out.fileno())
        except OSError:
            return os.terminal_size((80, 24))

    def control(self, sequence: str) -> None:
        write(self._out, sequence)

    def draw(self, label: str, text: str, cursor: int) -> None:
        size = self.size()
        text, cursor = _around(text, cursor)
        rows, row, column = _layout(label, text, cursor, max(size.columns - 1, 10))
        most = max(size.lines - 1, 2)
        first = min(max(row - most + 1, 0), max(len(rows) - most, 0))
        rows, row = rows[first : first + most], row - first
        up = f"\x1b[{self._row}A" if self._row else ""
        back = f"\x1b[{len(rows) - 1 - row}A" if len(rows) - 1 > row else ""
        right = f"\x1b[{column}C" if column else ""
        write(self._out, f"{up}\r\x1b[J" + "\n".join(rows) + back + "\r" + right)
        self._row = row
        self._drawn = True

    def finish(self, label: str, text: str) -> None:
        """Leave the whole of label and text on the screen, and go to the next line."""
        if self._drawn:
            self.draw(label, text, len(text))
        write(self._out, "\n")


def _around(text: str, cursor: int) -> tuple[str, int]:
    """Return the part of a very long answer that is worth drawing, and the cursor in it."""
    start, end = max(cursor - _DRAWN, 0), cursor + _DRAWN
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return before + text[start:end] + after, cursor - start + len(before)


def _layout(label: str, text: str, cursor: int, width: int) -> tuple[list[str], int, int]:
    """Break label and text into rows of `width` cells.

    Returns:
        The rows, and row and column of the cursor.
    """
    before = label + visible(text[:cursor])
    whole = label + visible(text)
    rows, column, index = [""], 0, 0
    place: tuple[int, int] | None = None
    for character in clusters(whole):
        if place is None and index >= len(before):
            place = (len(rows) - 1, column)
        index += len(character)
        if character == "\n":
            rows.append("")
            column = 0
            continue
        cells = _cells(character)
        if column + cells > width:
            rows.append("")
            column = 0
        rows[-1] += character
        column += cells
    return rows, *(place or (len(rows) - 1, column))


def _cells(cluster: str) -> int:
    """Return how many columns a grapheme cluster takes: as many as its widest part, two if it is drawn as an emoji."""
    from rich.cells import get_character_cell_size

    if len(cluster) > 1 and ("\ufe0f" in cluster or "\U0001f1e6" <= cluster[0] <= "\U0001f1ff"):
        return 2
    return max(map(get_character_cell_size, cluster))
