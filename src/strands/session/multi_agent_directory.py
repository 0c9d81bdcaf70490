"""The journal of a graph or a swarm in a directory, and beside it the file that others read."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from strands.journal import head
from strands.journal.drivers import Drivers
from strands.journal.entries import FORMAT, Encoded
from strands.journal.errors import SessionDamagedError
from strands.types.exceptions import SessionException

from .directory_record import DirectoryRecord
from .disk import Disk
from .journal_record import encoded, opening
from .json_text import to_json
from .layout import LayoutFiles
from .lease import LEASE
from .multi_agent_journal import MultiAgentJournal
from .multi_agent_record import cannot_be_read
from .multi_agent_state import MultiAgentState, StateFile, format_of, healed
from .pending import Pending

logger: logging.Logger = logging.getLogger(__name__)


class MultiAgentDirectory(MultiAgentJournal, DirectoryRecord):
    """The record in `directory`, which is `<storage>/session_<id>/multi_agents/multi_agent_<id>`."""

    layout: LayoutFiles

    def __init__(self, disk: Disk, directory: Path, session_id: str, id: str, drivers: Drivers) -> None:
        self._path = directory / "multi_agent.json"
        super().__init__(disk, directory, session_id, id, LayoutFiles(disk, directory), drivers)

    def reset(self) -> None:
        super().reset()
        self._seen: object = None
        self._damaged: bytes | None = None
        self._file: StateFile | None = None

    # -- reading --------------------------------------------------------------------------------------------------

    def load(self) -> dict[str, Any] | None:
        Pending.settle(self.directory)
        with self._naming("read"):
            self.reset()
            self.layout.check()
            self._seen = self._stamp()
            file = self._file = StateFile.read(self.disk.read(self._path))
            journal = self._read()
            if file is not None and (journal is None or file.is_newer(journal)):
                return self._taken_in(file)
            if journal is None:
                return None
            self._mend(file)
            return journal.state

    def _must_not_be_there(self) -> None:
        if self._head() is not None:
            raise self._is_damaged(f"{str(self.log.path)!r} is gone")

    def _healed(self, error: SessionDamagedError) -> MultiAgentState:
        content = self.disk.read(self.log.path) or b""
        version = format_of(content)
        if version > FORMAT:
            text = (
                f"{str(self.log.path)!r} has format {version}; this release reads up to {FORMAT}: upgrade strands-cli"
            )
            raise SessionException(text)
        journal = healed(content, self._head(), self._file)
        if journal is None:
            raise self._is_damaged(error.message) from error
        self._damaged = content
        logger.warning("%s; what it told is in %r as well, and is used", error.message, str(self._path))
        return journal

    def _head(self) -> head.Head | None:
        return head.read(os.fspath(self.log.path.with_name(head.NAME)))

    def _is_damaged(self, why: str) -> SessionException:
        remedy = f"move {str(self.directory)!r} away to begin anew"
        if self.disk.size(self._path) >= 0:
            remedy += f", or {self.log.path.name} and {head.NAME} in it to go on from where its last call ended"
        return cannot_be_read(self._session_id, self._id, why, remedy)

    def _taken_in(self, file: StateFile) -> dict[str, Any]:
        """Take up what another program, or an earlier release, has left."""
        if file.state is None:
            remedy = f"move {str(self._path)!r} away to begin anew"
            raise cannot_be_read(self._session_id, self._id, file.damage, remedy)
        if file.damage:
            logger.warning("%r is damaged in one place; its second copy is whole and is used", str(self._path))
        self._imported = file.digest
        return file.state

    def _mend(self, file: StateFile | None) -> None:
        """Write what is damaged or outdated, unless somebody is at work there."""
        if self._driver and self.is_alive(self._driver):
            return
        if file is not None and file.state is None and file.damage:
            kept = self.disk.set_aside(self._path)
            logger.warning("%r is damaged; it is kept as %r and mended from the journal", str(self._path), kept.name)
        if self._damaged is not None:
            self._write_sound()
        if file is None or file.text != self._text.whole:
            self._project(self._text.whole)
            self.write_layout_files()

    def _write_sound(self) -> None:
        damaged = self._damaged
        whole = encoded("state", "", f'{{"state":{{"set":{self._text.whole}}}}}')

        def sound(content: bytes, unmoved: bool) -> list[Encoded] | None:
            return [encoded("opened", "", to_json(opening())), whole] if content == damaged else None

        with self.layout.locked():
            kept = self.disk.copy_aside(self.log.path)
            if not self.log.replace(sound):
                raise self.refusal(self._stale(self._other))
        logger.warning("%r: it is written anew; as it was, it is kept as %r", str(self.log.path), kept.name)
        self._damaged = None
        self.mended()

    # -- the lease ------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._damaged is not None:  # somebody else was at work when it was read
            if self._driver and self.is_alive(self._driver):
                raise self.refusal(self._held())
            self._write_sound()
        lock = self.directory / LEASE
        if self.disk.size(lock) >= 0:  # release 0.1.0 holds it while it works
            lease = self.disk.take_lease(lock)
            if lease is None:
                self._driven_by = self.disk.holder(lock)
                raise self.refusal(self._held())
            lease.release()

    def _changed_outside(self) -> str:
        stamp = self._stamp()
        if stamp == self._seen:
            return ""
        file = StateFile.read(self.disk.read(self._path))
        if file is not None and not file.is_of_a_journal and file.digest != self._imported:
            return "another program has written to it"
        self._seen = stamp
        return ""

    def _stamp(self) -> object:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _project(self, text: str) -> None:
        """Let the file that others read say this once nobody waits."""
        self.layout.put(os.fspath(self._path), StateFile.content(text, self.log.opening, self.log.count))
        Pending.add(self)

    def _withdraw(self) -> None:
        self.layout.remove(os.fspath(self._path))
        self._seen = None

    def write_layout_files(self) -> None:
        is_due = bool(self.layout.dirty_files)
        super().write_layout_files()
        if is_due and not self.layout.dirty_files:
            self._seen = self._stamp()
