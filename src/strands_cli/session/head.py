"""How far a journal is on disk, told outside of it: a journal that has become shorter than that is noticed.

The head is written after each sync of the journal and is not synced itself, so it costs no wait. What the disk holds of
it may be old, and then it says less than is there; it never says more.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import NamedTuple

NAME = "journal.head"
_WIDTH = 256
_WRITE = os.O_WRONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class Head(NamedTuple):
    """The first `entries` entries, `size` bytes, are on disk.

    `opening` and `last` are the sums of the first and the last line of them.
    """

    entries: int
    size: int
    opening: str
    last: str


def read(directory: Path) -> Head | None:
    """Return what the head says; None when there is none, or it cannot be read."""
    try:
        with open(directory / NAME, "rb") as file:
            text = file.read(_WIDTH)
        told = json.loads(text)
        head = Head(told["entries"], told["size"], told["opening"], told["last"])
        return head if text == _line(head) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(path: str, head: Head) -> None:
    """Say in `path` how far the journal is on disk; where that cannot be written, what was said before holds."""
    try:
        try:
            file = os.open(path, _WRITE)
        except FileNotFoundError:
            file = os.open(path, _WRITE | os.O_CREAT, 0o600)
            os.chmod(path, 0o600)
        try:
            os.write(file, _line(head))
        finally:
            os.close(file)
    except OSError:
        pass


def _line(head: Head) -> bytes:
    entries, size, opening, last = head
    text = f'{{"entries": {entries}, "size": {size}, "opening": "{opening}", "last": "{last}"'
    check = zlib.crc32(text.encode("ascii"))
    return f'{text}, "check": {check}}}'.encode("ascii").ljust(_WIDTH - 1) + b"\n"
