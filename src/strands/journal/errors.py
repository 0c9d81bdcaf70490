"""What a journal or its store raises."""

from __future__ import annotations


class StrandsError(Exception):
    """Root of the errors of journals and workflows.

    Args:
        message: One line of cause: names the thing and says what was expected.
        hint: One line saying what to do next.

    Attributes:
        exit_code: What a command that fails with it exits with.
    """

    exit_code = 10

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class StorageError(StrandsError):
    """A session's files could not be read or written."""

    exit_code = 12


class StoreNotReadyError(StorageError):
    """What was given as a store names none, or the package of its database is missing; nothing was run."""

    exit_code = 2


class SessionError(StrandsError):
    """Something about a session: unknown, finished, damaged."""

    exit_code = 17


class SessionNotFoundError(SessionError):
    """No session has this id."""


class SessionExistsError(SessionError):
    """A session with this id exists already."""


class SessionDamagedError(SessionError):
    """A session's journal fails its checksum or its format is newer than this build reads."""
