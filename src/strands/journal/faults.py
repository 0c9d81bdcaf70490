"""What can be wrong with a session's files, said with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strands._home import NotPrivateError
from strands._regular import NotRegularError
from strands.journal.entries import NEWEST_FORMAT
from strands.journal.errors import SessionDamagedError, SessionNotFoundError, StorageError


def missing(session_id: str) -> SessionNotFoundError:
    """There is no such session."""
    return SessionNotFoundError(f"no session {session_id!r}", hint="List them: strands sessions list.")


def begun_anew(session_id: str) -> SessionNotFoundError:
    """The session was deleted, and its id was given to another."""
    return SessionNotFoundError(
        f"session {session_id!r} was deleted, and another one with this id was begun since",
        hint="Open it anew to work with that one; nothing was written to it.",
    )


def damaged(path: str | Path, session_id: str, line: int, cause: str, *, head: str = "") -> SessionDamagedError:
    """A line is not what was written; `head` is the name of the file that tells what is missing."""
    hint = (
        "The file is left as it is. Restore it from a backup, or give the session up: "
        f"strands sessions delete {session_id} --force."
    )
    if head:
        hint += f" To go on from what is left, remove {head} beside it; what is missing then happens again."
    return SessionDamagedError(f"{path}, line {line}: {cause}", hint=hint)


def changed(path: Path, what: str) -> SessionDamagedError:
    """Something else than this package was at work on the file."""
    return SessionDamagedError(
        f"{path}: the journal {what} while it was in use",
        hint="Restore the file from a backup; nothing was written to it since.",
    )


def newer(session_id: str, version: object) -> SessionDamagedError:
    """A newer build has begun the session."""
    return SessionDamagedError(
        f"session {session_id!r} has journal format {version}; this build reads up to {NEWEST_FORMAT}",
        hint="Upgrade strands-cli; the session is untouched.",
    )


def of_system(error: OSError, path: str | Path, session_id: str) -> SessionNotFoundError | StorageError:
    """Return what an error of the system, met at the file, is in this package."""
    if isinstance(error, FileNotFoundError):
        return missing(session_id)
    if isinstance(error, (NotPrivateError, NotRegularError)):
        return StorageError(error.cause, hint=f"{error.remedy}.")
    if isinstance(error, NotADirectoryError):
        return StorageError(f"{path}: a part of this path is not a directory", hint="Move away what stands there.")
    return StorageError(
        f"{path}: {error.strerror or error}",
        hint="Free space or make the directory writable, then resume: what was recorded is kept.",
    )


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Say what the system refuses at `path` as a StorageError."""
    try:
        yield
    except OSError as error:
        raise of_place(error, path) from error


def of_place(error: OSError, path: str | Path, *, hint: str = "") -> StorageError:
    """Return what an error of the system, met before anything is begun at `path`, is in this package.

    Args:
        error: The error.
        path: Where.
        hint: What to do where nothing is to be written; default: what helps with the directory of all sessions.
    """
    if isinstance(error, (NotPrivateError, NotRegularError)):
        return StorageError(error.cause, hint=f"{error.remedy}.")
    if isinstance(error, NotADirectoryError):
        return StorageError(f"{path}: a part of this path is not a directory", hint="Name another place.")
    return StorageError(
        f"{path}: {error.strerror or error}",
        hint=hint or "Make the directory writable, or choose another with STRANDS_HOME; nothing was run.",
    )
