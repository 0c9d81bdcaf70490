"""Private files: made for their owner alone, locked, synced, and refused where others could write."""

from __future__ import annotations

import contextlib
import errno
import os
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
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class Disk(Protocol):
    """The file operations that change something, so that a test can watch, slow or fail them; this module is one."""

    def lock(self, file: int, path: str | Path, *, shared: bool = False) -> Callable[[], None]: ...
    def keep_beside(self, path: Path, content: bytes) -> Path: ...
    def write_all(self, file: int, content: bytes) -> None: ...
    def truncate(self, file: int, size: int) -> None: ...
    def link(self, source: str, path: str) -> None: ...
    def replace_synced(self, path: str, content: bytes) -> None: ...
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


def lock(file: int, path: str | Path, *, shared: bool = False) -> Callable[[], None]:
    """Take the lock of an open file: `shared` with others who read, else alone.

    Returns:
        What gives it back.
    """
    if not _HAS_FLOCK:
        from filelock import FileLock

        beside = FileLock(f"{path}.lock", timeout=LOCK_SECONDS, mode=0o600)
        beside.acquire()
        return beside.release
    kind = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    deadline = 0.0
    while True:
        try:
            fcntl.flock(file, kind)
            return partial(fcntl.flock, file, fcntl.LOCK_UN)
        except OSError as error:
            deadline = deadline or time.monotonic() + LOCK_SECONDS
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


def replace_synced(path: str, content: bytes) -> None:
    """Make `path` hold `content`, at once and on disk when this returns."""
    temporary = f"{path}-{os.urandom(8).hex()}.tmp"
    file = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        try:
            write_all(file, content)
            sync(file, temporary)
        finally:
            os.close(file)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_directory(os.path.dirname(path))


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
