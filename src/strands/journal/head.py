"""How far a journal is on disk, told outside of it: a journal that has become shorter than that is noticed.

The head is written after each sync of the journal and is not synced itself, so it costs no wait. What the disk holds of
it may be old, and then it says less than is there; it never says more.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from typing import NamedTuple

NAME = "journal.head"
WIDTH = 256
"""How many bytes it has; behind them stands what `strands.journal.question_index` tells."""

_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # no FIFO waits
_READ = os.O_RDONLY | _FLAGS
_WRITE = os.O_WRONLY | os.O_CREAT | _FLAGS


class Head(NamedTuple):
    """The first `entries` entries, `size` bytes, are on disk.

    `opening` and `last` are the sums of the first and the last line of them; `more` is what stands behind the head.
    """

    entries: int
    size: int
    opening: str
    last: str
    more: bytes = b""


def read(path: str) -> Head | None:
    """Return what the head `path` says; None when there is none, or it cannot be read."""
    try:
        file = os.open(path, _READ)
        try:
            text = os.read(file, WIDTH)
        finally:
            os.close(file)
        told = json.loads(text)
        head = Head(told["entries"], told["size"], told["opening"], told["last"])
        return head if text == line(head) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(path: str, head: Head) -> None:
    """Say in `path` how far the journal is on disk; where that cannot be written, what was said before holds."""
    with contextlib.suppress(OSError):
        file = opened(path)
        try:
            os.write(file, line(head) + head.more)
        finally:
            os.close(file)


def opened(path: str) -> int:
    """Open the head to be written, for its owner alone whatever the umask.

    Raises:
        OSError: It cannot be.
    """
    file = os.open(path, _WRITE, 0o600)
    try:
        if os.name == "posix" and os.fstat(file).st_mode & 0o777 != 0o600:
            os.chmod(file, 0o600)
    except BaseException:
        os.close(file)
        raise
    return file


def line(head: Head) -> bytes:
    """Return what a head is written as."""
    entries, size, opening, last, _ = head
    text = f'{{"entries": {entries}, "size": {size}, "opening": "{opening}", "last": "{last}"'
    check = zlib.crc32(text.encode("ascii"))
    return f'{text}, "check": {check}}}'.encode("ascii").ljust(WIDTH - 1) + b"\n"
