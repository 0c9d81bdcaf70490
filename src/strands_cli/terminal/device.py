"""Which streams a person sits at."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether `stream` is a terminal; a closed or replaced stream is not."""
    try:
        return stream is not None and stream.isatty()
    except (ValueError, AttributeError):
        return False


def screen() -> TextIO | None:
    """Return the stream to speak to a person on: standard error, or standard output when only that is a terminal."""
    for stream in (sys.stderr, sys.stdout):
        if is_terminal(stream):
            return stream
    return sys.stderr or sys.stdout


def someone_there() -> bool:
    """Return whether a question can be asked here: both the keyboard and a screen are a terminal."""
    return is_terminal(sys.stdin) and is_terminal(screen())


def can_draw(stream: TextIO | None) -> bool:
    """Return whether `stream` understands cursor movements."""
    return is_terminal(stream) and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def in_notebook() -> bool:
    """Return whether what is printed goes to a notebook."""
    return type(sys.stdout).__module__.partition(".")[0] == "ipykernel"


def takes_any_text(stream: TextIO | None) -> bool:
    """Return whether `stream` can write all characters."""
    return "utf" in (getattr(stream, "encoding", None) or "").lower()


def write(stream: TextIO | None, text: str) -> None:
    """Write `text` in whatever encoding the stream has: what that cannot express is written as its escape."""
    if stream is None:
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
