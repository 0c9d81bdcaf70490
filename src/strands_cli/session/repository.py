"""Where workflow sessions are kept."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path
from urllib.parse import quote

from strands._home import home
from strands.journal.errors import StoreNotReadyError
from strands.journal.faults import storage_errors
from strands.journal.file_lists import RECHECK_SECONDS
from strands.journal.files import FileOperations
from strands.journal.protocol import Repository as SessionRepository
from strands.journal.repository import FileRepository

__all__ = ["STORE", "FileSessionRepository", "SessionRepository", "chosen", "is_default", "store_at"]

STORE = "STRANDS_STORE"
"""The environment variable that says where sessions are kept."""


class FileSessionRepository(FileRepository):
    """Workflow sessions as private directories: `session_<id>/journal.jsonl`.

    Args:
        storage_dir: Where they live; default: `workflows` in STRANDS_HOME or ~/.strands.
        disk: The file operations; for tests that need a failing disk.
        recheck: After so many seconds a list looks at all journals again, for what something else has done to them;
            later where that takes long, always for 0.
    """

    def __init__(
        self,
        storage_dir: str | os.PathLike[str] | None = None,
        *,
        disk: FileOperations | None = None,
        recheck: float = RECHECK_SECONDS,
    ) -> None:
        if storage_dir is None:
            with storage_errors(Path("~")):
                storage_dir = home() / "workflows"
        super().__init__(storage_dir, disk=disk, recheck=recheck)


def store_at(place: str | os.PathLike[str] | None = None) -> SessionRepository:
    """Return the store at a place.

    Args:
        place: A directory, or the URL of a database, as `sqlite:///runs.db` and `postgresql://user@host/database`;
            default: what STRANDS_STORE says, else `workflows` in STRANDS_HOME or ~/.strands.

    Raises:
        StoreNotReadyError: It names no store.
    """
    if place is None:
        place = os.environ.get(STORE) or None
    if place is None:
        return FileSessionRepository()
    from strands.journal.locate import check_no_file, is_url, repository_at

    if is_url(place):
        return repository_at(place)
    check_no_file(place)
    return FileSessionRepository(place)


def existing_store(place: str | os.PathLike[str] | None) -> SessionRepository:
    """Return the store at a place, as `store_at` does; one that is named, there or by STRANDS_STORE, must be there.

    Raises:
        StorageError: A directory or a file of SQLite is not there.
        StoreNotReadyError: It names no store.
    """
    place = os.environ.get(STORE) or None if place is None else place
    if place is not None:
        from strands.journal.locate import check_is_there

        check_is_there(place)
    return store_at(place)


def check_named() -> None:
    """Check that the store that STRANDS_STORE names, if it does, is there: for who only reads it.

    Raises:
        StorageError: A directory or a file of SQLite is not there.
        StoreNotReadyError: It names no store.
    """
    if os.environ.get(STORE):
        from strands.journal.locate import check_is_there

        check_is_there(os.environ[STORE])


def chosen(repository: SessionRepository | None, store: str | os.PathLike[str] | None) -> SessionRepository | None:
    """Return the repository that is meant by the options of those names; None where both are left out.

    Raises:
        StoreNotReadyError: Both are given, or `store` names none.
    """
    if store is None:
        return repository
    if repository is not None:
        raise StoreNotReadyError("`store` and `repository` both say where sessions are kept", hint="Give one of them.")
    return store_at(store)


def is_default(repository: SessionRepository) -> bool:
    """Whether the `strands` command finds, without being told, what this repository keeps."""
    usual = store_at()
    if isinstance(repository, FileRepository) and isinstance(usual, FileRepository):
        return repository.root == usual.root
    mine, theirs = ((getattr(each, "database", None), getattr(each, "namespace", None)) for each in (repository, usual))
    return mine == theirs and mine[0] is not None


def command_for(repository: SessionRepository) -> str:
    """Return how the `strands` command is called to find what a repository keeps; "" where it is not known."""
    with contextlib.suppress(StoreNotReadyError):  # STRANDS_STORE may name none
        if is_default(repository):
            return "strands"
    place = _place_of(repository)
    return f"strands --store {shlex.quote(place)}" if place else ""


def _place_of(repository: SessionRepository) -> str:
    if type(repository) in (FileRepository, FileSessionRepository):
        return str(getattr(repository, "root", ""))
    from strands.journal.sqlite import SqliteDatabase

    database, namespace = (getattr(repository, name, None) for name in ("database", "namespace"))
    if type(database) is not SqliteDatabase:  # a server's URL may hold a password, and a codec is the program's
        return ""
    return f"sqlite:///{quote(database.name)}" + (f"?namespace={quote(namespace)}" if namespace else "")
