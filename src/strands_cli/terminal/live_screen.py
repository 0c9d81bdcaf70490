"""Lines that stay on a terminal, above a part that is drawn anew and vanishes at the end."""

from __future__ import annotations

import sys
import textwrap
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

from strands_cli.terminal.device import can_draw, is_terminal, write
from strands_cli.terminal.hold import while_asking

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

_A_SECOND = 8

_drawing = threading.Lock()
"""One at a time draws on a terminal; the lines of others stand above what it draws."""


class LiveScreen:
    """Prints lines, and draws below them while it is entered; on anything but a terminal it only prints.

    While a person is asked, lines wait.

    Args:
        out: Where.
        below: Returns what is drawn below the lines.

    Attributes:
        draws: Whether anything is drawn.
    """

    def __init__(self, out: TextIO, below: Callable[[Console, ConsoleOptions], RenderResult]) -> None:
        self._out = out
        self._below = _Below(below)
        self._drawing: _Drawing | None = None
        self._waiting: list[Callable[[], None]] | None = None
        self._pauses = 0
        self._forget: Callable[[], None] = lambda: None
        self._is_mine = False
        self.draws: bool = can_draw(out)

    def __enter__(self) -> LiveScreen:
        self._is_mine = self.draws and _drawing.acquire(blocking=False)
        self._forget = while_asking(self.pause)
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()
        self._stop()
        self._tell_waiting()
        if self._is_mine:
            self._is_mine = False  # what resumes later draws nothing any more
            _drawing.release()

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return self._console().width

    def line(self, text: str, style: str = "") -> None:
        """Print a line; on a terminal it is folded between words, and its first character has the style."""
        self._tell(lambda: self._print(text, style))

    def draw(self, what: RenderableType) -> None:
        """Print what `rich` draws; only on a terminal."""
        self._tell(lambda: self._console().print(what))

    def pause(self) -> Callable[[], None]:
        """Take away what is drawn, and let lines wait until the function that is returned is called."""
        self._pauses += 1
        if self._pauses == 1:
            self._stop()
            self._waiting = []
        return self._resume

    def _resume(self) -> None:
        self._pauses -= 1
        if not self._pauses:
            self._tell_waiting()
            self._start()

    def _tell(self, print_it: Callable[[], None]) -> None:
        if self._waiting is not None:
            self._waiting.append(print_it)
        else:
            print_it()

    def _tell_waiting(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for print_it in waiting:
            print_it()

    def _print(self, text: str, style: str) -> None:
        if not self.draws:
            write(self._out, text + "\n")
            return
        from rich.text import Text

        console = self._console()
        shown = Text(_folded(text, console.width))
        if style:
            shown.stylize(style, 0, 1)
        console.print(shown, soft_wrap=True)

    def _console(self) -> Console:
        if self._drawing is not None:
            return self._drawing.live.console
        from strands_cli.terminal.canvas import Canvas

        return Canvas(self._out)

    def _start(self) -> None:
        if self._is_mine:
            self._drawing = _Drawing(self._out, self._below)

    def _stop(self) -> None:
        drawing, self._drawing = self._drawing, None
        if drawing is not None:
            drawing.stop()


class _Drawing:
    """Draws anew several times a second, in a thread of its own, until it is stopped; then nothing of it is left."""

    def __init__(self, out: TextIO, below: RenderableType) -> None:
        from rich.live import Live

        from strands_cli.terminal.canvas import Canvas

        self._stopped = threading.Event()
        console = self._console = Canvas(out)
        redirects = is_terminal(sys.stdout)
        self.live = Live(below, console=console, auto_refresh=False, transient=True, redirect_stdout=redirects)
        with console.whole:
            self.live.start()
        self._thread = threading.Thread(target=self._refresh, daemon=True, name="strands-progress")
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        with self._console.whole:
            self.live.stop()

    def _refresh(self) -> None:
        while not self._stopped.wait(1 / _A_SECOND):
            with self._console.whole:
                self.live.refresh()


class _Below:
    def __init__(self, draw: Callable[[Console, ConsoleOptions], RenderResult]) -> None:
        self._draw = draw

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._draw(console, options)


def _folded(text: str, columns: int) -> str:
    """Return lines folded between words."""
    return "\n".join(part for line in text.split("\n") for part in _parts(line, columns))


def _parts(line: str, columns: int) -> Sequence[str]:
    if len(line) <= columns:
        return (line,)
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
