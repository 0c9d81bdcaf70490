"""One lock file held by one process: the right to write what stands beside it."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from strands._regular import open_regular

if TYPE_CHECKING:
    from filelock import BaseFileLock

PRIVATE_FILE = 0o600
LEASE = "lease.lock"
"""The name of the lock file that release 0.1.0 held while it worked."""
_HOLDER_WIDTH = 120
_NOTE_WIDTH = 120


class Lease(Protocol):
    """A lock file that is held."""

    def release(self) -> None:
        """Give it back; harmless when that was done, and in a process that was forked from the holder."""

    def is_held(self) -> bool:
        """Return whether this process holds it."""

    def note(self, text: bytes) -> None:
        """Keep a line with the lock, for whoever takes it next; it need not outlive a power loss."""


def noted(path: Path) -> bytes:
    """Return what the last holders of the lock file `path` kept with it."""
    try:
        with open(open_regular(_holder_file(path)), "rb") as file:
            file.seek(_HOLDER_WIDTH)
            return file.read(_NOTE_WIDTH).rstrip()
    except OSError:
        return b""


def take(path: Path) -> Lease | None:
    """Take the lock file `path`, made when it is not there; None when somebody alive holds it.

    The lock is the operating system's and dies with its process.

    Raises:
        OSError: The file cannot be made or locked.
    """
    return _take_with_library(path) if os.name == "nt" else _take(path)


def holder(path: Path) -> str:
    """Return who took the lock file `path` last, as text for people; empty when that is not known."""
    try:
        with open(open_regular(_holder_file(path)), "rb") as file:
            return file.read(_HOLDER_WIDTH).decode(errors="replace").strip()
    except OSError:
        return ""


class _Flock:
    """A lock on an open file, which POSIX drops when its process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        _held.add(self)

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        _held.discard(self)
        if descriptor >= 0:
            _unlock(descriptor)  # closing is not enough where a forked child has the file open too
            os.close(descriptor)

    def is_held(self) -> bool:
        return self._descriptor >= 0

    def note(self, text: bytes) -> None:
        os.pwrite(self._descriptor, text.ljust(_NOTE_WIDTH), _HOLDER_WIDTH)

    def forget(self) -> None:
        """In a forked child: the lock is the parent's, and must not outlive it here."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


_held: set[_Flock] = set()


def _forget_all() -> None:
    for lease in list(_held):
        lease.forget()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _take(path: Path) -> Lease | None:
    # A call of an agent takes its lease anew, and the library's lock costs ten times the system's.
    import fcntl

    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, PRIVATE_FILE)
            os.pwrite(descriptor, _signature(), 0)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return _Flock(descriptor)


def _unlock(descriptor: int) -> None:
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_UN)


class _LibraryLock:  # pragma: no cover - Windows alone
    """A lock of the library, with the holder's name and note in a file beside it."""

    def __init__(self, lock: BaseFileLock, path: Path) -> None:
        self._lock = lock
        self._path = path

    def release(self) -> None:
        self._lock.release()

    def is_held(self) -> bool:
        return self._lock.is_locked

    def note(self, text: bytes) -> None:
        self._path.write_bytes(_signature() + text.ljust(_NOTE_WIDTH))


def _take_with_library(path: Path) -> Lease | None:  # pragma: no cover - Windows alone
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=PRIVATE_FILE, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    held = _LibraryLock(lock, _holder_file(path))
    with contextlib.suppress(OSError):
        held.note(noted(path))
    return held


def _holder_file(path: Path) -> Path:
    """Windows lets nobody read a locked file, so the holder's name stands beside it there."""
    return path.with_suffix(".holder") if os.name == "nt" else path


def this_process() -> str:
    """Return who we are, as text for people."""
    return f"process {os.getpid()} on {platform.node()}"


def _signature() -> bytes:
    """Who we are, of one width: it is written in place, since a truncation would cost a flush."""
    return this_process().encode()[:_HOLDER_WIDTH].ljust(_HOLDER_WIDTH)
