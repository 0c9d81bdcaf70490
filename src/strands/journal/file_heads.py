"""The heads log of a directory of sessions: `heads.jsonl` in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from strands._home import make_private
from strands.journal import files, lines, signed_heads
from strands.journal.faults import storage_errors
from strands.journal.heads import NAME, JournalHead
from strands.journal.signed_heads import HeadsMark

_END = 4096
"""Bytes that surely hold the last two lines."""


class FileHeads:
    """The heads log of the sessions in `root`; see `HeadsLog`."""

    def __init__(self, root: Path | str) -> None:
        self._path = os.path.join(os.path.realpath(root), NAME)

    @property
    def place(self) -> str:
        return os.path.dirname(self._path)

    def append(self, new: Sequence[JournalHead]) -> None:
        with storage_errors(Path(self._path)):
            file = self._opened()
            try:
                with files.locked(file, self._path):
                    before = self._end(file)
                    content, last = signed_heads.encode(new, before.entries, before.last)
                    files.write_all(file, content)
                    files.sync(file, self._path)
                    now = HeadsMark(before.entries + len(new), last)
                    signed_heads.advance_mark(self.place, before, now, lambda mark: _has(_all(file), mark))
            finally:
                os.close(file)

    def content(self) -> bytes:
        with storage_errors(Path(self._path)):
            try:
                file = files.open_private(self._path, os.O_RDONLY)
            except FileNotFoundError:
                return b""
            try:
                with files.locked(file, self._path, shared=True):
                    return _all(file)
            finally:
                os.close(file)

    def _opened(self) -> int:
        try:
            return files.open_private(self._path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            make_private(Path(self.place))
        try:
            file = files.open_private(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return files.open_private(self._path, os.O_RDWR | os.O_APPEND)
        files.sync_directory(self.place)
        return file

    def _end(self, file: int) -> HeadsMark:
        """Return how far the log is; what a killed writer left half written is cut off."""
        size = os.fstat(file).st_size
        begin = max(0, size - _END)
        *rest, last, torn = [b"", b"", *os.pread(file, size - begin, begin).split(b"\n")]
        if not torn and (not size or lines.checked(last, lines.sum_of(rest[-1]) if rest[-1] else "") is not None):
            return HeadsMark(lines.read_json(last)["seq"] + 1 if last else 0, lines.sum_of(last))
        return self._mended(file)

    def _mended(self, file: int) -> HeadsMark:
        """Cut off what is torn; behind what somebody has changed the log goes on, and the change stays to be seen."""
        content = _all(file)
        parsed = lines.parse(content)
        if parsed.damage is None or parsed.damage.torn:
            files.truncate(file, parsed.size)
            return HeadsMark(len(parsed.entries), parsed.last_sum)
        whole = content[: content.rfind(b"\n") + 1]
        files.truncate(file, len(whole))
        return HeadsMark(whole.count(b"\n"), lines.sum_of(whole.rstrip(b"\n").rpartition(b"\n")[2]))


def _all(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)


def _has(content: bytes, mark: HeadsMark) -> bool:
    line = content.split(b"\n", mark.entries)[mark.entries - 1 : mark.entries]
    return bool(line) and lines.sum_of(line[0]) == mark.last
