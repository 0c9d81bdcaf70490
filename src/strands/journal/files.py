"""Private files: made for their owner alone, locked, synced, and refused where others could write."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

from strands._home import check_status
from strands._regular import open_regular
from strands.journal.errors import StorageError

try:
    import fcntl

    _HAS_FLOCK = True
except ImportError:  # on Windows
    _HAS_FLOCK = False

LOCK_SECONDS = 5.0
"""How long an append waits for another process's append, which takes microseconds."""
TEMPORARY = ".tmp"
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_STEM = 200
_UNLOCKED = re.compile(r"journal\.jsonl-[0-9a-f]+\.tmp")
"""What earlier releases called a file that was to take a journal's place; they held no lock of it."""

_ABANDONED = 3600.0
"""Seconds after which nobody is still writing such a file."""


class FileOperations(Protocol):
    """The file operations that change something, so that a test can watch, slow or fail them; this module is one."""

    def lock(self, file: int, path: str | Path, *, shared: bool = False) -> Callable[[], None]: ...
    def keep_beside(self, path: Path, content: bytes) -> Path: ...
    def write_all(self, file: int, content: bytes) -> None: ...
    def truncate(self, file: int, size: int) -> None: ...
    def link(self, source: str, path: str) -> None: ...
    def replace(self, path: Path, data: bytes, *, durable: bool = False) -> None: ...
    def sync(self, file: int, path: str | Path) -> None: ...
    def sync_path(self, path: str | Path) -> None: ...
    def sync_directory(self, path: str | Path) -> None: ...


def open_private(path: str | Path, flags: int) -> int:
    """Open a file that is this user's alone to write.

    Raises:
        NotPrivateError: It belongs to somebody else, or others can write to it.
        NotRegularError: It is a directory, a pipe or a device.
        OSError: It cannot be opened.
    """
    file = open_regular(path, flags | _FLAGS)
    try:
        if flags & os.O_EXCL:
            os.chmod(file if os.chmod in os.supports_fd else path, 0o600)
        else:
            check_status(path, os.fstat(file))
    except BaseException:
        os.close(file)
        raise
    return file


@contextlib.contextmanager
def locked(file: int, path: str | Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of an open file."""
    release = lock(file, path, shared=shared)
    try:
        yield
    finally:
        release()


def lock(file: int, path: str | Path, *, shared: bool = False, seconds: float = LOCK_SECONDS) -> Callable[[], None]:
    """Take the lock of an open file: `shared` with others who read, else alone; wait for `seconds` at most.

    Returns:
        What gives it back.
    """
    if not _HAS_FLOCK:
        from filelock import FileLock

        beside = FileLock(f"{path}.lock", timeout=seconds, mode=0o600)
        beside.acquire()
        return beside.release
    kind = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    deadline = 0.0
    while True:
        try:
            fcntl.flock(file, kind)
            return partial(fcntl.flock, file, fcntl.LOCK_UN)
        except OSError as error:
            deadline = deadline or time.monotonic() + seconds
            if error.errno not in (errno.EWOULDBLOCK, errno.EINTR) or time.monotonic() > deadline:
                raise
            time.sleep(0.0002)


def keep_beside(path: Path, content: bytes) -> Path:
    """Put what is about to be cut off `path` into a file beside it, on disk when this returns."""
    number = 1
    while True:
        copy = path.with_name(f"{path.name}.torn-{number}")
        try:
            file = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
        except FileExistsError:
            number += 1
            continue
        try:
            write_all(file, content)
            os.fsync(file)
        finally:
            os.close(file)
        sync_directory(path.parent)
        return copy


def write_all(file: int, content: bytes) -> None:
    """Write all of `content`."""
    written = os.write(file, content)
    while written < len(content):
        written += os.write(file, content[written:])


def truncate(file: int, size: int) -> None:
    """Cut `file` to `size` bytes."""
    os.ftruncate(file, size)


def link(source: str, path: str) -> None:
    """Give the file `source` the name `path` too, if that is free."""
    os.link(source, path)


def replace(path: str | Path, data: bytes, *, durable: bool = False) -> None:
    """Make `path` hold `data`, at once: a reader sees the old or the new, a crash leaves one of them.

    Args:
        path: The file; its directory exists.
        data: Its new content.
        durable: Return only when it outlives a power loss.

    Raises:
        OSError: It cannot be written; the file is as it was.
        StorageError: It could not be synced; the file is as it was.
    """
    file, temporary = open_temporary(path, os.O_WRONLY)
    try:
        try:
            write_all(file, data)
            if durable:
                sync(file, temporary)
            if _HAS_FLOCK:
                os.replace(temporary, path)  # while it is locked
        finally:
            os.close(file)
        if not _HAS_FLOCK:
            os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if durable:
        sync_directory(os.path.dirname(path))


def open_temporary(path: str | Path, flags: int) -> tuple[int, str]:
    """Make a private file beside `path`, for what is to take its place; its lock says that somebody is at it.

    Returns:
        The open file, and its name.
    """
    directory, name = os.path.split(path)
    while True:
        temporary = os.path.join(directory, f".{name[:_STEM]}.{os.urandom(8).hex()}{TEMPORARY}")
        file = open_private(temporary, flags | os.O_CREAT | os.O_EXCL)
        if _hold(file, temporary):
            return file, temporary
        os.close(file)  # somebody has taken it for one that was left behind


def sweep_temporary(directory: str | Path) -> None:
    """Remove what killed writers left half written; nothing that somebody is still at."""
    with contextlib.suppress(OSError):
        for name in os.listdir(directory):
            if name.endswith(TEMPORARY) and (name.startswith(".") or _UNLOCKED.fullmatch(name)):
                with contextlib.suppress(OSError):
                    _remove_unless_held(os.path.join(directory, name))


def _hold(file: int, path: str) -> bool:
    """Lock a new file; False if it was removed before it was locked."""
    if not _HAS_FLOCK:
        return True  # nobody removes a file that is open
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file), os.stat(path))
    except OSError:
        return False


def let_go(file: int) -> None:
    """Give back the lock of a file that was temporary."""
    if _HAS_FLOCK:
        fcntl.flock(file, fcntl.LOCK_UN)


def _remove_unless_held(path: str) -> None:
    if not _HAS_FLOCK:
        os.unlink(path)
        return
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _FLAGS)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.basename(path).startswith(".") or time.time() - os.fstat(file).st_mtime > _ABANDONED:
            os.unlink(path)
    finally:
        os.close(file)


def sync(file: int, path: str | Path) -> None:
    """Return once what `file` holds outlives a power loss.

    Raises:
        StorageError: It may not.
    """
    try:
        os.fsync(file)
    except OSError as error:
        raise _unsynced(path, error) from error


def sync_path(path: str | Path) -> None:
    """Sync the file `path` as `sync` does."""
    try:
        file = open_regular(path, os.O_RDWR | _FLAGS)
    except OSError as error:
        raise _unsynced(path, error) from error
    try:
        sync(file, path)
    finally:
        os.close(file)


def sync_directory(path: str | Path) -> None:
    """Return once the names in a directory outlive a power loss."""
    if os.name != "posix":
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _unsynced(path: str | Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path}: could not be synced to disk: {error.strerror or error}",
        hint="Check the disk, then resume: the session goes on from what is on it.",
    )
