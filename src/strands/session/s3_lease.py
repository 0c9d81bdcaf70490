"""Who is at work in an object store: a driver is alive as long as its log is written to, or written again, in time.

The age of a log is what the store says: no clock of a machine is compared with another's. A driver that was held up so
long that another one has taken its place is refused by its next write, whatever it believes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import uuid
import weakref
from typing import TYPE_CHECKING

from strands._threads import in_background
from strands.types.exceptions import SessionException

if TYPE_CHECKING:
    from .s3_log import S3Log
    from .s3_store import S3Store

logger: logging.Logger = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
"""How long a driver is taken to be alive after it was heard of."""

_BEATS = 3
"""How often at least it is heard of in that time."""

_RESOLUTION = 1.0
"""Seconds that the store's dates may be off, because they are told in whole ones."""


class S3Drivers:
    """The drivers of one log.

    Args:
        store: The bucket.
        key: The object that is written to.
        seconds: How long a driver is taken to be alive after it was heard of.
    """

    def __init__(self, store: S3Store, key: str, seconds: float = LEASE_SECONDS) -> None:
        self._store = store
        self._key = key
        self._seconds = seconds

    def enter(self) -> str:
        """Be a driver: returns an id that others see as alive while its log is kept warm, until `leave`."""
        driver = f"{_process.token}.{os.urandom(6).hex()}.{self._seconds:g}"
        _process.live[driver] = None
        return driver

    def keep_warm(self, driver: str, log: S3Log) -> None:
        """Write the log again whenever nothing was written for a while."""
        log.touched = time.monotonic()
        _process.live[driver] = weakref.ref(log)
        _process.start()

    def leave(self, driver: str) -> None:
        """Be that driver no longer."""
        _process.live.pop(driver, None)

    def alive(self, driver: str) -> bool:
        """Whether the driver with this id may still be at work, in this process or another."""
        token, _, rest = driver.partition(".")
        if token == _process.token:
            return driver in _process.live
        age = self._store.age(self._key)
        return age is not None and age <= _seconds(rest) + _RESOLUTION


def _seconds(rest: str) -> float:
    try:
        return float(rest.partition(".")[2])
    except ValueError:
        return LEASE_SECONDS


class _Process:
    """What this process drives; a forked child drives nothing yet."""

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex
        self.live: dict[str, weakref.ref[S3Log] | None] = {}
        self._due = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        with self._due:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="strands-s3-lease", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:
                    logger.warning("no thread keeps the leases in S3: %s. Others may take over long calls", error)
                    return
                self._thread = thread
            self._due.notify()

    def _work(self) -> None:
        while True:
            with self._due:
                waits = [each for each in map(self._beat, list(self.live)) if each is not None]
                self._due.wait(min(waits, default=None))

    def _beat(self, driver: str) -> float | None:
        """Have a log written again if that is due; return in how many seconds to look again."""
        kept = self.live.get(driver)
        log = kept() if kept is not None else None
        if log is None:
            return None
        every = _seconds(driver.partition(".")[2]) / _BEATS
        left = log.touched + every - time.monotonic()
        if left > 0:
            return left
        log.touched = time.monotonic()
        with contextlib.suppress(RuntimeError):  # the interpreter ends
            in_background(lambda: self._keep(driver, log))
        return every

    def _keep(self, driver: str, log: S3Log) -> None:
        try:
            if driver in self.live and not log.beat():
                self.live.pop(driver, None)  # another one has taken its place
        except SessionException as error:
            logger.warning("others may soon take over a call that is under way: %s", error)


def _begin_child() -> None:
    global _process
    _process = _Process()


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_child)
