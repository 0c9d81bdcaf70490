"""A ledger in a file: compare-and-append, synced where the caller's promise needs it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from strands.types.exceptions import SessionException

from .disk import Disk, Moved, SyncFailed
from .ledger import FORMAT, SYNCED, Fold, Kind, decode, encode, to_json
from .ledger_scan import Head, Scan, format_told, scan


class LedgerFile:
    """The ledger `path`. Its writer holds the agent's lease.

    Args:
        disk: The file system.
        path: The file.
        root: The topmost directory whose names are ours to make durable.
    """

    def __init__(self, disk: Disk, path: Path, root: Path) -> None:
        self.path = path
        self._disk = disk
        self._root = root
        self._size = 0
        self._name = ""
        self._read_size = 0
        self._seq = 0
        self._rooted = False  # the ledger itself says that its name is durable
        self._root_synced = False  # this object has made it so
        self._unsynced = False
        self._broken = False

    def read(self, head: Head | None = None) -> tuple[Scan, Fold]:
        """Return what the file holds; appending goes on after it.

        Args:
            head: How far it is known to be on disk; read before this is called.

        Raises:
            SessionException: A newer release wrote it.
        """
        content = self._disk.read(self.path) or b""
        self._read_size = len(content)
        self._name = content[:8].decode(errors="replace")
        is_whole = decode(content.partition(b"\n")[0]) is not None
        if head is not None and is_whole and head.ledger != self._name:
            head = None  # of a ledger that was there before this one
        found = scan(content, head=head)
        fold = Fold().take(found.entries)
        newest = max(fold.format, format_told(found.gaps))
        if newest > FORMAT:
            raise SessionException(
                f"{str(self.path)!r} has format {newest}; this release reads up to {FORMAT}: upgrade strands-cli"
            )
        self._size, self._seq = found.end, found.next
        self._rooted, self._root_synced = fold.rooted, False
        self._unsynced = self._broken = False
        return found, fold

    def is_as_read(self) -> bool:
        """Return whether the file is as long as `read` found it."""
        return max(self._disk.size(self.path), 0) == self._read_size

    def news(self) -> Fold | None:
        """Return what others have appended since, or None when there is nothing; a torn end is cut off, and kept aside.

        Raises:
            SessionException: The disk did not confirm a write of ours, so what is there is not known.
        """
        self._check_sound()
        size = max(self._disk.size(self.path), 0)
        if size == self._size:
            return None
        if size < self._size:
            return Fold()
        content = self._disk.read_from(self.path, self._size)
        found = scan(content, first=self._seq)
        if found.end == 0:
            self._disk.keep_aside(self.path, content)
            self._disk.truncate(self.path, self._size)
            return None
        return Fold().take(found.entries)

    @property
    def is_sound(self) -> bool:
        """Whether all that was written durably is on disk, as far as is known."""
        return not self._broken and not self._unsynced

    def close_line(self) -> None:
        """Give the last line the line break that it lacks."""
        self._disk.append(self.path, b"\n", expect=self._size, durable=False)
        self._size += 1

    def head(self, next_id: int, *, at_rest: bool) -> Head:
        """Return how far the file is on disk, after a durable write."""
        return Head(self._name, self._seq, self._size, next_id, at_rest)

    def append(self, items: Sequence[tuple[Kind, str]], *, durable: bool) -> None:
        """Append entries, each a kind and its data as JSON text; all or none.

        Args:
            items: The entries; there may be none, with `durable`, to sync the earlier ones.
            durable: Return only when all that was appended outlives a power loss.

        Raises:
            Moved: Somebody else has written; nothing was.
            OSError: The disk refuses; the file is as before.
            SyncFailed: The disk did not confirm; nothing more is written through this object.
        """
        self._check_sound()
        if durable and not items and self._unsynced:
            items = [("synced", "{}")]  # the lines before were written without the mark
        lines = self._lines(items, synced=durable)
        try:
            if lines:
                self._disk.append(self.path, b"".join(lines), expect=self._size, durable=durable)
                self._wrote(lines)
                self._rooted = self._rooted or self._root_synced
                self._unsynced = not durable
            if durable and self._size and not (self._rooted or self._root_synced):
                self._sync_root()
        except SyncFailed:
            self._broken = True
            raise

    def rewrite(self, items: Sequence[tuple[Kind, str]]) -> None:
        """Replace the whole file by `items`, durably and at once."""
        self._size = self._seq = 0
        self._rooted = self._root_synced = False
        lines = self._lines(items, synced=True)
        self._disk.replace(self.path, b"".join(lines), durable=True)
        self._wrote(lines)

    def clear(self, cleared: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> None:
        """Take something out of the entries, durably and at once; lines keep their places and their lengths.

        Args:
            cleared: Gets the kind and the data of each entry, and returns the data without it, or None.
        """
        lines = (self._disk.read(self.path) or b"").split(b"\n")
        for number, line in enumerate(lines):
            entry = decode(line)
            data = cleared(entry.kind, entry.data) if entry is not None else None
            if entry is None or data is None:
                continue
            text, synced = to_json(data), line.endswith(SYNCED)
            kind = cast("Kind", entry.kind)
            shorter = len(line) + 1 - len(encode(entry.seq, kind, entry.at, text, synced=synced))
            lines[number] = encode(entry.seq, kind, entry.at, text + " " * shorter, synced=synced)[:-1]
        content = b"\n".join(lines)
        self._disk.replace(self.path, content, durable=True)
        self._size = len(content)

    def _wrote(self, lines: list[bytes]) -> None:
        if self._seq == 0:
            self._name = lines[0][:8].decode()
        self._size += sum(map(len, lines))
        self._seq += len(lines)

    def _check_sound(self) -> None:
        if self._broken:
            raise SessionException(
                f"the disk did not confirm an earlier write to {str(self.path)!r}, so nothing more is written. "
                "Check the disk, then create the agent again to see what was kept"
            )

    def _lines(self, items: Sequence[tuple[Kind, str]], *, synced: bool) -> list[bytes]:
        if not items:
            return []
        now = time.time()
        head: list[tuple[Kind, str]] = []
        if self._seq == 0:
            head = [("opened", f'{{"format":{FORMAT},"id":"{os.urandom(8).hex()}"}}')]
        elif self._root_synced and not self._rooted:
            head = [("rooted", "{}")]
        numbered = list(enumerate([*head, *items], start=self._seq))
        last = numbered[-1][0] if synced else -1
        return [encode(seq, kind, now, text, synced=seq == last) for seq, (kind, text) in numbered]

    def _sync_root(self) -> None:
        directory = self.path.parent
        while True:
            self._disk.sync_directory(directory)
            if directory in (self._root, directory.parent):
                break
            directory = directory.parent
        self._root_synced = True


__all__ = ["LedgerFile", "Moved"]
