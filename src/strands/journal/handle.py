"""A journal's files: opened for what is done with them, or kept open while the session is driven.

Where they are kept open an append looks at the name once, and a sync at nothing.

Only so many are kept open in a process, so that thousands of drives do not run out of file descriptors; whoever comes
when there are that many opens the files at each append. A forked child lets go of what it inherited, because a lock on
it would be its parent's too.
"""

from __future__ import annotations

import contextlib
import os
import threading
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import ClassVar
from weakref import WeakSet

from strands._home import check_status
from strands.journal import faults, files, head
from strands.journal.changes import ChangeNotes
from strands.journal.files import FileOperations
from strands.journal.head import Head

NAME = "journal.jsonl"
MOST = 512
"""How many journals are kept open at once in a process, at most."""

_SHARE = 16
"""One journal, which is two files, is kept open for so many files that the process may open."""


@cache
def _most() -> int:
    """Return how many journals are kept open at once in this process."""
    import resource

    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if allowed == resource.RLIM_INFINITY else min(MOST, allowed // _SHARE)


class Handle:
    """An open journal, and the head beside it. It is closed when the last who uses it, a sync perhaps, lets it go.

    Attributes:
        file: The journal, open to be read and appended to.
        turn: Held by the thread that appends: those of one process have the lock of the file in common.
    """

    _open: ClassVar[WeakSet[Handle]] = WeakSet()

    def __init__(self, file: int) -> None:
        self.file: int = file
        self.turn: threading.Lock = threading.Lock()
        self._head = -1
        self._due: Head | None = None
        self._telling = threading.Lock()
        status = os.fstat(file)
        self._seen: tuple[int, ...] = (status.st_ino, status.st_dev, status.st_mode, status.st_uid)
        Handle._open.add(self)

    @classmethod
    def of(cls, path: str, file: int | None = None) -> Handle | None:
        """Open the journal `path`, unless it is open already as `file`; None where it is not to be kept open.

        Raises:
            NotPrivateError: It belongs to somebody else, or others can write to it.
            OSError: It cannot be opened.
        """
        if hasattr(os, "register_at_fork") and len(cls._open) < _most():
            return cls(files.open_private(path, os.O_RDWR | os.O_APPEND) if file is None else file)
        if file is not None:
            os.close(file)
        return None

    def is_at(self, path: str) -> bool:
        """Whether this is still the file at `path`, and still private.

        Raises:
            NotPrivateError: Others can write to it by now.
            OSError: There is nothing at `path`.
        """
        status = os.lstat(path)
        if (status.st_ino, status.st_dev, status.st_mode, status.st_uid) == self._seen:
            return True
        check_status(path, status)
        return self.file >= 0 and os.path.samestat(status, os.fstat(self.file))

    def write_head(self, path: str, covered: Head) -> None:
        """Say in the head `path` how far the journal is on disk, as `head.write` does."""
        with contextlib.suppress(OSError):
            if self._head < 0:
                self._head = head.opened(path)
            os.pwrite(self._head, head.line(covered) + covered.more, 0)

    def owe_head(self, covered: Head) -> None:
        """Have `write_due_head` say how far the journal is on disk."""
        self._due = covered

    def write_due_head(self, path: str) -> None:
        """Say in the head `path` what is owed, unless that is done; the newest is said last, whoever is late."""
        with self._telling:
            due, self._due = self._due, None
            if due is not None:
                self.write_head(path, due)

    def close(self) -> None:
        """Close the files."""
        file, head = self.file, self._head
        self.file = self._head = -1
        with contextlib.suppress(OSError):
            if file >= 0:
                os.close(file)
        with contextlib.suppress(OSError):
            if head >= 0:
                os.close(head)

    __del__ = close

    @classmethod
    def _begin_child(cls) -> None:
        """In a forked child: keep nothing of the parent's open."""
        for handle in list(cls._open):
            handle._seen = ()
            handle._due, handle._telling = None, threading.Lock()  # a thread of the parent may have had it
            handle.close()
        cls._open = WeakSet()


class JournalFile:
    """The file of a journal, and the head beside it.

    Args:
        directory: The session's directory.
        session_id: The session's id, for messages.
        disk: The file operations.
        changes: Where it is noted that the journal changes; None for nowhere.

    Attributes:
        name: The journal's path.
        disk: The file operations.
        changes: Where it is noted that the journal changes.
        handle: What is kept open of them.
    """

    def __init__(
        self,
        directory: Path | str,
        session_id: str,
        disk: FileOperations = files,
        changes: ChangeNotes | None = None,
    ) -> None:
        self.disk: FileOperations = disk
        self.changes: ChangeNotes | None = changes
        self._noted = b""
        place = os.fspath(directory)
        self.name: str = f"{place}/{NAME}"
        self._head = f"{place}/{head.NAME}"
        self._id = session_id
        self._users = 0
        self.handle: Handle | None = None

    def adopt(self, file: int) -> None:
        """Keep the file open that was opened to begin the journal."""
        self.handle = Handle.of(self.name, file)

    def note(self) -> None:
        """Note that the journal is about to change; its lock is held."""
        if self.changes is not None:
            self._noted = self.changes.note(self._id, self._noted)

    def keep_open(self) -> None:
        """Keep the files open, once they are, until as many calls of `let_close`."""
        self._users += 1

    def let_close(self) -> None:
        """The files need not be kept open any longer."""
        self._users -= 1
        if not self._users:
            if self.handle is not None:
                self.write_due_head(self.handle)
            self.handle = None

    @property
    def head_name(self) -> str:
        """The head's path."""
        return self._head

    def read_head(self) -> Head | None:
        """Return what the head says, if it says anything."""
        return head.read(self._head)

    def write_head(self, covered: Head, handle: Handle | None = None) -> None:
        """Say in the head how far the journal is on disk, as `head.write` does."""
        if handle is None:
            head.write(self._head, covered)
        else:
            handle.write_head(self._head, covered)

    def write_due_head(self, handle: Handle) -> None:
        """Say in the head what is owed to it; while the files are kept open nobody waits for that."""
        handle.write_due_head(self._head)

    @property
    def is_kept_open(self) -> bool:
        """Whether the files are kept open until `let_close`."""
        return self._users > 0

    def opened(self, flags: int) -> tuple[Handle | None, int]:
        """Open what is at the path now, or take what is kept open of it.

        Returns:
            What keeps it open, else None; and the file.
        """
        handle = self.handle
        if handle is not None and not handle.is_at(self.name):
            handle = self.handle = None
        if handle is None and self._users:
            handle = self.handle = Handle.of(self.name)
        return handle, files.open_private(self.name, flags) if handle is None else handle.file

    def size(self) -> int:
        """Return how many bytes there are at the path; -1 when there is no telling."""
        try:
            return os.stat(self.name).st_size
        except OSError:
            return -1

    def error(self, error: OSError) -> Exception:
        """Return what an error of the system is in this package."""
        return faults.of_system(error, self.name, self._id)


class Writing:
    """A journal, open under its lock while the block runs: appends of different processes come one after the other.

    Raises:
        SessionNotFoundError, StorageError: For what the system refuses, in the block too.
    """

    def __init__(self, journal: JournalFile) -> None:
        self._journal = journal

    def __enter__(self) -> int:
        try:
            while not self._locked():
                pass
        except OSError as error:
            raise self._journal.error(error) from error
        return self._file

    def _locked(self) -> bool:
        """Open the journal and take its lock; False if another file took its place meanwhile."""
        self._handle: Handle | None
        journal, known = self._journal, self._journal.handle
        if known is not None and known.file >= 0:
            self._handle, self._file = known, known.file
        else:
            self._handle, self._file = journal.opened(os.O_RDWR | os.O_APPEND)
            known = None
        if self._handle is not None:
            self._handle.turn.acquire()
        release = None
        try:
            self._release = release = journal.disk.lock(self._file, journal.name)
            if self._is_current(known):
                return True
        except BaseException:
            if release is not None:
                release()
            self._end()
            raise
        release()
        self._end()
        journal.handle = None
        return False

    def _is_current(self, known: Handle | None) -> bool:
        """Whether the file, under its lock, is the one at the path; one that was only now opened must not be gone."""
        if known is not None:
            return known.is_at(self._journal.name)
        return bool(os.fstat(self._file).st_nlink) or not os.path.exists(self._journal.name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._release()
        finally:
            self._end()
        if isinstance(error, OSError):
            raise self._journal.error(error) from error

    def _end(self) -> None:
        if self._handle is None:
            os.close(self._file)
        else:
            self._handle.turn.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Handle._begin_child)
