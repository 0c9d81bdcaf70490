"""The record of an agent, a graph or a swarm as a journal: its lease, and what is appended while it is held."""

from __future__ import annotations

import json
import logging
import os
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, ClassVar

from strands.journal.entries import FORMAT, Encoded, Entry
from strands.journal.errors import SessionDamagedError, SessionExistsError, SessionNotFoundError, StrandsError
from strands.journal.log import DriverRegistry, Log
from strands.journal.protocol import Conflict
from strands.types.exceptions import SessionException
from strands.types.json_bytes import decode_bytes_values

from .disk import Naming
from .journal_state import LeaseState
from .json_text import to_json
from .lease import this_process
from .record import Record, stale

logger: logging.Logger = logging.getLogger(__name__)

_OF_LEASES = frozenset({"leased", "rested"})
_REPLACED = "its journal is another one by now"


class JournalRecord(Record):
    """A record that is a journal; where that is kept is told by subclasses.

    Args:
        session_id: The session.
        id: The agent, graph or swarm.
        drivers: Who is alive.
    """

    lease_is_cheap: ClassVar[bool] = True
    noun: ClassVar[str] = "agent"
    """What error messages call what it is of."""

    def __init__(self, session_id: str, id: str, drivers: DriverRegistry) -> None:
        self._session_id = session_id
        self._id = id
        self._drivers = drivers
        self.reset()

    @abstractmethod
    def new_log(self) -> Log:
        """Return the log, of which nothing is known yet."""

    @property
    @abstractmethod
    def _location(self) -> PurePath:
        """Where it is kept, for messages."""

    def _naming(self, deed: str) -> Naming:
        """Return what says, of what the store refuses meanwhile, that `deed` could not be done."""
        return Naming(f"could not {deed} {self.noun} {self._id!r} of session {self._session_id!r}", self._location)

    def _before_create(self) -> None:
        """Make what a journal is begun in."""

    def _after_durable(self) -> None:
        """Make what was written durably outlive a power loss under its name too."""

    def reset(self) -> None:
        """Forget what is known of the journal."""
        self.refused = False
        self.log: Log = self.new_log()
        self._count = 0
        self._left_behind = ""
        self._driver = self._driven_by = ""
        self._leased: Encoded | None = None
        self._my_driver = ""
        self.has_rested: bool = False

    def known(self, state: LeaseState) -> None:
        """Go on from what was read."""
        self._count = self.log.count
        self._driver, self._driven_by = state.driver, state.driven_by

    def _prepare(self) -> None:
        """Mend, before the lease is taken, what could not be mended when it was read.

        Raises:
            SessionException: Somebody else is at work.
        """

    def _changed_outside(self) -> str:
        """Return what another program has done to the files since they were read; "" for nothing."""
        return ""

    def mended(self) -> None:
        """Go on from the journal as it was written anew."""
        self._count = self.log.count

    def begin(self) -> None:
        if self._my_driver:
            if self.has_rested:  # another call goes on
                with self._naming("write"):
                    self._enter(self._my_driver)
            return
        with self._naming("write"):
            self._prepare()
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
        self._take_lease(self._lease(driver), driver)

    def _take_lease(self, leased: Encoded, driver: str) -> None:
        while True:
            self._check_free(driver)
            changed = self._changed_outside()
            if changed:
                if self._count:
                    self._take(self.log.news())
                raise self.refusal(self._stale(self._left_behind or changed))
            if not self._count and not self._has_been_begun():
                self._leased = leased  # the journal is begun with it
                self.has_rested = True
                return
            if self._has_written_lease([leased]):
                return

    def _check_free(self, driver: str) -> None:
        """Check that nobody else is at work, and that nobody has written since.

        Raises:
            SessionException: Somebody is, or has.
        """
        if self._driver != driver and self._driver and self.is_alive(self._driver):
            raise self.refusal(self._held())
        if self._left_behind:
            raise self.refusal(self._stale(self._left_behind))

    def _has_written_lease(self, items: Sequence[Encoded]) -> bool:
        """Append `items`, the lease first; where somebody was faster, take notice of what was written instead."""
        try:
            self.log.write(items, expect=self._count)
        except Conflict as conflict:
            if not conflict.entries:  # this record was at another place than its log
                self._left_behind = self._other
            self._take(conflict.entries)
            return False
        except (SessionNotFoundError, SessionDamagedError):
            self._left_behind = _REPLACED
            return False
        self._count = self.log.count
        self.has_rested = False
        return True

    @staticmethod
    def _lease(driver: str) -> Encoded:
        return encoded("leased", "", f'{{"driver":"{driver}","by":{to_json(this_process())}}}')

    def _has_been_begun(self) -> bool:
        try:
            self._take(self.log.news())
        except SessionNotFoundError:
            return False
        return True

    def _take(self, entries: Sequence[Entry]) -> None:
        """Take notice of what others have written since."""
        news = LeaseState(driver=self._driver, driven_by=self._driven_by).take(entries)
        self._driver, self._driven_by = news.driver, news.driven_by
        if any(entry.kind not in _OF_LEASES for entry in entries):
            self._left_behind = self._left_behind or _why(news) or self._other
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

    def _rest(self) -> None:
        """Say that the lease is given back where the end of a call could not be recorded, or nothing was."""
        try:
            self.log.write([encoded("rested", "", "{}")], expect=self._count)
            self._count += 1
            self.has_rested = True
        except (Conflict, OSError, StrandsError) as error:
            logger.warning("%r: the end of a call is not on record: %s", str(self.log.path), error)

    def forked(self) -> None:
        self._my_driver = ""

    def _append(self, items: list[Encoded], durable: bool, rewrite: Callable[[], None] | None = None) -> None:
        """Append `items`, with `rewrite` where more than that is to be written."""
        self._check_sound()
        if not self._count:
            self.create(items)
            return
        try:
            if rewrite is not None:
                rewrite()
            else:
                self.log.write(items, expect=self._count, durable=durable)
        except Conflict:
            raise self.refusal(self._stale(self._other)) from None
        except (SessionNotFoundError, SessionDamagedError):
            raise self.refusal(self._stale(_REPLACED)) from None
        self._count = self.log.count
        if durable:
            self._after_durable()

    def _check_sound(self) -> None:
        if self.log.broken:
            raise SessionException(
                f"the disk did not confirm an earlier write to {str(self.log.path)!r} ({self.log.broken}), so nothing "
                f"more is written. Check the disk, then create the {self.noun} again to see what was kept"
            )

    def create(self, items: Sequence[Encoded], imported: dict[str, Any] | None = None) -> None:
        """Begin the journal with these entries, durably and at once.

        Raises:
            SessionException: Somebody else has begun it.
        """
        self._before_create()
        opened = encoded("opened", "", to_json(opening(imported)))
        leased = [self._leased] if self._leased is not None else []
        try:
            self.log.begin([opened, *leased, *items])
        except SessionExistsError:
            raise self.refusal(self._stale(f"another {self.noun} has begun it")) from None
        self._leased = None
        self._count = self.log.count

    @property
    def _other(self) -> str:
        return f"another {self.noun} has written to it"

    def _stale(self, why: str) -> str:
        return stale(self._session_id, self._id, why, self.noun)

    def _held(self) -> str:
        return (
            f"session {self._session_id!r}, {self.noun} {self._id!r} is at work elsewhere: "
            f"{self._driven_by or 'another process'} holds its lease, says {str(self.log.path)!r}. "
            f"Nothing was written. Wait for that call to end, then create the {self.noun} again"
        )

    def _not_held(self) -> str:
        return (
            f"session {self._session_id!r}, {self.noun} {self._id!r}: this process does not hold the lease of "
            f"{str(self.log.path)!r}, as after a fork. Nothing was written. Create the {self.noun} again"
        )


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


def newer(path: object, version: object, newest: int = FORMAT) -> SessionException:
    """Return the error for what a newer release has written at `path`."""
    return SessionException(
        f"{str(path)!r} has format {version}; this release reads up to {newest}: upgrade strands-cli"
    )


def encoded(kind: str, key: str, text: str, at: float | None = None) -> Encoded:
    """Return an entry whose data is the JSON `text`; it happens now, unless `at` says when."""
    return Encoded(kind, key, text.encode(), time.time() if at is None else at)


def _why(news: LeaseState) -> str:
    if not news.answered_by:
        return ""
    interrupt_id, (by, at) = next(iter(news.answered_by.items()))
    return f"interrupt {interrupt_id!r} was answered by {by or 'another process'} at {moment(at)}"


def moment(at: float) -> str:
    """Return a Unix time in seconds as text for people."""
    from datetime import datetime, timezone

    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
