"""An agent's record in a directory: its journal, and beside it the files of the session layout.

What a call waits for is the journal alone. The files are written from the same data when the call has come to its end;
what a crash takes from them is mended from the journal at the next load.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from strands.journal import lines
from strands.journal.drivers import Drivers
from strands.journal.entries import FORMAT, Encoded, Entry
from strands.journal.errors import SessionDamagedError, SessionExistsError, SessionNotFoundError, StrandsError
from strands.journal.file_log import FileLog
from strands.journal.protocol import Conflict
from strands.types.exceptions import SessionException
from strands.types.json_bytes import decode_bytes_values
from strands.types.session import SessionAgent, SessionMessage

from .agent_record import AgentRecord, Draft, Loaded, stale
from .disk import Disk, Naming
from .journal_state import JournalState
from .json_text import to_json
from .layout import MOST_IN_MEMORY, Layout, message_texts
from .pending import Pending
from .redaction import AnyRedaction, Redaction

if TYPE_CHECKING:
    from .journal_reading import JournalReading

logger: logging.Logger = logging.getLogger(__name__)

_OF_LEASES = frozenset({"leased", "rested"})


class JournalRecord(AgentRecord):
    """The record in `directory`, which is `<storage>/session_<id>/agents/agent_<id>`."""

    lease_is_cheap: ClassVar[bool] = True

    def __init__(self, disk: Disk, directory: Path, session_id: str, agent_id: str, drivers: Drivers) -> None:
        self.disk: Disk = disk
        self.directory: Path = directory
        self.layout: Layout = Layout(disk, directory)
        self._session_id = session_id
        self._agent_id = agent_id
        self._reading: JournalReading | None = None
        self._drivers = drivers
        self._writing_files = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget what is known of the journal."""
        self.refused = False
        self.log: FileLog = FileLog(self.directory, self._agent_id, disk=self.disk, read=read_line)
        self._count = 0
        self._next_id = 0
        self._left_behind = ""
        self._driver = self._driven_by = ""
        self._leased: Encoded | None = None
        self._my_driver = ""
        self.has_rested: bool = False
        self._directory_synced = True

    def load(self) -> Loaded | None:
        from .journal_reading import JournalReading

        Pending.settle(self.directory)
        with self._naming("read"):
            self.layout.check()
            reading = JournalReading(self)
            loaded = reading.load()
            while self.refused:  # somebody else has taken in what another program left: read what came of it
                self.reset()
                reading = JournalReading(self)
                loaded = reading.load()
        self._reading = None if reading.mended else reading
        self._next_id = loaded.next_id if loaded else 0
        return loaded

    def known(self, state: JournalState, *, directory_synced: bool) -> None:
        """Go on from what was read."""
        self._count = self.log.count
        self._driver, self._driven_by = state.driver, state.driven_by
        self._directory_synced = directory_synced

    def mended(self) -> None:
        """Go on from the journal as it was written anew."""
        self._count = self.log.count

    # -- the lease ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        if self._my_driver:
            if self.has_rested:  # another call goes on
                with self._naming("write"):
                    self._enter(self._my_driver)
            return
        with self._naming("write"):
            if self._reading is not None:  # somebody else was at work when it was read
                if not self._reading.mend():
                    raise self.refusal(self._held())
                self._reading = None
            driver = self._drivers.enter()
            self.log.keep_open()
            try:
                self._enter(driver)
            except BaseException:
                self.log.let_close()
                self._drivers.leave(driver)
                raise
            self._my_driver = driver

    def _enter(self, driver: str) -> None:
        self._check_sound()
        leased = encoded("leased", "", f'{{"driver":"{driver}","by":{to_json(_me())}}}')
        while True:
            if self._driver != driver and self._driver and self.is_alive(self._driver):
                raise self.refusal(self._held())
            if self._left_behind:
                raise self.refusal(self._stale(self._left_behind))
            if self.layout.has_message(self._next_id):
                if self._count:
                    self._take(self.log.news())
                raise self.refusal(self._stale(self._left_behind or "another program has added messages"))
            if not self._count and not self._has_been_begun():
                self._leased = leased  # the journal is begun with it
                self.has_rested = True
                return
            try:
                self.log.write([leased], expect=self._count)
                self._count += 1
                self.has_rested = False
                return
            except Conflict as conflict:
                if not conflict.entries:  # this record was at another place than its log
                    self._left_behind = "another agent has written to it"
                self._take(conflict.entries)
            except (SessionNotFoundError, SessionDamagedError):
                self._left_behind = "another agent has written to it"

    def _has_been_begun(self) -> bool:
        try:
            self._take(self.log.news())
        except SessionNotFoundError:
            return False
        return True

    def _take(self, entries: Sequence[Entry]) -> None:
        """Take notice of what others have written since."""
        news = JournalState(driver=self._driver, driven_by=self._driven_by).take(entries)
        self._driver, self._driven_by = news.driver, news.driven_by
        if any(entry.kind not in _OF_LEASES for entry in entries):
            self._left_behind = self._left_behind or _why(news)
        self._count = self.log.count

    def is_alive(self, driver: str) -> bool:
        """Whether a driver is still at work."""
        return self._drivers.alive(driver)

    def end(self) -> None:
        driver, self._my_driver = self._my_driver, ""
        if driver:
            if not self.has_rested:
                self._rest()
            self._driver = self._driven_by = ""
            self.log.let_close()
            self._drivers.leave(driver)

    def rested(self, next_id: int) -> Draft:
        return Draft("rested", {"next_id": next_id})

    def _rest(self) -> None:
        """Say that the lease is given back where the end of a call could not be recorded, or nothing was."""
        try:
            self.log.write([encoded("rested", "", "{}")], expect=self._count)
            self._count += 1
            self.has_rested = True
        except (Conflict, OSError, StrandsError) as error:
            logger.warning("%r: the end of a call is not on record: %s", str(self.log.path), error)

    def forked(self) -> None:
        self._writing_files = threading.Lock()
        self._my_driver = ""
        self.layout.forked()

    # -- writing --------------------------------------------------------------------------------------------------

    def write(self, drafts: Sequence[Draft], *, durable: bool) -> None:
        if not self._my_driver:
            raise SessionException(self._not_held())
        with self._naming("write"):
            told = [self._told(draft) for draft in drafts]
            self._append([item for item, _ in told], durable, list(_redactions(drafts)))
            self.has_rested = bool(drafts) and drafts[-1].kind == "rested"
            for draft, (_, content) in zip(drafts, told, strict=True):
                self._put(draft.stored, content)
        if self.layout.dirty_files > MOST_IN_MEMORY:
            self.write_layout_files()

    def _append(self, items: list[Encoded], durable: bool, redactions: Sequence[AnyRedaction]) -> None:
        self._check_sound()
        if not self._count:
            self.create([_without(redactions, item) for item in items])
            return
        try:
            if redactions:
                self._redact(items, redactions)
            else:
                self.log.write(items, expect=self._count, durable=durable)
        except Conflict:
            raise self.refusal(self._stale("another agent has written to it")) from None
        except (SessionNotFoundError, SessionDamagedError):
            raise self.refusal(self._stale("its journal is another one by now")) from None
        self._count += len(items)
        if durable and not self._directory_synced:
            for directory in (self.directory, self.directory.parent):
                self.disk.sync_directory(directory)
            self._directory_synced = True

    def _check_sound(self) -> None:
        if self.log.broken:
            raise SessionException(
                f"the disk did not confirm an earlier write to {str(self.log.path)!r} ({self.log.broken}), so nothing "
                "more is written. Check the disk, then create the agent again to see what was kept"
            )

    def create(self, items: Sequence[Encoded], imported: dict[str, Any] | None = None) -> None:
        """Begin the journal with these entries, durably and at once.

        Raises:
            SessionException: Somebody else has begun it.
        """
        session = self.directory.parent.parent
        self.disk.make_directory(self.directory.parent)
        for directory in (session.parent, session):
            self.disk.sync_directory(directory)
        opened = encoded("opened", "", to_json(opening(imported)))
        leased = [self._leased] if self._leased is not None else []
        try:
            self.log.begin([opened, *leased, *items])
        except SessionExistsError:
            raise self.refusal(self._stale("another agent has begun it")) from None
        self._leased = None
        self._count = self.log.count

    def _told(self, draft: Draft) -> tuple[Encoded, bytes]:
        """Return the entry of a draft, and what a file of the layout says of it."""
        stored = draft.stored
        if isinstance(stored, SessionMessage):
            text, content = message_texts(stored)
            return encoded(draft.kind, f"messages/{stored.message_id}", text), content
        key = _key(draft.data) if stored is None else ""
        item = encoded(draft.kind, key, draft.text or to_json(draft.data if stored is None else vars(stored)))
        return item, item.data

    def _put(self, stored: SessionMessage | SessionAgent | None, content: bytes) -> None:
        if isinstance(stored, SessionMessage):
            self.layout.put_message(stored.message_id, content)
            self._next_id = max(self._next_id, stored.message_id + 1)
        elif stored is not None:
            self.layout.put_agent(content)
        else:
            return
        Pending.add(self)

    def _redact(self, items: list[Encoded], redactions: Sequence[AnyRedaction]) -> None:
        """Append `items` and take what was said out of the journal, both at once.

        A message's file goes first: whoever reads one of another size than the journal's takes it for a newer message.
        """
        for each in redactions:
            if isinstance(each, Redaction):
                self.layout.remove_message(each.message_id)

        def without(content: bytes, unmoved: bool) -> list[Encoded] | None:
            if not unmoved or self.log.count != self._count:
                return None
            there = [
                encoded(*each[1:3], to_json(each.data), each.at) for each in lines.parse(content, read=read_line)[0]
            ]
            return [_without(redactions, item) for item in (*there, *items)]

        if not self.log.replace(without):
            raise Conflict([])

    def write_layout_files(self) -> None:
        with self._writing_files:
            try:
                if self.layout.dirty_files:
                    self.layout.write(self._is_newest)
            except Exception as error:
                if self.directory.exists():
                    logger.warning("the files beside %r are not up to date: %s", str(self.log.path), error)
            Pending.discard(self)

    def _is_newest(self) -> bool:
        return bool(self._my_driver) or self.log.is_unmoved()

    def write_layout_files_soon(self) -> None:
        if self.layout.dirty_files:
            Pending.soon()

    # -- messages -------------------------------------------------------------------------------------------------

    def _stale(self, why: str) -> str:
        return stale(self._session_id, self._agent_id, why)

    def _held(self) -> str:
        return (
            f"session {self._session_id!r}, agent {self._agent_id!r} is at work elsewhere: "
            f"{self._driven_by or 'another process'} holds its lease, says {str(self.log.path)!r}. "
            "Nothing was written. Wait for that call to end, then create the agent again"
        )

    def _not_held(self) -> str:
        return (
            f"session {self._session_id!r}, agent {self._agent_id!r}: this process does not hold the lease of "
            f"{str(self.log.path)!r}, as after a fork. Nothing was written. Create the agent again"
        )

    def _naming(self, deed: str) -> Naming:
        return Naming(f"could not {deed} agent {self._agent_id!r} of session {self._session_id!r}", self.directory)


