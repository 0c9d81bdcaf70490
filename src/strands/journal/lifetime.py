"""How a journal file comes into being and goes: at once, whoever dies meanwhile and however many try it together."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from strands.journal import files, lines
from strands.journal.entries import Draft
from strands.journal.errors import SessionExistsError


def begin(path: str, session_id: str, content: bytes) -> int:
    """Let `path` be a journal of this content, on disk when this returns.

    Returns:
        The file, open to be read and appended to.

    Raises:
        SessionExistsError: The journal has been begun.
        OSError: It cannot be written.
    """
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f".{name}-{os.urandom(16).hex()}.tmp")
    file = files.open_private(temporary, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL)
    try:
        try:
            files.write_all(file, content)
            files.sync(file, temporary)
            if not _linked(temporary, path):
                while not _put_in_place(temporary, path, session_id):
                    pass
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        files.sync_directory(directory)
        files.sync_directory(os.path.dirname(directory))
    except BaseException:
        os.close(file)
        raise
    return file


def _linked(temporary: str, path: str) -> bool:
    """Give the file its name, where that is free and the file system has links; else False."""
    try:
        os.link(temporary, path)
    except OSError:
        return False
    return True


def _put_in_place(temporary: str, path: str, session_id: str) -> bool:
    """Rename, if there is no journal yet; only who holds the lock of what is replaced may. False: look again."""
    file = files.open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        with files.locked(file, path):
            if not _is_at(file, path):
                return False
            begun = lines.parse(os.pread(file, os.fstat(file).st_size, 0))
            if begun.entries or (begun.damage and not begun.damage.torn):
                raise SessionExistsError(f"session {session_id!r} exists", hint="Choose another id, or resume it.")
            os.replace(temporary, path)
            return True
    finally:
        os.close(file)


def bury(path: Path, grave: Path, *, expect: int | None = None, only_deleted: bool = False) -> bool:
    """Rename the directory of the journal `path` to `grave`, so that nobody finds it; False leaves it.

    Args:
        path: The journal.
        grave: The new name of its directory.
        expect: Only if it holds so many entries, the last of which says that it is deleted.
        only_deleted: Only if its last entry says so.

    Raises:
        FileNotFoundError: Somebody else has.
        OSError: It cannot be renamed.
    """
    file = files.open_private(path, os.O_RDWR | os.O_APPEND)
    try:
        with files.locked(file, path):
            parsed = lines.parse(os.pread(file, os.fstat(file).st_size, 0))
            deleted = bool(parsed.entries) and parsed.entries[-1].kind == "deleted"
            if not deleted and (only_deleted or expect is not None):
                return False
            if expect not in (None, len(parsed.entries)):
                return False
            if not _is_at(file, path):
                raise FileNotFoundError(path)
            if not deleted and parsed.entries and parsed.damage is None:
                files.write_all(file, _last_words(parsed))  # for who has the file open and waits for its lock
            os.rename(path.parent, grave)
            return True
    finally:
        os.close(file)


def _last_words(parsed: lines.Parsed) -> bytes:
    draft = Draft("deleted", "", {}, time.time())
    return lines.encode((draft,), len(parsed.entries), parsed.last_sum, synced=parsed.synced)[0]


def _is_at(file: int, path: str | Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False
