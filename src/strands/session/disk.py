"""The file operations of a file session, in one place.

A `Disk` is all that `FileSessionManager` knows of the file system, so a subclass can watch, slow or fail it. Every
file is private (0600) and every directory it makes too (0700), whatever the umask.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from strands._home import NotPrivateError, check_status, make_private
from strands._regular import NotRegularError, open_regular
from strands.journal import files
from strands.journal.errors import StrandsError
from strands.types.exceptions import SessionException

from .lease import PRIVATE_FILE, Lease, holder, take

_BINARY = getattr(os, "O_BINARY", 0)
TEMPORARY = files.TEMPORARY
_PAGE = 4096
DAMAGED = ".damaged-"


class Disk:
    """Reads and writes the files of sessions. Every method raises OSError as the system does."""

    def make_directory(self, path: Path) -> list[Path]:
        """Make `path` and the directories above it that are missing; return those that were."""
        return make_private(path)

    def read(self, path: Path) -> bytes | None:
        """Return what `path` holds, or None when there is no such file.

        Raises:
            NotPrivateError: Another user owns it or may write to it.
            NotRegularError: It is a directory, a pipe or a device.
        """
        try:
            with open(open_regular(path), "rb") as file:
                check_status(path, os.fstat(file.fileno()))
                return file.read()
        except FileNotFoundError:
            return None

    def size(self, path: Path) -> int:
        """Return the length of `path` in bytes, or -1 when there is no such file."""
        try:
            return os.stat(path).st_size
        except FileNotFoundError:
            return -1

    def scan(self, directory: Path) -> dict[str, int]:
        """Return the size in bytes of each regular file of `directory` by name; nothing when it is not there."""
        return {name: status.st_size for name, status in self.statuses(directory).items()}

    def statuses(self, directory: Path) -> dict[str, os.stat_result]:
        """Return the status of each regular file of `directory` by name; nothing when it is not there."""
        try:
            with os.scandir(directory) as entries:
                return {e.name: e.stat() for e in entries if e.is_file(follow_symlinks=False)}
        except FileNotFoundError:
            return {}

    def date(self, path: str | Path, moment: int) -> None:
        """Let `path` be of this moment, in nanoseconds since 1970, where the file system can note that."""
        with contextlib.suppress(OSError, OverflowError):
            os.utime(path, ns=(moment, moment))

    def directories(self, directory: Path) -> list[str]:
        """Return the names of the directories in `directory`, sorted; nothing when it is not there."""
        try:
            with os.scandir(directory) as entries:
                return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
        except FileNotFoundError:
            return []

    def replace(self, path: Path, data: bytes, *, durable: bool = False) -> None:
        """Make `path` hold `data`, at once: a reader sees the old or the new, a crash leaves one of them.

        Args:
            path: The file; its directory exists.
            data: Its new content.
            durable: Return only when it outlives a power loss.
        """
        files.replace(path, data, durable=durable)

    def update(self, path: Path, text: bytes) -> None:
        """Make `path` hold the JSON `text`; cheap where it holds an earlier version of it.

        What fits a page is overwritten in place by one write, so a process that dies leaves the old or the new; only a
        power loss may leave a mixture. Longer texts are replaced.
        """
        size = self.size(path)
        if not 0 < size <= _PAGE or len(text) > _PAGE:
            self.replace(path, text)
            return
        with _Opened(path, os.O_WRONLY) as file:
            _write(file, text.ljust(size))  # blanks after the value: it can be read before the cut, too
            if size > len(text):
                os.ftruncate(file, len(text))

    # What a journal asks for

    def lock(self, file: int, path: str | Path, *, shared: bool = False) -> Callable[[], None]:
        """Take the lock of an open file; return what gives it back."""
        return files.lock(file, path, shared=shared)

    def keep_beside(self, path: Path, content: bytes) -> Path:
        """Keep what is about to be cut off a file; return where."""
        return files.keep_beside(path, content)

    def write_all(self, file: int, content: bytes) -> None:
        """Write all of `content` to an open file."""
        files.write_all(file, content)

    def truncate(self, file: int, size: int) -> None:
        """Cut an open file to `size` bytes."""
        files.truncate(file, size)

    def link(self, source: str, path: str) -> None:
        """Give the file `source` the name `path` too, if that is free."""
        files.link(source, path)

    def sync(self, file: int, path: str | Path) -> None:
        """Make what an open file holds outlive a power loss."""
        files.sync(file, path)

    def sync_path(self, path: str | Path) -> None:
        """Make what `path` holds outlive a power loss."""
        files.sync_path(path)

    def sync_directory(self, path: str | Path) -> None:
        """Make the names in `path` outlive a power loss."""
        files.sync_directory(path)

    # What is left of others

    def set_aside(self, path: Path) -> Path:
        """Rename a damaged file so that it is kept and no longer read; return its new path."""
        target = self._aside(path)
        with contextlib.suppress(FileNotFoundError):  # another process was first
            os.replace(path, target)
        return target

    def copy_aside(self, path: Path) -> Path:
        """Keep a damaged file that is about to be replaced; return the path of the copy."""
        target = self._aside(path)
        shutil.copy(path, target)  # and its mode
        return target

    def _aside(self, path: Path) -> Path:
        names = self.scan(path.parent)
        number = 1
        while f"{path.name}{DAMAGED}{number}" in names:
            number += 1
        return path.with_name(f"{path.name}{DAMAGED}{number}")

    def remove_temporary(self, directory: Path) -> None:
        """Remove what killed writers left half written; nothing that somebody is still at."""
        files.sweep_temporary(directory)

    def remove(self, path: Path) -> None:
        """Remove the file `path`; it may be gone already."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    def remove_tree(self, path: Path) -> None:
        """Remove the directory `path` with all that is in it."""
        shutil.rmtree(path)

    def take_lease(self, path: Path) -> Lease | None:
        """Take the lock file `path` and return it, or None when somebody alive holds it; `holder` then tells who.

        The lock is the operating system's and dies with its process.
        """
        return take(path)

    def holder(self, path: Path) -> str:
        """Return who took the lock file `path` last, as text for people; empty when that is not known."""
        return holder(path)