def _redactions(drafts: Sequence[Draft]) -> Iterator[AnyRedaction]:
    for draft in drafts:
        if draft.kind == "redacted" and isinstance(draft.stored, SessionMessage):
            yield Redaction.of(draft.stored)
        if draft.taken is not None:
            yield draft.taken


def _without(redactions: Sequence[AnyRedaction], item: Encoded) -> Encoded:
    """Return an entry without what was taken back."""
    for each in redactions:
        cleared = each.cleared(item.kind, read_line(item.data))
        if cleared is not None:
            item = encoded(item.kind, item.key, to_json(cleared), item.at)
    return item


def read_line(line: bytes) -> dict[str, Any]:
    """Return the object that a line of a journal holds."""
    data: dict[str, Any] = json.loads(line)
    return decode_bytes_values(data) if b"__bytes_encoded__" in line else data


def opening(imported: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the first entry of a journal says.

    Args:
        imported: Where it was taken from, if it was.
    """
    return {"format": FORMAT, "id": os.urandom(8).hex(), **(imported or {})}


def encoded(kind: str, key: str, text: str, at: float | None = None) -> Encoded:
    """Return an entry whose data is the JSON `text`; it happens now, unless `at` says when."""
    return Encoded(kind, key, text.encode(), time.time() if at is None else at)


def _key(data: Mapping[str, Any]) -> str:
    """Return the key of an entry that tells of a tool use; "" for others."""
    tool_use_id = data.get("tool_use_id") or (data["path"][0] if "path" in data else "")
    return f"tools/{tool_use_id}" if tool_use_id else ""


def _me() -> str:
    return f"process {os.getpid()} on {platform.node()}"


def _why(news: JournalState) -> str:
    if not news.answered_by:
        return "another agent has written to it"
    interrupt_id, (by, at) = next(iter(news.answered_by.items()))
    return f"interrupt {interrupt_id!r} was answered by {by or 'another process'} at {moment(at)}"


def moment(at: float) -> str:
    """Return a Unix time in seconds as text for people."""
    from datetime import datetime, timezone

    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
