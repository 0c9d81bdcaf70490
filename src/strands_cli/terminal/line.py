"""One line being edited: keys in, text and cursor out. It knows nothing of any terminal device."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[@-~]|O[@-~]|[^\[O])", re.DOTALL)
_INCOMPLETE = re.compile(r"\x1b(?:\[[0-9;?]*|O)?\Z")
_PASTE_END = "\x1b[201~"
_WORD_BACK = re.compile(r"\S*\s*\Z")
_WORD_AHEAD = re.compile(r"\s*\S*")


def clusters(text: str) -> Sequence[str]:
    """Return what a reader takes for the characters of `text`: its extended grapheme clusters (Unicode, UAX #29)."""
    if text.isascii():
        return text
    import regex

    found: list[str] = regex.findall(r"\X", text)
    return found


class Line:
    """The text of an answer while it is typed.

    Attributes:
        text: What has been typed.
        cursor: Index into `text`.
        done: Whether Enter was pressed.
        ended: Whether Ctrl-D was pressed on an empty line.
    """

    def __init__(self) -> None:
        self.text: str = ""
        self.cursor: int = 0
        self.done: bool = False
        self.ended: bool = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._pasting = False

    def feed(self, data: bytes) -> None:
        """Take what the keyboard sent. What follows Enter is dropped: nobody answers a question they have not seen."""
        pending = self._pending + self._decoder.decode(data)
        self._pending = ""
        while pending and not (self.done or self.ended):
            pending = self._paste(pending) if self._pasting else self._key(pending)

    def _paste(self, pending: str) -> str:
        body, end, rest = pending.partition(_PASTE_END)
        if not end:
            cut = _partial_end(body)
            body, self._pending = body[: len(body) - cut], body[len(body) - cut :]
        self._insert(body.replace("\r\n", "\n").replace("\r", "\n"))
        self._pasting = not end
        return rest

    def _key(self, pending: str) -> str:
        if pending[0] == "\x1b":
            return self._escape(pending)
        run = re.match(r"[^\x00-\x1f\x7f]+", pending)
        if run:
            self._insert(run[0])
            return pending[run.end() :]
        self._control(pending[0])
        return pending[1:]

    def _escape(self, pending: str) -> str:
        sequence = _SEQUENCE.match(pending)
        if not sequence:
            if _INCOMPLETE.match(pending):
                self._pending = pending
                return ""
            return pending[1:]
        self._command(sequence[0])
        return pending[sequence.end() :]

    def _control(self, key: str) -> None:
        if key in "\r\n":
            self.done = True
        elif key in "\x7f\x08":
            self._delete(self._left(), self.cursor)
        elif key == "\x04":
            self.ended = not self.text
            self._delete(self.cursor, self._right())
        elif key == "\x15":
            self._delete(0, self.cursor)
        elif key == "\x0b":
            self._delete(self.cursor, len(self.text))
        elif key == "\x17":
            self._delete(self._word_start(), self.cursor)
        elif key in _MOVES:
            self._move(_MOVES[key])

    def _command(self, sequence: str) -> None:
        if sequence == "\x1b[200~":
            self._pasting = True
        elif sequence in ("\x1b\r", "\x1b\n"):
            self._insert("\n")
        elif sequence == "\x1b[3~":
            self._delete(self.cursor, self._right())
        elif sequence == "\x1b\x7f":
            self._delete(self._word_start(), self.cursor)
        elif sequence in _MOVES:
            self._move(_MOVES[sequence])

    def _insert(self, text: str) -> None:
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def _delete(self, start: int, end: int) -> None:
        start = max(start, 0)
        self.text = self.text[:start] + self.text[max(end, start) :]
        self.cursor = min(start, len(self.text))

    def _move(self, where: str) -> None:
        targets = {"left": self._left(), "right": self._right(), "home": 0, "end": len(self.text)}
        if where == "word left":
            targets[where] = self._word_start()
        elif where == "word right":
            ahead = _WORD_AHEAD.match(self.text, self.cursor)
            targets[where] = ahead.end() if ahead else self.cursor
        self.cursor = min(max(targets[where], 0), len(self.text))

    def _left(self) -> int:
        """Where the character before the cursor begins: a letter with its accents, or a joined emoji, is one."""
        before = clusters(self.text[: self.cursor])
        return self.cursor - len(before[-1]) if before else 0

    def _right(self) -> int:
        ahead = clusters(self.text[self.cursor :])
        return self.cursor + len(ahead[0]) if ahead else self.cursor

    def _word_start(self) -> int:
        back = _WORD_BACK.search(self.text[: self.cursor])
        return back.start() if back else 0


_MOVES = {
    "\x01": "home",
    "\x05": "end",
    "\x02": "left",
    "\x06": "right",
    "\x1b[D": "left",
    "\x1bOD": "left",
    "\x1b[C": "right",
    "\x1bOC": "right",
    "\x1b[H": "home",
    "\x1bOH": "home",
    "\x1b[1~": "home",
    "\x1b[F": "end",
    "\x1bOF": "end",
    "\x1b[4~": "end",
    "\x1b[1;5D": "word left",
    "\x1bb": "word left",
    "\x1b[1;5C": "word right",
    "\x1bf": "word right",
}


def _partial_end(body: str) -> int:
    """Return how many of the last characters may be the beginning of the end-of-paste mark, or of a CRLF."""
    if body.endswith("\r"):
        return 1
    for length in range(min(len(_PASTE_END) - 1, len(body)), 0, -1):
        if _PASTE_END.startswith(body[-length:]):
            return length
    return 0
