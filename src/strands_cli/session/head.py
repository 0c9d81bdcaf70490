"""How far a journal is on disk, told outside of it: a journal that has become shorter than that is noticed.

The head is written after each sync of the journal and is not synced itself, so it costs no wait. What the disk holds of
it may be old, and then it says less than is there; it never says more.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

NAME = "journal.head"
_WIDTH = 256


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
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return head if text == _line(head) else None


def write(directory: Path, head: Head) -> None:
    """Say how far the journal is on disk; where that cannot be written, what was said before holds."""
    with contextlib.suppress(OSError):
        file = _opened(directory / NAME)
        try:
            if hasattr(os, "pwrite"):
                os.pwrite(file, _line(head), 0)
            else:
                os.write(file, _line(head))
        finally:
            os.close(file)


def _opened(path: Path) -> int:
    flags = os.O_WRONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        file = os.open(path, flags | os.O_CREAT, 0o600)
        os.chmod(path, 0o600)
        return file


def _line(head: Head) -> bytes:
    text = json.dumps(head._asdict())
    check = hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
    return f'{text[:-1]}, "check": "{check}"}}'.encode("ascii").ljust(_WIDTH - 1) + b"\n"
