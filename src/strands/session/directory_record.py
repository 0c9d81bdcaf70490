"""A journal with files beside it that others read, and one in a directory.

What a call waits for is the journal alone. The files are written from the same data when the call has come to its end;
what a crash takes from them is mended from the journal at the next load.
"""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Protocol

from strands.journal.file_log import FileLog
from strands.journal.log import DriverRegistry

from .disk import Disk
from .journal_record import JournalRecord, read_line
from .journal_state import LeaseState
from .layout import LayoutFiles
from .pending import Pending

logger: logging.Logger = logging.getLogger(__name__)


class FilesBeside(Protocol):
    """Files that are written from a journal while nobody waits for them."""

    @property
    def dirty_files(self) -> int:
        """How many files are not written yet."""
        ...

    def write(self, is_newest: Callable[[], bool]) -> None:
        """Write what is not written yet, unless `is_newest` says that somebody has gone on from the journal."""
        ...

    def forked(self) -> None:
        """This is a copy in a forked child: what is not written yet is the parent's to write."""
        ...


class RecordWithFiles(JournalRecord):
    """A journal with the files of the session layout beside it.

    Args:
        directory: Where the journal is.
        session_id: The session.
        id: The agent, graph or swarm.
        layout: The files beside the journal.
        drivers: Who is alive.
    """

    def __init__(
        self, directory: PurePath, session_id: str, id: str, layout: FilesBeside, drivers: DriverRegistry
    ) -> None:
        self.directory: PurePath = directory
        self.layout: FilesBeside = layout
        self._writing_files = threading.Lock()
        super().__init__(session_id, id, drivers)

    @property
    def _location(self) -> PurePath:
        return self.directory

    @abstractmethod
    def is_gone(self) -> bool:
        """Whether somebody has removed the session."""

    def forked(self) -> None:
        super().forked()
        self._writing_files = threading.Lock()
        self.layout.forked()

    def write_layout_files(self) -> None:
        with self._writing_files:
            try:
                if self.layout.dirty_files:
                    self.layout.write(self._is_newest)
            except Exception as error:
                if not self.is_gone():
                    logger.warning("the files beside %r are not up to date: %s", str(self.log.path), error)
            Pending.discard(self)

    def _is_newest(self) -> bool:
        return bool(self._my_driver) or self.log.is_unmoved()

    def write_layout_files_soon(self) -> None:
        if self.layout.dirty_files:
            Pending.soon()


class DirectoryRecord(RecordWithFiles):
    """The record in `directory`, which is `<storage>/session_<id>/<agents or multi_agents>/<name>`.

    Args:
        disk: The file operations.
        directory: Where the journal is.
        session_id: The session.
        id: The agent, graph or swarm.
        layout: The files beside the journal.
        drivers: Who is alive.
    """

    directory: Path
    log: FileLog

    def __init__(
        self, disk: Disk, directory: Path, session_id: str, id: str, layout: LayoutFiles, drivers: DriverRegistry
    ) -> None:
        self.disk: Disk = disk
        self._names_are_synced = True
        super().__init__(directory, session_id, id, layout, drivers)

    def is_gone(self) -> bool:
        return not self.directory.exists()

    def new_log(self) -> FileLog:
        return FileLog(self.directory, self._id, disk=self.disk, read=read_line)

    def reset(self) -> None:
        super().reset()
        self._names_are_synced = True

    def known(self, state: LeaseState) -> None:
        super().known(state)
        self._names_are_synced = not self._count or self.log.is_on_disk

    def _before_create(self) -> None:
        session = self.directory.parent.parent
        self.disk.make_directory(self.directory.parent)
        for directory in (session.parent, session):
            self.disk.sync_directory(directory)

    def _after_durable(self) -> None:
        if not self._names_are_synced:
            for directory in (self.directory, self.directory.parent):
                self.disk.sync_directory(directory)
            self._names_are_synced = True
