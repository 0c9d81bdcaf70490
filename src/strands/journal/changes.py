"""Which sessions of a directory have changed, told by who writes, so that a list need not look at every journal.

Who is about to write holds the lock of the journal, and notes the session here before. Who lists reads what was noted
since, takes the lock of each journal for a moment, and so sees what its writer wrote. A session is noted once for each
list: a text at the beginning of the file, which each list that finds notes changes, says whether it has been since.

The file is made by who lists, and may be removed at any time. What is not noted is found when all are looked at.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import ClassVar, NamedTuple
from weakref import WeakValueDictionary

from strands.journal import files

NAME = ".changes"
_TERM = 16
"""Bytes at the beginning that change with each list that finds notes."""

_HEADER = 2 * _TERM + 1
"""Bytes before the first note: the term, what tells this file from every other, and the end of the line."""

_CLOSED = b"-" * _TERM
_TRIES = 8
_MOST = 1 << 20
"""Bytes of notes after which the file is made anew."""


class _Open:
    """An open file, which is closed when nobody uses it any more."""

    def __init__(self, path: str, flags: int) -> None:
        self.number: int = -1
        self.number = files.open_private(path, flags)

    def __del__(self) -> None:
        if self.number >= 0:
            with contextlib.suppress(OSError):
                os.close(self.number)

    def term(self) -> bytes:
        """Return the term that goes on now."""
        return os.pread(self.number, _TERM, 0)


class ChangeNotes:
    """What the writers of one process note of a directory of sessions.

    Args:
        root: The directory.
    """

    _of: ClassVar[WeakValueDictionary[str, ChangeNotes]] = WeakValueDictionary()

    def __init__(self, root: str) -> None:
        self._path = f"{root}/{NAME}"
        self._file: _Open | None = None

    @classmethod
    def of(cls, root: str | os.PathLike[str]) -> ChangeNotes:
        """Return this process's notes of the directory `root`."""
        place = os.path.abspath(root)
        return cls._of.setdefault(place, cls(place))

    def note(self, session_id: str, noted: bytes = b"") -> bytes:
        """Note that a journal, whose lock is held, is about to change; a directory without lists takes no notes.

        Args:
            session_id: The session.
            noted: What this returned for it before.
        """
        file = self._file
        try:
            if noted and file is not None and file.term() == noted:
                return noted
            return self._note(session_id.encode()) if file is not None or os.access(self._path, os.F_OK) else b""
        except OSError:
            return b""  # the next look at all journals finds it

    def _note(self, session_id: bytes) -> bytes:
        for _ in range(_TRIES):
            file = self._file
            if file is None or not os.fstat(file.number).st_nlink or file.term() == _CLOSED:
                file = self._file = _Open(self._path, os.O_RDWR | os.O_APPEND)
            term = file.term()
            os.write(file.number, session_id + b"\n")
            if file.term() == term:  # else a list may have read before this was written
                return term
        return b""


class Noted(NamedTuple):
    """What was noted since.

    Attributes:
        sessions: The sessions.
        name: What tells the file of notes from every other.
        size: How far it was read.
        is_all: Nothing was noted elsewhere meanwhile; else all sessions have to be looked at.
    """

    sessions: frozenset[str]
    name: str
    size: int
    is_all: bool


def position(root: str | os.PathLike[str]) -> tuple[str, int]:
    """Return what tells the file of notes from every other, and how long it is; "" when there is none."""
    try:
        with _opened(root) as file:
            return _name(file), os.fstat(file).st_size
    except OSError:
        return "", 0


def take(root: str | os.PathLike[str], name: str, size: int) -> Noted:
    """Return what was noted behind the first `size` bytes of the file `name`; make a file where there is none.

    Only one may do so at a time.

    Raises:
        OSError: It can be neither read nor made.
    """
    try:
        with _opened(root) as file:
            there = _name(file)
            begin = size if there == name else _HEADER
            end = os.fstat(file).st_size
            if end > _MOST:
                following = _begun(root)
                os.pwrite(file, _CLOSED, 0)  # who notes something now finds the other file
                return Noted(_read(file, begin, os.fstat(file).st_size)[0], following, _HEADER, there == name)
            if end != begin or there != name:
                os.pwrite(file, os.urandom(_TERM // 2).hex().encode(), 0)  # who writes from now on notes it again
            sessions, read = _read(file, begin, end)
            return Noted(sessions, there, begin + read, there == name)
    except FileNotFoundError:
        return Noted(frozenset(), _begun(root), _HEADER, False)


@contextlib.contextmanager
def _opened(root: str | os.PathLike[str]) -> Iterator[int]:
    path = os.path.join(root, NAME)
    file = files.open_private(path, os.O_RDWR)
    try:
        yield file
    finally:
        os.close(file)


def _begun(root: str | os.PathLike[str]) -> str:
    term, name = (os.urandom(_TERM // 2).hex() for _ in range(2))
    files.replace(os.path.join(root, NAME), f"{term}{name}\n".encode())
    return name


def _name(file: int) -> str:
    return os.pread(file, _TERM, _TERM).decode("ascii", "replace")


def _read(file: int, begin: int, end: int) -> tuple[frozenset[str], int]:
    """Return the sessions of whole notes, and how many bytes these are."""
    whole = os.pread(file, max(0, end - begin), begin).rpartition(b"\n")[0]
    return frozenset(whole.decode("utf-8", "replace").split("\n")) - {""}, len(whole) + bool(whole)
