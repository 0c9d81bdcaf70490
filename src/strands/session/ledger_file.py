"""A ledger in a file: compare-and-append, synced where the caller's promise needs it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from strands.types.exceptions import SessionException

from .disk import Disk, Moved, SyncFailed
from .ledger import FORMAT, Fold, Kind, Scan, encode, scan


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
        self._read_size = 0
        self._seq = 0
        self._rooted = False  # the ledger itself says that its name is durable
        self._root_synced = False  # this object has made it so
        self._unsynced = False
        self._broken = False

    def read(self) -> tuple[Scan, Fold]:
        """Return what the file holds; appending goes on after it.

        Raises:
            SessionException: A newer release wrote it.
        """
        content = self._disk.read(self.path) or b""
        self._read_size = len(content)
        found = scan(content)
        fold = Fold().take(found.entries)
        if fold.format > FORMAT:
            raise SessionException(
                f"{str(self.path)!r} has format {fold.format}; this release reads up to {FORMAT}: upgrade strands-cli"
            )
        self._size, self._seq = found.end, len(found.entries)
        self._rooted, self._root_synced = fold.rooted, False
        self._unsynced = self._broken = False
        return found, fold

    def is_as_read(self) -> bool:
        """Return whether the file is as long as `read` found it."""
        return max(self._disk.size(self.path), 0) == self._read_size

    def news(self) -> Fold | None:
        """Return what others have appended since, or None when there is nothing; a torn tail is cut off.

        Raises:
            SessionException: The disk did not confirm a write of ours, so what is there is not known.
        """
        self._check_sound()
        size = max(self._disk.size(self.path), 0)
        if size == self._size:
            return None
        if size < self._size:
            return Fold()
        found = scan(self._disk.read_from(self.path, self._size), first=self._seq)
        if found.end == 0:
            self._disk.truncate(self.path, self._size)
            return None
        return Fold().take(found.entries)

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
        lines = self._lines(items)
        try:
            if lines:
                self._disk.append(self.path, b"".join(lines), expect=self._size, durable=durable)
                self._size += sum(map(len, lines))
                self._seq += len(lines)
                self._rooted = self._rooted or self._root_synced
                self._unsynced = not durable
            elif durable and self._unsynced:
                self._disk.sync(self.path)
                self._unsynced = False
            if durable and self._size and not (self._rooted or self._root_synced):
                self._sync_root()
        except SyncFailed:
            self._broken = True
            raise

    def rewrite(self, items: Sequence[tuple[Kind, str]]) -> None:
        """Replace the whole file by `items`, durably and at once."""
        self._size = self._seq = 0
        self._rooted = self._root_synced = False
        lines = self._lines(items)
        self._disk.replace(self.path, b"".join(lines), durable=True)
        self._size, self._seq = sum(map(len, lines)), len(lines)

    def _check_sound(self) -> None:
        if self._broken:
            raise SessionException(
                f"the disk did not confirm an earlier write to {str(self.path)!r}, so nothing more is written. "
                "Check the disk, then create the agent again to see what was kept"
            )

    def _lines(self, items: Sequence[tuple[Kind, str]]) -> list[bytes]:
        if not items:
            return []
        now = time.time()
        head: list[tuple[Kind, str]] = []
        if self._seq == 0:
            head = [("opened", f'{{"format":{FORMAT}}}')]
        elif self._root_synced and not self._rooted:
            head = [("rooted", "{}")]
        return [encode(seq, kind, now, text) for seq, (kind, text) in enumerate([*head, *items], start=self._seq)]

    def _sync_root(self) -> None:
        directory = self.path.parent
        while True:
            self._disk.sync_directory(directory)
            if directory in (self._root, directory.parent):
                break
            directory = directory.parent
        self._root_synced = True


__all__ = ["LedgerFile", "Moved"]
