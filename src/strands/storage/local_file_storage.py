"""Bytes in files."""

from __future__ import annotations

import builtins
import contextlib
import copy
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from strands._home import NotPrivateError, check_shared, check_status, expanded, make_private
from strands._threads import on_disk
from strands.types.exceptions import StorageError

from .storage import Storage, StorageSearchResult, normal_key, normal_prefix

if TYPE_CHECKING:
    from .search import SearchStrategy

_PARTIAL = ".partial-"
_BELOW = os.open in os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class LocalFileStorage(Storage):
    """Keeps each key as a file of a directory; only the user can read it, and it is replaced as a whole.

    Symbolic links below the directory are refused, and so are files that another user owns or may write to.

    Args:
        base_dir: The directory, `~` for the user's home; made when it is first written to. It may itself be a link.
        search_strategy: How `search` finds things, told of what is written; by their words when None.
    """

    def __init__(
        self, base_dir: str | os.PathLike[str] = "./.strands/", *, search_strategy: SearchStrategy | None = None
    ) -> None:
        self._strategy = search_strategy
        try:
            self._base = expanded(base_dir)
        except OSError as error:
            raise StorageError(f"{os.fspath(base_dir)!r} cannot be used: {error.strerror}") from error

    @property
    def base_dir(self) -> str:
        """The directory."""
        return str(self._base)

    async def write(self, key: str, data: bytes) -> None:
        name = normal_key(key)
        place = _Place(self._base, name)
        await on_disk(lambda: place.write(data))
        if self._strategy is not None:
            await self._strategy.index(self, name, data)

    async def read(self, key: str) -> bytes | None:
        place = _Place(self._base, normal_key(key))
        return await on_disk(place.read)

    async def delete(self, key: str) -> None:
        place = _Place(self._base, normal_key(key))
        await on_disk(place.delete)

    async def list(self, query: str = "") -> builtins.list[str]:
        return await on_disk(lambda: self._keys(query))

    async def search(self, query: str) -> builtins.list[StorageSearchResult]:
        return await (super().search(query) if self._strategy is None else self._strategy.search(self, query))

    def namespace(self, prefix: str) -> LocalFileStorage:
        below = copy.copy(self)
        below._base = self._base / normal_prefix(prefix)
        below.namespaced = True
        return below

    def _keys(self, prefix: str) -> builtins.list[str]:
        found = []
        for directory, _, files in os.walk(self._base):
            place = Path(directory).relative_to(self._base)
            names = [name for name in files if not name.startswith(_PARTIAL)]
            found += [(place / name).as_posix() for name in names if not os.path.islink(Path(directory, name))]
        return sorted(key for key in found if key.startswith(prefix))


class _Place:
    """The file of one key."""

    def __init__(self, base: Path, key: str) -> None:
        self._base = base
        *self._above, self._name = key.split("/")
        self._path = base / key

    def write(self, data: bytes) -> None:
        partial = f"{_PARTIAL}{secrets.token_hex(8)}"
        with self._naming("written"):
            make_private(self._base)
            with self._directory(make=True) as (where, at):
                try:
                    descriptor = os.open(
                        where / partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600, dir_fd=at
                    )
                    with os.fdopen(descriptor, "wb") as file:
                        file.write(data)
                        file.flush()
                        os.fsync(file.fileno())
                    os.replace(where / partial, where / self._name, src_dir_fd=at, dst_dir_fd=at)
                except OSError:
                    with contextlib.suppress(OSError):
                        os.unlink(where / partial, dir_fd=at)
                    raise

    def read(self) -> bytes | None:
        with self._naming("read"):
            try:
                with self._directory() as (where, at):
                    self._check_no_link(where / self._name, at)
                    flags = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0)  # a pipe that nobody writes to
                    with os.fdopen(os.open(where / self._name, flags, dir_fd=at), "rb") as file:
                        status = os.fstat(file.fileno())
                        check_status(self._path, status)
                        return file.read() if stat.S_ISREG(status.st_mode) else None
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None

    def delete(self) -> None:
        absent = contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError)
        with self._naming("removed"), absent, self._directory() as (where, at):
            if not stat.S_ISDIR(os.stat(where / self._name, dir_fd=at, follow_symlinks=False).st_mode):
                os.unlink(where / self._name, dir_fd=at)  # of a link: the link itself

    @contextlib.contextmanager
    def _directory(self, *, make: bool = False) -> Iterator[tuple[Path, int | None]]:
        """Enter the directories above the file one by one, so that no link is followed, whoever puts one there now."""
        check_shared(self._base)
        if not _BELOW:
            yield self._entered_by_path(make=make), None
            return
        at = os.open(self._base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in self._above:
                lower = self._enter(Path(part), at, make=make)
                os.close(at)
                at = lower
            yield Path(), at
        finally:
            os.close(at)

    def _enter(self, part: Path, at: int, *, make: bool) -> int:
        self._check_no_link(part, at)
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=at)
        lower = os.open(part, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=at)
        try:
            check_status(self._path.parent, os.fstat(lower))
        except BaseException:
            os.close(lower)
            raise
        return lower

    def _entered_by_path(self, *, make: bool) -> Path:
        where = self._base
        for part in self._above:
            where = where / part
            self._check_no_link(where, None)
        if make:
            make_private(where)
        return where

    def _check_no_link(self, path: Path, at: int | None) -> None:
        try:
            status = os.stat(path, dir_fd=at, follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISLNK(status.st_mode):
            raise OSError(errno.ELOOP, f"{path.name!r} is a symbolic link; remove it, or give its target as base_dir")

    @contextlib.contextmanager
    def _naming(self, deed: str) -> Iterator[None]:
        try:
            yield
        except NotPrivateError as error:
            raise StorageError(f"{str(self._path)!r} cannot be {deed}: {error.cause}. {error.remedy}") from error
        except OSError as error:
            raise StorageError(f"{str(self._path)!r} cannot be {deed}: {error.strerror}") from error
