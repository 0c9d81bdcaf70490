"""Sessions in a directory."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands._home import check_private, check_shared, expanded, home
from strands.journal.drivers import Drivers
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage

from . import shapes
from .agent_journal import AgentJournal
from .disk import Disk, Naming
from .identifiers import checked
from .json_text import from_json, to_json
from .layout import AGENT, MESSAGES
from .pending import Pending
from .repository_session_manager import RepositorySessionManager
from .session_repository import JournalRepository

if TYPE_CHECKING:
    from .multi_agent_directory import MultiAgentDirectory

logger: logging.Logger = logging.getLogger(__name__)

SESSION_PREFIX = "session_"
AGENT_PREFIX = "agent_"
MESSAGE_PREFIX = "message_"
MULTI_AGENT_PREFIX = "multi_agent_"


class FileSessionManager(RepositorySessionManager, JournalRepository):
    """Keeps a session under `storage_dir`:

        session_<id>/
          session.json
          agents/agent_<id>/agent.json
          agents/agent_<id>/messages/message_<n>.json
          multi_agents/multi_agent_<id>/multi_agent.json

    In the directory of an agent, a graph or a swarm there are besides:

          journal.jsonl   all of it, synced; the files above are written from it
          journal.head    how far the journal is on disk

    Files are private to the user, whatever the umask; those that another user owns or may write to are refused.

    Args:
        session_id: The session; made when it does not exist.
        storage_dir: The directory of all sessions, `~` for the user's home; `~/.strands/sessions` by default, where the
            environment variable `STRANDS_HOME` stands in for `~/.strands`. It may be shared, as /tmp is.
        disk: The file operations; for tests that need a failing disk.
        **kwargs: `without_hooks`, and what subclasses take.

    Raises:
        ValueError: `session_id` cannot be part of a file name.
        SessionException: The session could not be read or made.
    """

    def __init__(
        self,
        session_id: str,
        storage_dir: str | os.PathLike[str] | None = None,
        *,
        disk: Disk | None = None,
        **kwargs: Any,
    ) -> None:
        self.storage_dir: str = _usable(storage_dir)
        self._disk = disk if disk is not None else Disk()
        super().__init__(session_id=session_id, session_repository=self, **kwargs)

    def create_session(self, session: Session, **kwargs: Any) -> Session:
        """Make the session's directory; one that a crash left half made is completed.

        Raises:
            SessionException: The session exists, or the directory cannot be written.
        """
        path = self._session_path(session.session_id) / "session.json"
        with self._naming(path):
            if self._disk.size(path) >= 0:
                raise SessionException(f"session {session.session_id!r} exists already in {self.storage_dir!r}")
            for made in self._disk.make_directory(Path(self.storage_dir)):
                self._disk.sync_directory(made.parent)
            self._disk.make_directory(path.parent / "agents")
            self._disk.make_directory(path.parent / "multi_agents")
        self._write(path, session.to_dict())
        return session

    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        """Return a session, or None; a damaged `session.json` is set aside and made anew.

        Raises:
            SessionException: What is there cannot be read, or is not a session.
        """
        directory = self._session_path(session_id)
        if directory.is_symlink():
            raise SessionException(f"{str(directory)!r} is a symbolic link, not a session; remove it or use another id")
        with self._naming(directory):
            check_private(directory)
        data = self._read(directory / "session.json", shapes.session)
        return Session.from_dict(data) if data is not None else None

    def delete_session(self, session_id: str, **kwargs: Any) -> None:
        """Remove a session with all that is in it.

        Raises:
            SessionException: There is no such session.
        """
        directory = self._session_path(session_id)
        if not directory.is_dir():
            raise SessionException(f"there is no session {session_id!r} in {self.storage_dir!r}")
        Pending.settle(directory)  # else a file may be written into it while it is removed
        with self._naming(directory):
            self._disk.remove_tree(directory)

    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        """Store a new agent."""
        directory = self._agent_path(session_id, session_agent.agent_id)
        with self._naming(directory):
            self._disk.make_directory(directory / MESSAGES)
        self._write(directory / AGENT, session_agent.to_dict())

    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        """Return an agent, or None."""
        self._settle(session_id, agent_id)
        data = self._read(self._agent_path(session_id, agent_id) / AGENT, shapes.agent)
        return SessionAgent.from_dict(data) if data is not None else None

    def create_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        """Store a new message."""
        path = self._message_path(session_id, agent_id, session_message.message_id)
        with self._naming(path):
            self._disk.make_directory(path.parent)
        self._write(path, session_message.to_dict())

    def read_message(self, session_id: str, agent_id: str, message_id: int, **kwargs: Any) -> SessionMessage | None:
        """Return a message, or None."""
        self._settle(session_id, agent_id)
        data = self._read(self._message_path(session_id, agent_id, message_id), shapes.message_of(message_id))
        return SessionMessage.from_dict(data) if data is not None else None

    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        """Return an agent's messages, oldest first.

        Raises:
            SessionException: There is no such agent.
        """
        self._settle(session_id, agent_id)
        directory = self._agent_path(session_id, agent_id) / MESSAGES
        if not directory.is_dir():
            raise SessionException(f"there is no agent {agent_id!r} in session {session_id!r}")
        names = (re.fullmatch(rf"{MESSAGE_PREFIX}(\d+)\.json", name) for name in self._disk.scan(directory))
        ids = sorted(int(name[1]) for name in names if name)
        chosen = ids[offset:] if limit is None else ids[offset : offset + limit]
        found = (self.read_message(session_id, agent_id, id) for id in chosen)
        return [message for message in found if message is not None]

    def open_multi_agent_record(self, session_id: str, multi_agent_id: str) -> MultiAgentDirectory:
        """Return the record of a graph or swarm: its journal and its file."""
        from .multi_agent_directory import MultiAgentDirectory

        name = f"{MULTI_AGENT_PREFIX}{checked('multi_agent_id', multi_agent_id)}"
        directory = self._session_path(session_id) / "multi_agents" / name
        drivers = drivers_of(directory.parent.parent)
        return MultiAgentDirectory(self._disk, directory, session_id, multi_agent_id, drivers)

    def open_record(self, session_id: str, agent_id: str) -> AgentJournal:
        """Return the record of an agent: its journal and its files."""
        directory = self._agent_path(session_id, agent_id)
        return AgentJournal(self._disk, directory, session_id, agent_id, drivers_of(directory.parent.parent))

    def _settle(self, session_id: str, agent_id: str) -> None:
        """Let what this process knows be in the files that are read next."""
        Pending.settle(self._agent_path(session_id, agent_id))

    def _session_path(self, session_id: str) -> Path:
        return Path(self.storage_dir) / f"{SESSION_PREFIX}{checked('session_id', session_id)}"

    def _agent_path(self, session_id: str, agent_id: str) -> Path:
        return self._session_path(session_id) / "agents" / f"{AGENT_PREFIX}{checked('agent_id', agent_id)}"

    def _message_path(self, session_id: str, agent_id: str, message_id: int) -> Path:
        if not isinstance(message_id, int) or message_id < 0:
            raise ValueError(f"message_id {message_id!r} must be a whole number from 0 on")
        return self._agent_path(session_id, agent_id) / MESSAGES / f"{MESSAGE_PREFIX}{message_id}.json"

    def _read(self, path: Path, check: shapes.Check) -> dict[str, Any] | None:
        with self._naming(path):
            content = self._disk.read(path)
        if content is None:
            return None
        try:
            data: dict[str, Any] = from_json(content)
            check(data, "")
            return data
        except shapes.WrongShapeError as error:
            raise shapes.wrong(path, error) from error
        except (ValueError, RecursionError):
            self._set_aside(path)
            return None

    def _write(self, path: Path, data: dict[str, Any]) -> None:
        with self._naming(path):
            self._disk.replace(path, to_json(data).encode())

    def _set_aside(self, path: Path) -> None:
        with self._naming(path):
            target = self._disk.set_aside(path)
        logger.warning("%r is damaged; it is kept as %r and the session goes on without it", str(path), target.name)

    def _naming(self, path: Path) -> Naming:
        return Naming(f"session storage {self.storage_dir!r}", path)


def drivers_of(session: Path) -> Drivers:
    """Return this process's drivers for a session; where others keep sessions as well, it has some of its own."""
    storage = session.parent
    with contextlib.suppress(OSError):
        if os.name == "posix" and stat.S_IMODE(os.stat(storage).st_mode) & 0o022:
            return Drivers.of(session)
    return Drivers.of(storage)


def _usable(storage_dir: str | os.PathLike[str] | None) -> str:
    with Naming("session storage", Path(storage_dir or "")):
        if storage_dir is not None:
            chosen = expanded(storage_dir)
            check_shared(chosen)
            return os.fspath(chosen)
        directory = home() / "sessions"
        check_private(directory.parent)
        check_private(directory)
        return os.fspath(directory)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