_ELSEWHERE = ". Let this process write there, or give another storage_dir"
_NO_DIRECTORY = ". Give a storage_dir that is a directory, or that can be made one"
_FULL = ". What was acknowledged is kept; free some space, then create the agent again"
_ADVICE = {
    errno.EACCES: _ELSEWHERE,
    errno.EPERM: _ELSEWHERE,
    errno.EROFS: _ELSEWHERE,
    errno.ENOTDIR: _NO_DIRECTORY,
    errno.ENOENT: _NO_DIRECTORY,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}


class Naming:
    """Turns what the system or the JSON encoder refuses into a `SessionException` that names it.

    Args:
        what: What could not be done.
        path: Where.
    """

    __slots__ = ("_path", "_what")

    def __init__(self, what: str, path: PurePath) -> None:
        self._what = what
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, (NotPrivateError, NotRegularError)):
            raise SessionException(f"{self._what}: {error.cause}. {error.remedy}") from error
        if isinstance(error, StrandsError):
            raise SessionException(f"{self._what}: {error.message}. {error.hint}".rstrip(". ")) from error
        if isinstance(error, OSError):
            place = str(error.filename or self._path)
            reason, advice = error.strerror or str(error), _ADVICE.get(error.errno or 0, "")
            raise SessionException(f"{self._what}: {place!r}: {reason}{advice}") from error
        if isinstance(error, TypeError):
            raise SessionException(f"{self._what}: {str(self._path)!r}: {error}") from error


class _Opened:
    """A file that is open while the block runs; one that is made is private."""

    __slots__ = ("_descriptor",)

    def __init__(self, path: str | Path, flags: int) -> None:
        self._descriptor = open_regular(path, flags | _BINARY, PRIVATE_FILE)
        try:
            if flags & os.O_CREAT and hasattr(os, "fchmod"):
                os.fchmod(self._descriptor, PRIVATE_FILE)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
