"""Where this user's data is, and that it is this user's alone."""

from __future__ import annotations

import errno
import os
import stat
from functools import lru_cache
from pathlib import Path

PRIVATE_DIRECTORY = 0o700
_VARIABLE = "USERPROFILE" if os.name == "nt" else "HOME"
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class NotPrivateError(PermissionError):
    """A directory or file belongs to another user, or others may write to it; nothing was read or written.

    Attributes:
        cause: What is wrong, with the path in `repr`, its owner or its mode.
        remedy: What to do about it.
    """

    def __init__(self, path: str | os.PathLike[str], cause: str, remedy: str) -> None:
        super().__init__(errno.EPERM, f"{cause}. {remedy}", os.fspath(path))
        self.cause = cause
        self.remedy = remedy


def home() -> Path:
    """Return the directory of this user's data: STRANDS_HOME, where `~` stands for the user's home, else ~/.strands.

    Raises:
        FileNotFoundError: The home directory that `~` or `~name` stands for is not known.
    """
    return expanded(os.environ.get("STRANDS_HOME") or "~/.strands")


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return `path` with `~` replaced by the user's home directory.

    Raises:
        FileNotFoundError: It is not known.
    """
    return _expanded(os.fspath(path), os.environ.get(_VARIABLE))


@lru_cache(maxsize=64)
def _expanded(path: str, of: str | None) -> Path:
    """Each run and each decision asks for the same few paths; what `~` stands for depends on a variable."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        reason = f"there is no home directory for {path!r}. Give a full path, in STRANDS_HOME or as storage_dir"
        raise FileNotFoundError(errno.ENOENT, reason, path) from None


def make_private(path: Path) -> list[Path]:
    """Make `path` and each directory above it that is missing, one by one and for this user alone, whatever the umask.

    Returns:
        Those that were missing, the lowest first.
    """
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        try:
            os.mkdir(directory, PRIVATE_DIRECTORY)
        except FileExistsError:
            if not directory.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.fspath(directory)) from None
        else:
            os.chmod(directory, PRIVATE_DIRECTORY)
    return missing


def check_private(path: Path) -> None:
    """Check that what stands at `path`, if anything does, is this user's, and that nobody else may write to it.

    Raises:
        NotPrivateError: It is another user's, or its group or everybody may write to it.
    """
    if os.name != "nt":
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        check_status(path, status)


def check_status(path: str | os.PathLike[str], status: os.stat_result) -> None:
    """Check what `check_private` does, by a status that is known already.

    Raises:
        NotPrivateError: It is another user's, or its group or everybody may write to it.
    """
    if os.name == "nt":
        return
    kind = "directory" if stat.S_ISDIR(status.st_mode) else "file"
    if status.st_uid not in (os.geteuid(), 0):
        raise NotPrivateError(
            path,
            f"{kind} {str(path)!r} belongs to {_user(status.st_uid)}, and this process is {_user(os.geteuid())}",
            "Run as its owner, give it to this user with chown, or choose another place",
        )
    if status.st_mode & _WRITABLE_BY_OTHERS:
        raise NotPrivateError(
            path,
            f"{kind} {str(path)!r} has mode {stat.S_IMODE(status.st_mode):04o}: other users may write to it",
            f"If you trust what is in it, run: chmod -R go-w {str(path)!r}",
        )


def check_shared(path: Path) -> None:
    """Check a directory that the user chose to keep private directories in, if it is there.

    It may be anybody's, such as /tmp, as long as not everybody may rename what is in it.

    Raises:
        NotPrivateError: Everybody may write to it, and it has no sticky bit.
    """
    if os.name == "nt":
        return
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise NotPrivateError(
            path,
            f"directory {str(path)!r} has mode {stat.S_IMODE(mode):04o}: everybody may replace what is in it",
            f"Choose a directory of your own, such as {str(path / 'sessions')!r}, or run: chmod o-w {str(path)!r}",
        )


def _user(number: int) -> str:
    try:
        import pwd

        return f"user {pwd.getpwuid(number).pw_name!r}"
    except (ImportError, KeyError):
        return f"user {number}"
