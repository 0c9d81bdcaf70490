"""The journal of a graph or a swarm in a directory, and beside it the file that others read."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from strands.journal import head
from strands.journal.drivers import Drivers
from strands.types.exceptions import SessionException

from .directory_record import DirectoryRecord
from .disk import Disk
from .layout import LayoutFiles
from .lease import LEASE
from .multi_agent_record import cannot_be_read
from .multi_agent_with_file import MultiAgentWithFile


class MultiAgentDirectory(MultiAgentWithFile, DirectoryRecord):
    """The record in `directory`, which is `<storage>/session_<id>/multi_agents/multi_agent_<id>`."""

    layout: LayoutFiles

    def __init__(self, disk: Disk, directory: Path, session_id: str, id: str, drivers: Drivers) -> None:
        self._path = directory / "multi_agent.json"
        super().__init__(disk, directory, session_id, id, LayoutFiles(disk, directory), drivers)

    @property
    def _opening(self) -> str:
        return self.log.opening

    @property
    def _file_name(self) -> str:
        return str(self._path)

    def _read_file(self) -> tuple[bytes | None, object]:
        self.layout.check()
        stamp = self._stamp()
        return self.disk.read(self._path), stamp

    def _stamp(self) -> object:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read_journal(self) -> tuple[bytes, head.Head | None]:
        return self.disk.read(self.log.path) or b"", self._head()

    def _head(self) -> head.Head | None:
        return head.read(os.fspath(self.log.path.with_name(head.NAME)))

    def _must_not_be_there(self) -> None:
        if self._head() is not None:
            raise self._is_damaged(f"{str(self.log.path)!r} is gone")

    def _is_damaged(self, why: str) -> SessionException:
        remedy = f"move {str(self.directory)!r} away to begin anew"
        if self.disk.size(self._path) >= 0:
            remedy += f", or {self.log.path.name} and {head.NAME} in it to go on from where its last call ended"
        return cannot_be_read(self._session_id, self._id, why, remedy)

    def _put_file(self, content: bytes) -> None:
        self.layout.put(os.fspath(self._path), content)

    def _remove_file(self) -> None:
        self.layout.remove(os.fspath(self._path))

    def _set_file_aside(self) -> str:
        return self.disk.set_aside(self._path).name

    def _keep_journal(self) -> str:
        return self.disk.copy_aside(self.log.path).name

    def _locked(self) -> AbstractContextManager[Any]:
        return self.layout.locked()

    def _prepare(self) -> None:
        super()._prepare()
        lock = self.directory / LEASE
        if self.disk.size(lock) >= 0:  # release 0.1.0 holds it while it works
            lease = self.disk.take_lease(lock)
            if lease is None:
                self._driven_by = self.disk.holder(lock)
                raise self.refusal(self._held())
            lease.release()
