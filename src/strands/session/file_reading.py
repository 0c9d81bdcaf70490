"""Reading an agent's directory back, whatever a crash, another program or a bad disk left in it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from strands.journal import head
from strands.journal.errors import SessionDamagedError, SessionNotFoundError
from strands.journal.salvage import Salvaged, salvage

from .journal_reading import JournalReading
from .journal_record import newer, read_line
from .layout import LayoutReading
from .lease import LEASE, noted

if TYPE_CHECKING:
    from .agent_journal import AgentJournal

logger: logging.Logger = logging.getLogger(__name__)

LEDGER = "ledger.jsonl"


class FileReading(JournalReading):
    """One reading of `record`'s directory."""

    def __init__(self, record: AgentJournal) -> None:
        super().__init__(record, LayoutReading(record.layout, record.disk, record.directory))
        self._files = record
        self._disk = record.disk
        self._ledger_path = record.directory / LEDGER

    def _read(self) -> Salvaged:
        log = self._files.log
        try:
            entries = log.news()
            self._exists = self._is_sound = True
            self._size = log.size
            return Salvaged(entries, next=log.count)
        except SessionNotFoundError:
            told_of = self._head()
            return self._read_ledger() if told_of is None else self._salvaged(told_of)
        except SessionDamagedError:
            return self._salvaged(self._head())

    def _head(self) -> head.Head | None:
        return head.read(os.fspath(self._files.log.path.with_name(head.NAME)))

    def _salvaged(self, told_of: head.Head | None) -> Salvaged:
        content = self._disk.read(self._files.log.path)
        self._exists, self._size = content is not None, len(content or b"")
        return salvage(content or b"", head=told_of, read=read_line)

    def _read_ledger(self) -> Salvaged:
        content = self._disk.read(self._ledger_path)
        if content is None:
            return Salvaged()
        from . import ledger

        found = ledger.read(content, ledger.Note.decode(noted(self._files.directory / LEASE)))
        if ledger.format_of(found) > ledger.FORMAT:
            raise newer(self._ledger_path, ledger.format_of(found), ledger.FORMAT)
        self._ledger = {"ledger": {"name": ledger.name_of(content), "size": len(content)}}
        return found

    def _ledger_size(self) -> int:
        return self._disk.size(self._ledger_path)

    @property
    def _path(self) -> Path:
        return self._files.log.path if self._exists else self._ledger_path

    @property
    def _name(self) -> str:
        return self._path.name

    def _keep_damaged(self, found: Salvaged) -> None:
        if self._disk.size(self._path) < 0:
            logger.warning("%r is gone", str(self._path))
            return
        kept = self._disk.copy_aside(self._path)
        logger.warning("%r: %s lost; it is kept as %r", str(self._path), found.lost_text(), kept.name)

    def _locked(self) -> AbstractContextManager[None]:
        return self._files.layout.locked()

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        path = self._files.directory / LEASE
        lease = self._disk.take_lease(path) if self._disk.size(path) >= 0 else None
        if lease is None and self._disk.size(path) >= 0:
            yield False
            return
        try:
            yield True
        finally:
            if lease is not None:
                lease.release()
