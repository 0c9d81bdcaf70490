"""Small data of a server: tokens, links, deliveries. Never the truth about answers: that is in the journals."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from strands._home import check_status, home, make_private
from strands.journal.faults import storage_errors
from strands.journal.files import open_private
from strands_cli.errors import StorageError
from strands_cli.session.repository import SessionRepository

_BUSY_SECONDS = 10.0


class ServerData:
    """A file of SQLite, private to this user.

    Args:
        path: The file; it is made where it is missing. Default: in memory, gone with the process.
        tables: Statements that make tables where they are missing.

    Raises:
        StorageError: It cannot be opened, or is not this user's alone.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, tables: Sequence[str] = ()) -> None:
        self.path: Path | None = None if path is None else Path(path)
        self._lock = threading.RLock()
        if self.path is None:
            self._database = self._connected(":memory:")
        else:
            with storage_errors(self.path):
                make_private(self.path.parent)
                with suppress(FileExistsError):
                    os.close(open_private(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
                check_status(self.path, os.stat(self.path))
                self._database = self._connected(os.fspath(self.path))
        self.ensure(tables)

    @classmethod
    def of(cls, store: SessionRepository) -> ServerData:
        """Return the data of the servers of a store, which this user's servers on this machine share."""
        return cls(home() / "server" / f"{_name_of(store)}.db")

    def ensure(self, tables: Sequence[str]) -> None:
        """Make tables where they are missing.

        Args:
            tables: `create table if not exists` statements.
        """
        with self.transaction():
            for statement in tables:
                self.execute(statement)

    def execute(self, sql: str, *args: Any) -> list[Any]:
        """Run one statement, durably, and return its rows; they are tuples.

        Raises:
            StorageError: The file cannot be read or written.
        """
        with self._lock, self._told():
            return self._database.execute(sql, args).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Have the statements inside take effect together, or none: no other process writes meanwhile."""
        with self._lock:
            if self._database.in_transaction:
                yield
                return
            self.execute("begin immediate")
            try:
                yield
            except BaseException:
                self.execute("rollback")
                raise
            self.execute("commit")

    def secret(self, name: str) -> bytes:
        """Return a random secret of 256 bits that is made once and kept."""
        self.ensure(["create table if not exists secrets (name text primary key, value blob not null)"])
        with self.transaction():
            self.execute("insert or ignore into secrets values (?, ?)", name, os.urandom(32))
            (row,) = self.execute("select value from secrets where name = ?", name)
        return bytes(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _connected(self, name: str) -> sqlite3.Connection:
        with self._told():
            database = sqlite3.connect(name, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                database.execute("pragma journal_mode = wal")
                database.execute("pragma secure_delete = on")
            except BaseException:
                database.close()
                raise
        return database

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite says is an error of this package."""
        try:
            yield
        except sqlite3.Error as error:
            hint = "Name another file with --data, or remove this one: people sign in anew, and tokens are made anew."
            raise StorageError(f"{self.path or 'the data in memory'}: {error}", hint=hint) from error


def _name_of(store: SessionRepository) -> str:
    """Return a name for the data of a store: that of where it is, without what is secret of it."""
    root, database = getattr(store, "root", None), getattr(store, "database", None)
    place = os.path.realpath(root) if root is not None else str(getattr(database, "name", type(store).__name__))
    return hashlib.sha256(f"{place}\0{getattr(store, 'namespace', '')}".encode()).hexdigest()[:16]
