"""Where sessions are kept: the repository protocol, and the one of files."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from strands._home import NotPrivateError, check_private, expanded, home, make_private
from strands._threads import on_disk
from strands_cli.errors import SessionNotFoundError, StorageError
from strands_cli.kernel.journal import Journal
from strands_cli.kernel.types import Draft
from strands_cli.session.file import FileJournal
from strands_cli.session.lease import Drivers

logger = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_PREFIX = "session_"


class SessionRepository(Protocol):
    """A store of sessions. Every implementation passes the suite in `strands_cli.session.conformance`."""

    async def create(self, session_id: str, opened: Draft) -> Journal:
        """Begin a session with its `opened` entry, durably.

        Raises:
            SessionExistsError: The id is taken.
            StorageError: It cannot be written.
        """
        ...

    async def open(self, session_id: str) -> Journal:
        """Return the journal of a session.

        Raises:
            SessionNotFoundError: There is none.
        """
        ...

    async def ids(self) -> list[str]:
        """Return the ids of all sessions."""
        ...

    async def delete(self, session_id: str) -> None:
        """Remove a session for good.

        Raises:
            SessionNotFoundError: There is none.
        """
        ...


class FileSessionRepository:
    """Sessions as private directories: `session_<id>/journal.jsonl`.

    Args:
        storage_dir: Where they live; default: `workflows` in STRANDS_HOME or ~/.strands.
    """

    def __init__(self, storage_dir: str | os.PathLike[str] | None = None) -> None:
        with _storage_errors(Path(storage_dir or "~")):
            self.root = expanded(storage_dir) if storage_dir is not None else home() / "workflows"

    async def create(self, session_id: str, opened: Draft) -> FileJournal:
        if not _ID.fullmatch(session_id):
            raise StorageError(
                f"{session_id[:80]!r} cannot be a session id",
                hint="Use up to 128 letters, digits, dots, dashes and underscores, a letter or digit first.",
            )
        directory = self.root / f"{_PREFIX}{session_id}"
        with _storage_errors(self.root):
            make_private(directory)
            check_private(self.root)
            check_private(directory)
        journal = FileJournal(directory, session_id, self._live())
        await on_disk(partial(journal.create, opened))
        return journal

    async def open(self, session_id: str) -> FileJournal:
        return FileJournal(self._directory(session_id), session_id, self._live())

    async def ids(self) -> list[str]:
        with _storage_errors(self.root):
            if not self.root.is_dir():
                return []
            check_private(self.root)
            found = [entry for entry in os.scandir(self.root) if entry.name.startswith(_PREFIX)]
        ids = []
        for entry in sorted(found, key=lambda entry: entry.name):
            if not entry.is_dir(follow_symlinks=False):
                logger.warning("%s is not a session directory and is ignored", entry.path)
            elif (Path(entry.path) / "journal.jsonl").is_file():
                ids.append(entry.name[len(_PREFIX) :])
        return ids

    async def delete(self, session_id: str) -> None:
        directory = self._directory(session_id)
        with _storage_errors(directory):
            grave = directory.with_name(f".deleted_{session_id}_{os.getpid()}")
            directory.rename(grave)
            shutil.rmtree(grave)

    def _live(self) -> Drivers:
        return Drivers.of(self.root)

    def _directory(self, session_id: str) -> Path:
        directory = self.root / f"{_PREFIX}{session_id}"
        if not _ID.fullmatch(session_id) or directory.is_symlink() or not (directory / "journal.jsonl").is_file():
            shown = session_id if len(session_id) <= 80 else session_id[:77] + "..."
            raise SessionNotFoundError(f"no session {shown!r} in {self.root}", hint="List them: strands sessions list.")
        with _storage_errors(directory):
            check_private(self.root)
            check_private(directory)
        return directory


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except NotPrivateError as error:
        raise StorageError(error.cause, hint=f"{error.remedy}.") from error
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror or error}",
            hint="Make the directory writable, or choose another with STRANDS_HOME; nothing was run.",
        ) from error
