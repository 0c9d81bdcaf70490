"""Files of tools: only below the directories that a run may touch, whatever links and names lead elsewhere."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_WALKS = os.open in os.supports_dir_fd and bool(_NOFOLLOW)


class ConfinementError(ValueError):
    """A path leads out of what a run may touch, or to something that is not a plain file."""


class Confined:
    """The directories that tools may touch.

    Args:
        directory: What relative paths are relative to.
        mounts: More directories by name; `name/file` leads into them.
    """

    def __init__(self, directory: Path, mounts: Mapping[str, Path] | None = None) -> None:
        self.directory: Path = Path(os.path.realpath(directory))
        self.mounts: dict[str, Path] = {name: Path(os.path.realpath(path)) for name, path in (mounts or {}).items()}

    def place(self, path: str) -> Path:
        """Return where a path leads, links followed.

        Raises:
            ConfinementError: It leads out, or is malformed.
        """
        return Path(*self._rooted(path))

    def open(self, path: str) -> BinaryIO:
        """Open a plain file for reading.

        Raises:
            ConfinementError: It leads out, or is not a plain file.
            OSError: It cannot be read.
        """
        root, relative = self._rooted(path)
        return self._opened(root, relative, path)

    def write(self, path: str, content: bytes, *, append: bool = False, durable: bool = False) -> Path:
        """Write a file as a whole: other names of it and readers of the old one are not touched.

        Args:
            append: Keep what the file holds.
            durable: What it holds outlives a power loss once its directory is synced.

        Raises:
            ConfinementError: It leads out, or is not a plain file.
            OSError: It cannot be written.
        """
        root, relative = self._rooted(path)
        target = root / relative
        if not relative.parts:
            raise ConfinementError(f"{path!r} is a directory")
        old = b""
        mode = 0o666
        if target.exists():
            with self._opened(root, relative, path) as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                old = file.read() if append else b""
        parent = _walk(root, relative.parent, create=True)
        try:
            _replace(parent, relative.name, root / relative.parent, old + content, mode, durable=durable)
        finally:
            _close(parent)
        return target

    def files(self, path: str) -> Iterator[tuple[str, BinaryIO]]:
        """Yield the plain files below a directory, or the file itself, with their paths.

        Links and hidden files are passed over.

        Raises:
            ConfinementError: It leads out.
            OSError: There is nothing.
        """
        root, relative = self._rooted(path)
        start = root / relative
        if not start.is_dir():
            yield path, self._opened(root, relative, path)
            return
        for folder, folders, names in os.walk(start, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
            for name in sorted(name for name in names if not name.startswith(".")):
                inside = Path(folder, name).relative_to(start)
                shown = inside.as_posix() if path in ("", ".") else f"{path.rstrip('/')}/{inside.as_posix()}"
                try:
                    yield shown, self._opened(root, relative / inside, shown)
                except (ConfinementError, OSError):
                    continue

    def _rooted(self, path: str) -> tuple[Path, Path]:
        if not isinstance(path, str) or "\0" in path:
            raise ConfinementError(f"{path!r} is not a path")
        given = Path(path)
        if ".." in path.replace("\\", "/").split("/"):
            raise ConfinementError(f"{path!r} must not hold '..'")
        mount = self.mounts.get(given.parts[0]) if given.parts else None
        full = mount.joinpath(*given.parts[1:]) if mount is not None else self.directory / given
        try:
            real = Path(os.path.realpath(full))
        except (OSError, ValueError) as error:
            raise ConfinementError(f"{path!r} is not a path: {error}") from error
        for root in (*self.mounts.values(), self.directory):
            if real.is_relative_to(root):
                return root, real.relative_to(root)
        raise ConfinementError(
            f"{path!r} leads out of the directories this run may touch: {self._shown()}; env.mounts can name more"
        )

    def _shown(self) -> str:
        return ", ".join([repr(str(self.directory)), *(f"{name}/" for name in self.mounts)])

    def _opened(self, root: Path, relative: Path, path: str) -> BinaryIO:
        if not relative.parts:
            raise IsADirectoryError(errno.EISDIR, "is a directory", path)
        parent = _walk(root, relative.parent)
        try:
            flags = os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _BINARY | _CLOEXEC
            number = _open(parent, relative.name, root / relative.parent, flags)
        except OSError as error:
            raise _named(error, path) from None
        finally:
            _close(parent)
        file = os.fdopen(number, "rb")
        kind = os.fstat(number).st_mode
        if stat.S_ISREG(kind):
            return file
        file.close()
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, "is a directory", path)
        raise ConfinementError(f"{path!r} is not a plain file")


def _walk(root: Path, relative: Path, *, create: bool = False) -> int | None:
    """Open a directory below `root` without following links, part by part; None where that cannot be done."""
    if not _WALKS:  # pragma: no cover - Windows alone
        if create:
            (root / relative).mkdir(parents=True, exist_ok=True)
        return None
    flags = os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC
    current = os.open(root, flags)
    for part in relative.parts:
        try:
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=current)
            following = os.open(part, flags | _NOFOLLOW, dir_fd=current)
        except OSError as error:
            raise _named(error, str(relative)) from None
        finally:
            os.close(current)
        current = following
    return current


def _open(parent: int | None, name: str, folder: Path, flags: int, mode: int = 0o666) -> int:
    if parent is None:  # pragma: no cover - Windows alone
        return os.open(folder / name, flags, mode)
    return os.open(name, flags, mode, dir_fd=parent)


def _replace(parent: int | None, name: str, folder: Path, content: bytes, mode: int, *, durable: bool) -> None:
    temporary = f".{name[:100]}.{secrets.token_hex(6)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _BINARY | _CLOEXEC
    number = _open(parent, temporary, folder, flags, mode)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if parent is None:  # pragma: no cover - Windows alone
            os.replace(folder / temporary, folder / name)
        else:
            os.replace(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        if parent is None:  # pragma: no cover - Windows alone
            os.unlink(folder / temporary)
        else:
            os.unlink(temporary, dir_fd=parent)
        raise


def _close(number: int | None) -> None:
    if number is not None:
        os.close(number)


def _named(error: OSError, path: str) -> OSError:
    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
        return PermissionError(errno.EACCES, "a link leads elsewhere, or a part of it is not a directory", path)
    return type(error)(error.errno, error.strerror, path)
