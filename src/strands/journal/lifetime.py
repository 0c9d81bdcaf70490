"""How a journal file comes into being and goes: at once, whoever dies meanwhile and however many try it together."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

from strands._home import PRIVATE_DIRECTORY, check_status, make_private
from strands.journal import faults, files, head, lines
from strands.journal.entries import Draft
from strands.journal.errors import SessionExistsError
from strands.journal.files import FileOperations

GRAVE = ".deleted_"
"""How the names of directories begin that somebody is removing."""


def begin(
    path: str, session_id: str, content: bytes, disk: FileOperations = files, note: Callable[[], object] | None = None
) -> int:
    """Let `path` be a journal of this content, on disk when this returns; its directory is made if it is not there.

    Args:
        path: The journal.
        session_id: The session's id, for messages.
        content: Its lines.
        disk: The file operations.
        note: Called while the lock of the journal is held, before it is whole or, where it is put in place as a whole,
            directly after.

    Returns:
        The file, open to be read and appended to.

    Raises:
        SessionExistsError: The journal has been begun.
        OSError: It cannot be written.
    """
    directory, name = os.path.split(path)
    note = note or _say_nothing
    file = _with_directory(directory, name, content, disk, note)
    if file is None:
        return _in_directory(directory, name, session_id, content, disk, note)
    try:
        # It has its name before it is on disk: all of it goes there at once, and what did not get there is no journal.
        disk.sync(file, path)
        _sync_names(directory, disk)
    except BaseException:
        os.close(file)
        _take_back(path, len(content))
        raise
    return file


def restore(
    path: str, session_id: str, content: bytes, disk: FileOperations = files, note: Callable[[], object] | None = None
) -> None:
    """Let `path` be a journal of this content, as another store had it, with its head.

    Raises:
        SessionExistsError: The journal has been begun.
        OSError: It cannot be written.
    """
    parsed = lines.parse(content)
    os.close(begin(path, session_id, content, disk, note))
    told = head.Head(len(parsed.entries), parsed.size, parsed.first_sum, parsed.last_sum)
    head.write(os.path.join(os.path.dirname(path), head.NAME), told)


def _say_nothing() -> None:
    """Note nothing."""


def _sync_names(directory: str, disk: FileOperations) -> None:
    disk.sync_directory(directory)
    disk.sync_directory(os.path.dirname(directory))


def _with_directory(
    directory: str, name: str, content: bytes, disk: FileOperations, note: Callable[[], object]
) -> int | None:
    """Make the directory with the journal in it; None where somebody else has."""
    if os.name == "nt":
        return None
    try:
        os.mkdir(directory, PRIVATE_DIRECTORY)
    except FileExistsError:
        return None
    except OSError as error:
        raise faults.of_place(error, os.path.dirname(directory)) from error
    if stat.S_IMODE(os.stat(directory).st_mode) != PRIVATE_DIRECTORY:  # the umask of this process, or its group
        os.chmod(directory, PRIVATE_DIRECTORY)
    path = f"{directory}/{name}"
    try:
        file = files.open_private(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return None
    try:
        if _written(file, path, content, disk, note):
            return file
    except BaseException:
        os.close(file)
        raise
    os.close(file)
    return None


def _written(file: int, path: str, content: bytes, disk: FileOperations, note: Callable[[], object]) -> bool:
    """Write a new journal under its lock; False if somebody took it for one that was left half done, and began another.

    Nobody takes it for a journal before all of it is there.
    """
    release = disk.lock(file, path)
    try:
        if not _is_at(file, path):
            return False
        note()
        try:
            disk.write_all(file, content)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(path)
                os.rmdir(os.path.dirname(path))
            raise
        return True
    finally:
        release()


def _in_directory(
    directory: str, name: str, session_id: str, content: bytes, disk: FileOperations, note: Callable[[], object]
) -> int:
    """Put the journal into a directory that is there, if it has none."""
    make_private(Path(directory))
    check_status(directory, os.stat(directory))
    path = os.path.join(directory, name)
    file, temporary = files.open_temporary(path, os.O_RDWR | os.O_APPEND)
    try:
        try:
            disk.write_all(file, content)
            disk.sync(file, temporary)
            if not _linked(temporary, path, disk):
                while not _put_in_place(temporary, path, session_id):
                    pass
            note()
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        files.let_go(file)
        _sync_names(directory, disk)
    except BaseException:
        os.close(file)
        raise
    return file


def _take_back(path: str, size: int) -> None:
    """Remove a journal that could not be synced, unless somebody has gone on with it."""
    directory = os.path.dirname(path)
    grave = os.path.join(os.path.dirname(directory), f"{GRAVE}{os.path.basename(directory)}_{os.urandom(16).hex()}")
    with contextlib.suppress(OSError):
        if bury(Path(path), Path(grave), size=size):
            shutil.rmtree(grave, ignore_errors=True)


def _linked(temporary: str, path: str, disk: FileOperations) -> bool:
    """Give the file its name, where that is free and the file system has links; else False."""
    try:
        disk.link(temporary, path)
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


def bury(
    path: Path,
    grave: Path,
    note: Callable[[], object] | None = None,
    *,
    expect: int | None = None,
    only_deleted: bool = False,
    size: int | None = None,
) -> bool:
    """Rename the directory of the journal `path` to `grave`, so that nobody finds it; False leaves it.

    Args:
        path: The journal.
        grave: The new name of its directory.
        note: Called before it is renamed, while its lock is held.
        expect: Only if it holds so many entries, the last of which says that it is deleted.
        only_deleted: Only if its last entry says so.
        size: Only if it has so many bytes.

    Raises:
        FileNotFoundError: Somebody else has.
        OSError: It cannot be renamed.
    """
    file = files.open_private(path, os.O_RDWR | os.O_APPEND)
    try:
        with files.locked(file, path):
            found = os.pread(file, os.fstat(file).st_size, 0)
            if size not in (None, len(found)):
                return False
            parsed = lines.parse(found)
            deleted = bool(parsed.entries) and parsed.entries[-1].kind == "deleted"
            if not deleted and (only_deleted or expect is not None):
                return False
            if expect not in (None, len(parsed.entries)):
                return False
            if not _is_at(file, path):
                raise FileNotFoundError(path)
            (note or _say_nothing)()
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
