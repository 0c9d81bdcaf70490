"""Whole sessions of agents, graphs and swarms out of a directory, and into it."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from strands._home import check_private, make_private
from strands.journal import lifetime
from strands.journal.files import sync_directory
from strands.types.exceptions import SessionException
from strands.types.session import Session

from .agent_journal import AgentJournal
from .disk import Disk, Naming
from .file_session_manager import AGENT_PREFIX, MULTI_AGENT_PREFIX, SESSION_PREFIX, FileSessionManager, drivers_of
from .identifiers import is_checked
from .json_text import to_json
from .multi_agent_directory import MultiAgentDirectory
from .transfer import AGENT, MULTI_AGENT, StoredSession, whole

_COPYING, _GRAVE = ".copying_", ".deleted_"
_ABANDONED = 86_400.0
"""Seconds after which nobody is still copying a session."""

_PARTS = {AGENT: ("agents", AGENT_PREFIX), MULTI_AGENT: ("multi_agents", MULTI_AGENT_PREFIX)}
_JOURNAL = "journal.jsonl"


class DirectorySessions:
    """The sessions of a directory, as `FileSessionManager` keeps them; see `SessionStore`.

    Args:
        storage_dir: Where they are.
    """

    def __init__(self, storage_dir: str | os.PathLike[str]) -> None:
        self._root = Path(storage_dir).expanduser()

    def ids(self) -> list[str]:
        """Return the ids of all sessions."""
        with self._naming(self._root):
            if not self._root.is_dir():
                return []
            names = sorted(name for name in os.listdir(self._root) if name.startswith(SESSION_PREFIX))
            ids = [name[len(SESSION_PREFIX) :] for name in names if is_checked(name[len(SESSION_PREFIX) :])]
            return [id for id in ids if (self._path(id) / "session.json").is_file()]

    def get(self, session_id: str) -> StoredSession | None:
        """Return a session; None where there is none.

        What is of another program gets its journal, and what a crash has left half written is mended, as at any use.

        Raises:
            SessionException, SessionDamagedError: It is damaged, or cannot be read.
        """
        if not (self._path(session_id) / "session.json").is_file():
            return None
        manager = FileSessionManager(session_id, self._root)
        journals = {key: self._lines(manager, session_id, *key) for key in self._held(session_id)}
        return StoredSession(session_id, manager.session.to_dict(), journals)

    def check(self, session_id: str) -> None:
        """Read a session whole; see `SessionStore`. What another program has written without a journal is not read."""
        for kind, id in self._held(session_id):
            directory, prefix = _PARTS[kind]
            path = self._path(session_id) / directory / f"{prefix}{id}" / _JOURNAL
            with self._naming(path):
                whole(session_id, id, Disk().read(path) or b"")

    def put(self, session: StoredSession) -> bool:
        """Begin a session as another store has it, durably and at once; False where its id is taken."""
        target = self._path(session.id)
        with self._naming(target):
            if target.exists():
                return False
            self._sweep()
            made = self._root / f"{_COPYING}{uuid.uuid4().hex}"
            make_private(made)
            try:
                self._written(made, session)
                try:
                    os.rename(made / target.name, target)
                except FileExistsError:
                    return False
                sync_directory(self._root)
            finally:
                shutil.rmtree(made, ignore_errors=True)
        return True

    def is_driven(self, session: StoredSession) -> bool:
        """Whether somebody is at work in a session."""
        known = drivers_of(self._path(session.id))
        return any(known.alive(driver) for driver in session.drivers())

    def prune(self, *, before: float, limit: int, dry_run: bool = False) -> list[str]:
        """Remove sessions that nobody has used since; see `SessionStore`."""
        removed: list[str] = []
        for session_id in self.ids():
            if len(removed) == limit:
                break
            if self._rests(session_id, before) and (dry_run or self._removed(session_id, before)):
                removed.append(session_id)
        return removed

    def _rests(self, session_id: str, before: float) -> bool:
        try:
            if self._used_at(session_id) >= before:
                return False
            session = self.get(session_id)
        except (SessionException, OSError):
            return False  # what cannot be read is not known to be over
        return session is not None and not session.waits() and not session.drivers()

    def _removed(self, session_id: str, before: float) -> bool:
        """Take a session out of the way, then remove it, unless somebody has taken it up meanwhile."""
        path, grave = self._path(session_id), self._root / f"{_GRAVE}{session_id}_{uuid.uuid4().hex}"
        with self._naming(path):
            os.rename(path, grave)
            if any(each.stat().st_mtime >= before for each in grave.rglob(_JOURNAL)):
                os.rename(grave, path)
                return False
            sync_directory(self._root)
            shutil.rmtree(grave, ignore_errors=True)
        return True

    def _used_at(self, session_id: str) -> float:
        path = self._path(session_id)
        return max(each.stat().st_mtime for each in (path / "session.json", *path.rglob(_JOURNAL)))

    def _held(self, session_id: str) -> Iterator[tuple[str, str]]:
        for kind, (directory, prefix) in _PARTS.items():
            place = self._path(session_id) / directory
            with self._naming(place):
                names = sorted(os.listdir(place)) if place.is_dir() else []
            for name in names:
                if name.startswith(prefix) and is_checked(name[len(prefix) :]) and any((place / name).iterdir()):
                    yield kind, name[len(prefix) :]

    def _lines(self, manager: FileSessionManager, session_id: str, kind: str, id: str) -> bytes:
        record = _record(manager, session_id, kind, id)
        path = record.directory / _JOURNAL
        state = record.load()
        with self._naming(path):
            if isinstance(record, MultiAgentDirectory) and isinstance(state, dict) and record.disk.size(path) < 0:
                record.take_in(state)  # another program has left no more than its file
            content = record.disk.read(path)
        if not content:
            raise SessionException(f"{str(record.directory)!r} has no journal: use it once, then copy it")
        return whole(session_id, id, content)

    def _written(self, made: Path, session: StoredSession) -> None:
        """Write a session into a directory that nobody looks at."""
        directory, disk = made / f"{SESSION_PREFIX}{session.id}", Disk()
        for name, _ in _PARTS.values():
            disk.make_directory(directory / name)
        content = to_json(Session.from_dict(session.session).to_dict())
        disk.replace(directory / "session.json", content.encode())
        manager = FileSessionManager(session.id, made)
        for (kind, id), lines in session.journals.items():
            record = _record(manager, session.id, kind, id)
            lifetime.restore(str(record.directory / _JOURNAL), session.id, lines)
            record.load()  # which writes the files beside it
            record.write_layout_files()
        for each in (directory, *(path for path in directory.rglob("*") if path.is_dir())):
            sync_directory(each)

    def _sweep(self) -> None:
        """Remove what copies that were killed have left."""
        make_private(self._root)
        check_private(self._root)
        for each in self._root.glob(f"{_COPYING}*"):
            if time.time() - each.stat().st_mtime > _ABANDONED:
                shutil.rmtree(each, ignore_errors=True)

    def _path(self, session_id: str) -> Path:
        return self._root / f"{SESSION_PREFIX}{session_id}"

    def _naming(self, path: Path) -> Naming:
        return Naming(f"session storage {str(self._root)!r}", path)


def _record(manager: FileSessionManager, session_id: str, kind: str, id: str) -> AgentJournal | MultiAgentDirectory:
    if kind == AGENT:
        return manager.open_record(session_id, id)
    return manager.open_multi_agent_record(session_id, id)
