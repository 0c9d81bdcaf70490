"""A database in a file: SQLite by the standard library, one connection a process."""

from __future__ import annotations

import atexit
import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from strands._home import check_status, expanded, make_private
from strands.journal import faults, files
from strands.journal.database import Codec, Row, Transaction
from strands.journal.drivers import Drivers
from strands.journal.errors import StorageError
from strands.journal.migrations import check_not_newer, check_version, migrate

T = TypeVar("T")

BUSY_SECONDS = 10.0
"""How long a statement waits for another process's, which takes milliseconds."""

MOST_OPEN = 16
"""How many databases a process keeps open at once."""

_WORDS = {"IDENTITY": "integer primary key autoincrement", "TEXT_C": "text", "FULL": ""}
_OLDEST = (3, 35, 0)
_UNWRITABLE = "Make its directory writable, or name another file; nothing was run."


class SqliteDatabase:
    """The database in a file, which is made where there is none, for this user alone; see `Database`.

    Drivers hold locks of the system in the directory beside it that ends with `-locks`, so a lease dies with its
    process. What is not to be durable outlives its process, and is synced with what is.

    Args:
        path: The file.
        tables: The steps that make its tables; default: those of this build.
    """

    joins_statements: ClassVar[bool] = False
    _of: ClassVar[dict[str, SqliteDatabase]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()
    _inherited: ClassVar[list[Any]] = []

    def __init__(self, path: str, tables: Sequence[str] | None = None) -> None:
        self._path = path
        self._tables = tables
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._is_full = False
        self._unsynced = False

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> SqliteDatabase:
        """Return this process's database in the file `path`."""
        with faults.storage_errors(Path(path)):
            place = os.path.realpath(expanded(path))
        with cls._guard:
            found = cls._of.get(place)
            if found is None:
                found = cls._of[place] = cls(place)
            return found

    @property
    def name(self) -> str:
        return self._path

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        with self._lock, self._naming():
            connection = self._connected()
            if durable != self._is_full:
                connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
                self._is_full = durable
            connection.execute("begin immediate")
            try:
                done = work(_Transaction(connection))
                connection.execute("commit")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("rollback")
                raise
            self._unsynced = not durable
            return done

    def read(self, work: Callable[[Transaction], T]) -> T:
        with self._lock, self._naming():
            connection = self._connected()
            connection.execute("begin")
            try:
                return work(_Transaction(connection))
            finally:
                connection.execute("rollback")

    def sync(self) -> None:
        with self._lock:
            if self._unsynced and self._connection is not None:
                files.sync_path(f"{self._path}-wal")
                self._unsynced = False

    def enter(self) -> str:
        with self._naming():
            return self._drivers().enter()

    def leave(self, driver: str) -> None:
        self._drivers().leave(driver)

    def alive(self, drivers: Sequence[str]) -> set[str]:
        known = self._drivers()
        return {driver for driver in drivers if known.alive(driver)}

    def vouched_by(self, check: Callable[[], bool]) -> None:
        """Its leases are as alive as their process, so nobody need vouch for them."""

    def migrate(self) -> tuple[int, int]:
        """Bring its tables to this build's version; return the versions that they had, and have."""
        with self._lock, self._naming():
            had = 0 if not os.path.exists(self._path) else None
            self._close()
            connection, version = self._opened()
            try:
                now = self._brought_up(connection)
            finally:
                connection.close()
            return version if had is None else had, now

    def _drivers(self) -> Drivers:
        return Drivers.of(Path(f"{self._path}-locks"))

    def _connected(self) -> sqlite3.Connection:
        """Return the connection to the file that is at the path now."""
        try:
            status = os.stat(self._path)
            there = status.st_dev, status.st_ino
        except FileNotFoundError:
            there = None
        if self._connection is not None and there is not None and there == self._identity:
            return self._connection
        self._close()
        self._make_room()
        connection, version = self._opened()
        try:
            check_version(version, self._path, self._tables)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _opened(self) -> tuple[sqlite3.Connection, int]:
        """Open the file, make it and its tables where they are missing, and return the version that they had."""
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StorageError(
                f"the SQLite of this Python is {sqlite3.sqlite_version}, and a store needs 3.35 or newer",
                hint="Use a newer Python, or keep the sessions in files.",
            )
        make_private(Path(self._path).parent)
        with contextlib.suppress(FileExistsError):
            os.close(files.open_private(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
        status = os.stat(self._path)
        check_status(self._path, status)
        self._identity = status.st_dev, status.st_ino
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            connection.create_function("strands_now", 0, time.time)
            version = _version(connection)
            check_not_newer(version, self._path, self._tables)
            _log_ahead(connection)
            connection.execute("pragma foreign_keys = on")
            connection.execute("pragma synchronous = full")
            self._is_full = True
            if not version:
                version = self._brought_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection, version

    def _brought_up(self, connection: sqlite3.Connection) -> int:
        """Make the tables, or bring them up to date, unless somebody else just has; return their version."""
        connection.execute("begin immediate")
        try:
            version = _version(connection)
            migrate(_Transaction(connection), version, _WORDS, self._path, self._tables)
            connection.execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("rollback")
            raise
        return _version(connection)

    def _make_room(self) -> None:
        with SqliteDatabase._guard:
            others = [each for each in SqliteDatabase._of.values() if each is not self and each._connection is not None]
        for other in others[: max(0, len(others) - MOST_OPEN + 1)]:
            if other._lock.acquire(blocking=False):
                try:
                    other._close()
                finally:
                    other._lock.release()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def _naming(self) -> Any:
        """Say what the system or the library refuses as a StorageError."""
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: {error}", hint=_hint(error)) from error
        except OSError as error:
            raise faults.of_place(error, self._path, hint=_UNWRITABLE) from error

    @classmethod
    def _end(cls) -> None:
        for database in list(cls._of.values()):
            database._close()

    @classmethod
    def _begin_child(cls) -> None:
        """In a forked child: the parent's connections may be neither used nor closed."""
        cls._inherited += [each._connection for each in cls._of.values()]
        cls._guard = threading.Lock()
        for database in cls._of.values():
            database._connection, database._lock, database._unsynced = None, threading.RLock(), False


class _Transaction:
    """The statements of one transaction; see `Transaction`."""

    again = False
    codec: Codec | None = None
    on_wake: Callable[[Transaction, str, str, str], bool] | None = None
    row_lock = ""  # who writes has the whole file

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, *values: object) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._connection.executemany(statement, rows)


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Have the file keep a log that is written ahead; the library does not wait for others who are about to."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(0.005)


def _version(connection: sqlite3.Connection) -> int:
    if not connection.execute("select 1 from sqlite_master where name = 'strands_schema'").fetchall():
        return 0
    rows = connection.execute("select version from strands_schema").fetchall()
    return int(rows[0][0]) if rows else 0


def _hint(error: sqlite3.Error) -> str:
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return "Restore it from a backup, or name another file; nothing was written."
    if "no such" in text:
        return "Its tables are not those that this build made: restore it from a backup, or name another file."
    if "locked" in text:
        return "Another program holds the database; close it, then try again."
    return "Free space or make the file and its directory writable, then resume: what was recorded is kept."


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SqliteDatabase._begin_child)
atexit.register(SqliteDatabase._end)
