"""A store of journals in directories."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import stat
import threading
import time
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from strands._home import check_private, check_status, expanded, make_private
from strands._threads import on_disk
from strands.journal import faults, files, lifetime, lines
from strands.journal.changes import ChangeNotes
from strands.journal.drivers import Drivers
from strands.journal.entries import Draft
from strands.journal.errors import SessionExistsError, SessionNotFoundError, StorageError
from strands.journal.faults import storage_errors
from strands.journal.file_blobs import FileBlobs
from strands.journal.file_journal import FileJournal
from strands.journal.file_lists import PREFIX, RECHECK_SECONDS, FileLists
from strands.journal.files import FileOperations
from strands.journal.handle import NAME
from strands.journal.heads import COPIED, HeadsLog, owed
from strands.journal.ids import check_id, is_id
from strands.journal.projection import change_of

logger: logging.Logger = logging.getLogger(__name__)

_TRIES = 10
_ABANDONED = 86_400.0
"""Seconds after which nobody is still beginning a session."""


class FileRepository(FileLists, FileBlobs):
    """Sessions as private directories: `session_<id>/journal.jsonl`.

    Args:
        storage_dir: Where they live.
        disk: The file operations; for tests that need a failing disk.
        recheck: After so many seconds a list looks at all journals again, for what something else has done to them;
            later where that takes long, always for 0.
    """

    def __init__(
        self,
        storage_dir: str | os.PathLike[str],
        *,
        disk: FileOperations | None = None,
        recheck: float = RECHECK_SECONDS,
    ) -> None:
        with storage_errors(Path(storage_dir)):
            self.root: Path = expanded(storage_dir)
            self._changes = ChangeNotes.of(self.root)
        self.recheck: float = recheck
        self._turn = threading.Lock()
        self._memory = None
        self._place: Path | None = None
        self._disk = disk

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs: what is open in this one, and its notes, are its own."""
        return {**vars(self), "_turn": None, "_memory": None, "_changes": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _turn=threading.Lock())
        self._changes = ChangeNotes.of(self.root)

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> FileJournal:
        check_id(session_id)
        directory = self.root / f"{PREFIX}{session_id}"
        for attempt in range(_TRIES):
            self._check_root()
            journal = self._at(directory, session_id)
            try:
                await on_disk(partial(journal.create, opened, rest))
                return journal
            except SessionNotFoundError:  # somebody removed the old session of that id, with its directory
                if attempt == _TRIES - 1:
                    raise
            except SessionExistsError:
                if not await on_disk(partial(self._bury, directory, session_id, only_deleted=True)):
                    raise
        raise AssertionError("unreachable")

    async def open(self, session_id: str) -> FileJournal:
        return self._at(self._directory(session_id), session_id)

    def _at(self, directory: Path, session_id: str) -> FileJournal:
        return FileJournal(directory, session_id, self._live(), self._disk, self._changes)

    async def ids(self) -> list[str]:
        return self._ids("")

    async def resolve(self, prefix: str, limit: int = 2) -> list[str]:
        return self._ids(prefix)[:limit]

    def _ids(self, prefix: str) -> list[str]:
        return [id for id in self._scanned(prefix) if os.path.isfile(self._journal(id))]

    async def delete(self, session_id: str, *, expect: int | None = None) -> None:
        try:
            directory = self._directory(session_id)
            await on_disk(partial(self._bury, directory, session_id, expect))
        except SessionNotFoundError:
            if expect is None:
                raise

    async def beside(self, name: str, opened: Draft | None = None) -> FileJournal:
        """Return a journal that is none of the sessions, as `strands.journal.beside.beside` does."""
        directory = self.root / f".{name}"
        journal = FileJournal(directory, name, self._live(), self._disk)
        if opened is None and not (directory / NAME).is_file():
            raise SessionNotFoundError(f"there is no journal {name!r} in {self.root}", hint="Nothing is on record.")
        if opened is not None:
            self._check_root()
            with contextlib.suppress(SessionExistsError):
                await on_disk(partial(journal.create, opened))
        return FileJournal(directory, name, self._live(), self._disk)

    async def export(self, session_id: str) -> bytes:
        """Return the lines of a session, perhaps with the beginning of one that is being written.

        Raises:
            SessionNotFoundError: There is none.
        """
        journal = await self.open(session_id)
        await journal.load()
        with storage_errors(journal.path):
            return journal.path.read_bytes()

    async def content(self, session_id: str) -> bytes:
        """Return the lines of a session as they are, whatever is wrong with them.

        Raises:
            SessionNotFoundError: There is none.
        """
        path = self._directory(session_id) / NAME
        with storage_errors(path):
            return await on_disk(path.read_bytes)

    def heads_log(self) -> HeadsLog:
        """Return the log of what its sessions were when something had been decided in them."""
        from strands.journal.file_heads import FileHeads

        return FileHeads(self.root)

    def buried(self) -> set[str]:
        """Return the ids of the sessions that somebody was about to remove when their process ended."""
        with storage_errors(self.root):
            names = os.listdir(self.root) if self.root.is_dir() else []
        graves = (name[len(lifetime.GRAVE) :] for name in names if name.startswith(lifetime.GRAVE))
        return {grave.rpartition("_")[0] for grave in graves}

    async def restore(self, session_id: str, content: bytes) -> None:
        """Begin a session with these lines, durably and at once.

        Raises:
            SessionExistsError: The id is taken.
            StorageError: It cannot be written.
        """
        check_id(session_id)
        self._check_root()
        directory = self.root / f"{PREFIX}{session_id}"
        with storage_errors(directory):
            path, note = f"{directory}/{NAME}", partial(self._changes.note, session_id)
            await on_disk(partial(lifetime.restore, path, session_id, content, note=note))
        await on_disk(partial(self._anchor, session_id, content, COPIED))

    async def sweep(self) -> None:
        await on_disk(self._sweep)
        await self._sweep_blobs()

    async def _used_blobs(self) -> set[str]:
        used: set[str] = set()
        for session_id in await self.ids():
            with contextlib.suppress(SessionNotFoundError):
                used.update(change_of(lines.parse(await self.export(session_id)).entries, 0).files)
        return used

    def _bury(self, directory: Path, session_id: str, expect: int | None = None, *, only_deleted: bool = False) -> bool:
        """Take a session out of the way under its journal's lock, then remove it."""
        grave = directory.with_name(f"{lifetime.GRAVE}{session_id}_{uuid.uuid4().hex}")
        with storage_errors(directory):
            try:
                note = partial(self._changes.note, session_id)
                moved = lifetime.bury(directory / NAME, grave, note, expect=expect, only_deleted=only_deleted)
            except FileNotFoundError as error:
                raise faults.missing(session_id) from error
            if moved:
                files.sync_directory(self.root)
                self._remove(grave, session_id)
        return moved

    def _remove(self, grave: Path, session_id: str) -> None:
        """Remove a session that nobody finds any more; whoever dies meanwhile leaves it to be found by the next."""
        with contextlib.suppress(OSError):
            self._anchor(session_id, (grave / NAME).read_bytes(), "deleted")
        shutil.rmtree(grave, ignore_errors=True)

    def _anchor(self, session_id: str, content: bytes, after: str) -> None:
        """Sign the head of a journal of these lines, where it asks somebody."""
        if b'"kind":"asked"' not in content:
            return
        from strands.journal.signed_heads import of_content

        head = of_content(session_id, content, after, time.time())
        if head is not None:
            owed(self.heads_log(), [head])

    def _sweep(self) -> None:
        with storage_errors(self.root):
            found = list(os.scandir(self.root)) if self.root.is_dir() else []
        for entry in found:
            if entry.is_symlink() or not entry.is_dir():
                continue
            if entry.name.startswith(lifetime.GRAVE):
                self._remove(Path(entry.path), entry.name[len(lifetime.GRAVE) :].rpartition("_")[0])
            elif entry.name.startswith(PREFIX):
                self._sweep_session(Path(entry.path), entry.name[len(PREFIX) :])

    def _sweep_session(self, directory: Path, session_id: str) -> None:
        """Finish the removal of a session that says it is deleted; of one that was never begun leave nothing."""
        with contextlib.suppress(SessionNotFoundError, StorageError, OSError):
            if (directory / NAME).is_file() and self._bury(directory, session_id, only_deleted=True):
                return
            files.sweep_temporary(directory)
            if time.time() - directory.stat().st_mtime > _ABANDONED and not _is_begun(directory):
                shutil.rmtree(directory, ignore_errors=True)

    def _check_root(self) -> None:
        """Check the directory of all sessions, which is made for this user alone if it is not there."""
        try:
            check_status(self.root, os.stat(self.root))
        except FileNotFoundError:
            with storage_errors(self.root):
                make_private(self.root)
        except OSError as error:
            raise faults.of_place(error, self.root) from error

    def _live(self) -> Drivers:
        if self._place is None:
            self._place = Drivers.place(self.root)
        return Drivers.at(self._place)

    def _directory(self, session_id: str) -> Path:
        directory = self.root / f"{PREFIX}{session_id}"
        with storage_errors(directory):
            status = _status_of_session(directory) if is_id(session_id) else None
            if status is not None:
                check_private(self.root)
                check_status(directory, status)
                return directory
        shown = session_id if len(session_id) <= 80 else session_id[:77] + "..."
        raise SessionNotFoundError(f"no session {shown!r} in {self.root}", hint="List them: strands sessions list.")


def _status_of_session(directory: Path) -> os.stat_result | None:
    """Return the status of a session's directory; None when there is none, or no journal in it."""
    try:
        status = os.lstat(directory)
        journal = os.stat(os.path.join(directory, NAME))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISDIR(status.st_mode) and stat.S_ISREG(journal.st_mode) else None


def _is_begun(directory: Path) -> bool:
    """Whether there is anything in a session's directory but what its creation had begun to write."""
    return any(name != NAME or (directory / name).stat().st_size for name in os.listdir(directory) if name[0] != ".")
