"""Files that are opened only if they are files: a pipe or a device in their place is refused, and never waited for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_NOT_BLOCKING = getattr(os, "O_NONBLOCK", 0)
_ALREADY_OPEN = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Names of what this process was started with, such as a shell's `<(command)`."""
_OF_OTHER_KINDS = (errno.ENXIO, errno.EISDIR, errno.EOPNOTSUPP, errno.ELOOP)
"""What the system says of a pipe that nobody reads, of a directory, a socket, and a link where none is followed."""
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotRegularError(OSError):
    """Something else stands where a regular file should be; nothing was read or written.

    Attributes:
        cause: What is wrong, with the path in `repr`.
        remedy: What to do about it.
    """

    def __init__(self, path: str | os.PathLike[str], mode: int) -> None:
        kind = next((name for is_of_kind, name in _KINDS if is_of_kind(mode)), "not a file")
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        super().__init__(number, f"it is {kind}, not a regular file", os.fspath(path))
        self.cause = f"{os.fspath(path)!r} is {kind}, not a regular file"
        self.remedy = "Move it away, or put the file back in its place"


def open_regular(path: str | os.PathLike[str], flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """Open a regular file, without waiting for anybody.

    Raises:
        NotRegularError: It is a directory, a pipe or a device.
        OSError: It cannot be opened.
    """
    try:
        file = os.open(path, flags | _NOT_BLOCKING, mode)
    except OSError as error:
        if error.errno in _OF_OTHER_KINDS:
            check_regular(path, os.lstat(path) if error.errno == errno.ELOOP else os.stat(path))
        raise
    try:
        check_regular(path, os.fstat(file))
    except BaseException:
        os.close(file)
        raise
    return file


def check_regular(path: str | os.PathLike[str], status: os.stat_result) -> None:
    """Check that what was found at `path` is a regular file.

    Raises:
        NotRegularError: It is not.
    """
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(path, status.st_mode)


def input_file(path: str, flags: int) -> int:
    """Open a file that a person named, as an `opener` of `open`; what this process was given open may be a pipe.

    Raises:
        NotRegularError: It is a directory, a pipe or a device.
        OSError: It cannot be opened.
    """
    if path.startswith(_ALREADY_OPEN):
        return os.open(path, flags)
    return open_regular(path, flags)


def input_text(path: str | os.PathLike[str]) -> str:
    """Return the text of a file that a person named.

    Raises:
        NotRegularError: It is a directory, a pipe or a device.
        OSError: It cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    with open(Path(path), encoding="utf-8", opener=input_file) as file:
        return file.read()
