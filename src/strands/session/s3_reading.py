"""Reading an agent back from its objects, whatever a crash, another program or somebody who removed some left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from strands.journal.entries import Entry
from strands.journal.errors import SessionDamagedError, SessionNotFoundError
from strands.journal.salvage import Gap, Salvaged, salvage

from .journal_reading import JournalReading
from .journal_record import read_line
from .json_text import from_json
from .s3_content import OLDER
from .s3_files import S3FilesRead

if TYPE_CHECKING:
    from .s3_record import S3AgentJournal

logger: logging.Logger = logging.getLogger(__name__)

LEDGER = "ledger/"
_DIGITS = 12
_BEHIND_ALL = 1 << 62


class S3Reading(JournalReading):
    """One reading of `record`'s objects."""

    def __init__(self, record: S3AgentJournal) -> None:
        self._objects = S3FilesRead(record.store, record.layout)
        super().__init__(record, self._objects)
        self._store = record.store
        self._log = record.log
        self._prefix = record.prefix
        self._agents_record = record

    def _read(self) -> Salvaged:
        asked: list[Callable[[], Any]] = [self._news, self._list, self._objects.agent]
        found = self._store.all(lambda ask: ask(), asked)[0]
        if isinstance(found, SessionNotFoundError):
            return self._read_ledger()
        self._exists = True
        if isinstance(found, SessionDamagedError):
            content, told_of = self._log.whole()
            self._size = len(content)
            return salvage(content, head=told_of, read=read_line)
        self._is_sound = True
        self._size = self._log.size
        self._agents_record.strays = self._strays()
        return Salvaged(found, next=self._log.count)

    def _news(self) -> list[Entry] | SessionNotFoundError | SessionDamagedError:
        try:
            return self._log.news()
        except (SessionNotFoundError, SessionDamagedError) as error:
            return error

    def _list(self) -> None:
        self._objects.listing = self._store.listing(self._prefix)

    def _strays(self) -> list[str]:
        """Return the objects with older lines that the newest one does not name: a writer died, or was refused."""
        kept = self._log.older
        start = f"{self._prefix}{OLDER}"
        return [each.key for each in self._objects.listing if each.key.startswith(start) and each.key not in kept]

    def _numbers(self) -> list[int]:
        start = len(f"{self._prefix}{LEDGER}")
        keys = (each.key for each in self._objects.listing if each.key.startswith(f"{self._prefix}{LEDGER}"))
        return sorted(int(key[start : start + _DIGITS]) for key in keys)

    def _ledger_size(self) -> int:
        numbers = self._numbers()
        return numbers[-1] + 1 if numbers else -1

    def _read_ledger(self) -> Salvaged:
        numbers = self._numbers()
        if not numbers:
            return Salvaged()
        self._ledger = {"ledger": {"name": LEDGER, "size": numbers[-1] + 1}}
        bodies = self._store.all(self._object, list(range(self._since(numbers), numbers[-1] + 1)))
        found = Salvaged()
        for body in filter(None, bodies):
            for each in body.get("entries", []):
                found.entries.append(Entry(len(found.entries), each["kind"], "", each["data"], body["at"]))
        found.next = len(found.entries)
        if None in bodies:
            found.gaps.append(Gap(1, _BEHIND_ALL, None, 1, (b"\0",)))
        return found

    def _since(self, numbers: list[int]) -> int:
        """Return from which number on the ledger matters, by the newest object that can be read."""
        for number in reversed(numbers):
            body = self._object(number)
            if body is not None:
                return int(body["since"])
        return numbers[0]

    def _object(self, number: int) -> dict[str, Any] | None:
        found = self._store.fetch(f"{self._prefix}{LEDGER}{number:0{_DIGITS}}.json")
        try:
            body = None if found is None else from_json(found.content)
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    @property
    def _name(self) -> str:
        return self._store.name(self._log.key if self._exists else f"{self._prefix}{LEDGER}")

    def _keep_damaged(self, found: Salvaged) -> None:
        if not self._exists:
            logger.warning("objects below %r are lost", self._name)
            return
        kept = self._store.copy_aside(self._log.key)
        logger.warning("%r: %s lost; it is kept as %r", self._name, found.lost_text(), kept)
