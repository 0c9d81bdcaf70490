"""Who drives sessions of a database that many machines share: one row a process, alive by the database's clock."""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from strands.journal.errors import StorageError

if TYPE_CHECKING:
    from strands.journal.database import Database, Transaction

_IDLE_SECONDS = 60.0
"""How long a process that drives nothing keeps its row."""

_LEFT_SECONDS = 3600.0
"""After so many seconds a row that its process left behind is removed."""

_ALIVE = (
    "insert into strands_drivers as known (token, host, expires) values (?, ?, strands_now() + ?) "
    "on conflict (token) do update set expires = excluded.expires"
)


def _always() -> bool:
    return True


class PostgresDrivers:
    """The drivers of this process in one database.

    Args:
        database: Where they say that they are alive.
        lease: For how many seconds each time.

    Attributes:
        lease: The same.
        vouched: Whether the process gets on; while it does not, nothing is renewed.
    """

    def __init__(self, database: Database, lease: float) -> None:
        self.lease: float = lease
        self.vouched: Callable[[], bool] = _always
        self._database = database
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._token = ""
        self._live: set[str] = set()
        self._rested = 0.0
        self._thread: threading.Thread | None = None

    def enter(self) -> str:
        """Be a driver: returns an id that others see as alive until `leave`."""
        with self._guard:
            if not self._token:
                token = os.urandom(16).hex()
                self._database.write(lambda each: self._begin(each, token))
                self._token = token
                self._thread = threading.Thread(target=self._renew, name="strands-lease", daemon=True)
                self._thread.start()
            driver = f"{self._token}.{os.urandom(6).hex()}"
            self._live.add(driver)
            return driver

    def leave(self, driver: str) -> None:
        """Be that driver no longer."""
        with self._guard:
            self._live.discard(driver)
            self._rested = time.monotonic()

    def alive(self, drivers: Sequence[str]) -> set[str]:
        """Return those of these drivers that are alive, in this process or another."""
        token = self._token
        others = sorted({driver.partition(".")[0] for driver in drivers} - {token, ""})
        living: set[str] = set()
        if others:
            marks = ", ".join("?" * len(others))
            statement = f"select token from strands_drivers where token in ({marks}) and expires > strands_now()"
            living = {row[0] for row in self._database.read(lambda each: each.execute(statement, *others))}
        return {driver for driver in drivers if driver in self._live or driver.partition(".")[0] in living}

    def end(self) -> None:
        """Take the row away: this process ends."""
        token, self._token = self._token, ""
        self._wake.set()
        if token:
            with contextlib.suppress(Exception):
                self._remove(token)

    def _begin(self, transaction: Transaction, token: str) -> None:
        transaction.execute("delete from strands_drivers where expires < strands_now() - ?", _LEFT_SECONDS)
        self._say(token, transaction)

    def _renew(self) -> None:
        """Say again and again that this process is alive, until it has driven nothing for a while."""
        while not self._wake.wait(self.lease / 3):
            with self._guard:
                token = self._token
                if not self._live and time.monotonic() - self._rested > _IDLE_SECONDS:
                    self._token = ""
            if not token:
                return
            if not self.vouched():
                continue
            with contextlib.suppress(StorageError):  # who cannot be heard of for a lease is taken for dead
                if not self._token:
                    self._remove(token)
                    return
                self._database.write(partial(self._say, token))

    def _say(self, token: str, transaction: Transaction) -> None:
        transaction.execute(_ALIVE, token, platform.node(), self.lease)

    def _remove(self, token: str) -> None:
        self._database.write(lambda each: each.execute("delete from strands_drivers where token = ?", token))
