"""Bytes in files."""

from __future__ import annotations

import builtins
import contextlib
import os
import secrets
from pathlib import Path

from strands._home import make_private
from strands._threads import on_disk
from strands.types.exceptions import StorageError

from .storage import Storage, normal_key

_PARTIAL = ".partial-"


class LocalFileStorage(Storage):
    """Keeps each key as a file of a directory; only the user can read it, and it is replaced as a whole.

    Args:
        base_dir: The directory; made when it is first written to.
    """

    def __init__(self, base_dir: str = "./.strands/") -> None:
        self._base = Path(base_dir).expanduser()

    async def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        await on_disk(lambda: _write(path, data))

    async def read(self, key: str) -> bytes | None:
        path = self._path(key)
        return await on_disk(lambda: _read(path))

    async def delete(self, key: str) -> None:
        path = self._path(key)
        await on_disk(lambda: _delete(path))

    async def list(self, query: str) -> builtins.list[str]:
        return await on_disk(lambda: self._keys(query))

    def _path(self, key: str) -> Path:
        return self._base / normal_key(key)

    def _keys(self, prefix: str) -> builtins.list[str]:
        found = []
        for directory, _, files in os.walk(self._base):
            place = Path(directory).relative_to(self._base)
            found += [(place / name).as_posix() for name in files if not name.startswith(_PARTIAL)]
        return sorted(key for key in found if key.startswith(prefix))


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(f"{_PARTIAL}{secrets.token_hex(8)}")
    try:
        make_private(path.parent)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise StorageError(f"{str(path)!r} cannot be written: {error.strerror}") from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"{str(path)!r} cannot be read: {error.strerror}") from error


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except (NotADirectoryError, IsADirectoryError):
        return
    except OSError as error:
        raise StorageError(f"{str(path)!r} cannot be removed: {error.strerror}") from error
