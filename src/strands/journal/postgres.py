"""PostgreSQL by psycopg: a few connections a process, every commit durable, a lost connection tried again.

Nothing outlives a transaction on a connection, so a pooler such as PgBouncer may stand in between.
"""

from __future__ import annotations

import atexit
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import SplitResult, quote, unquote, urlencode

from strands.journal.connections import Connections
from strands.journal.database import Codec, Row, Transaction
from strands.journal.errors import StorageError, StoreNotReadyError
from strands.journal.migrations import check_version, migrate
from strands.journal.postgres_drivers import PostgresDrivers

if TYPE_CHECKING:
    from psycopg import Connection

T = TypeVar("T")

POOL = 4
"""How many connections a process has at most, unless the URL says `?pool=`."""

LEASE_SECONDS = 15.0
"""How long a process that has died is taken for alive, unless the URL says `?lease=`."""

LEAST_LEASE, MOST_LEASE = 0.1, 86400.0
"""Between which seconds a lease can be: one that is over before it is renewed would let two work at once."""

RETRY_SECONDS = 20.0
"""How long a transaction is tried again when its connection is lost."""

_FIRST_TRIES, _FIRST_PAUSE = 4, 0.05
_LOST = ("08", "57P")
"""How the codes begin of errors that end a connection: not the statement's fault, and it may have come through."""

_AGAIN = ("40001", "40P01", "23503")
"""The codes of errors that another transaction is the cause of: what is used meanwhile is not removed, for one."""

_HOW: Mapping[str, Any] = {"autocommit": True, "prepare_threshold": None, "connect_timeout": 10}
_PLANNED_AFTER = 2
"""After so many times that a connection has run a statement the server keeps its plan."""

_CLOCK = "extract(epoch from clock_timestamp())::float8"
_WORDS = {
    "IDENTITY": "bigint generated always as identity primary key",
    "TEXT_C": 'text collate "C"',
    "FULL": r"with (fillfactor = \1)",
}
_TABLES = re.compile(r"\bstrands_(?:sessions|entries|questions|drivers|workers|schema|blobs|uses)\b")
_LOCK = 7_283_646_372
"""The advisory lock of who migrates."""


class PostgresDatabase:
    """A database of PostgreSQL; see `Database`.

    Args:
        conninfo: What libpq connects by.
        name: What it is called in messages, without a password.
        schema: The schema of the tables; "" for the first of the search path.
        pool: How many connections a process has at most.
        lease: Seconds after which a process that has died is not taken for alive any more.
        tables: The steps that make its tables; default: those of this build.
    """

    joins_statements: ClassVar[bool] = True
    _of: ClassVar[dict[tuple[Any, ...], PostgresDatabase]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        conninfo: str,
        name: str,
        *,
        schema: str = "",
        pool: int = POOL,
        lease: float = LEASE_SECONDS,
        tables: Sequence[str] | None = None,
    ) -> None:
        self._conninfo = conninfo
        self._name = name
        self._schema = schema
        self._size = pool
        self._tables = tables
        self._opening = threading.Lock()
        self._connections: Connections | None = None
        self._drivers = PostgresDrivers(self, lease)

    @classmethod
    def at(cls, url: SplitResult, options: Mapping[str, str]) -> PostgresDatabase:
        """Return this process's database at a URL, whose query has been taken apart.

        Raises:
            StoreNotReadyError: An option is not what it should be.
        """
        own = {key: options[key] for key in ("schema", "pool", "lease") if key in options}
        rest = urlencode({key: value for key, value in options.items() if key not in own}, quote_via=quote)
        try:
            more: dict[str, Any] = {"pool": int(own.get("pool", POOL)), "lease": float(own.get("lease", LEASE_SECONDS))}
            if more["pool"] < 1 or not LEAST_LEASE <= more["lease"] <= MOST_LEASE:
                raise ValueError
        except ValueError:
            told = " and ".join(f"{key}={own[key]}" for key in ("pool", "lease") if key in own)
            hint = "Write ?pool=4&lease=15: a number of connections, and of seconds."
            raise StoreNotReadyError(
                f"a database's pool is a number from 1, its lease one from {LEAST_LEASE:g} to {MOST_LEASE:g}, "
                f"not {told}",
                hint=hint,
            ) from None
        conninfo = url._replace(scheme="postgresql", query=rest).geturl()
        key = (conninfo, *own.items())
        with cls._guard:
            found = cls._of.get(key)
            if found is None:
                host = url.netloc.rpartition("@")[2]
                user = unquote(url.username or "")
                schema = own.get("schema", "")
                place = url._replace(netloc=f"{user}@{host}" if user else host)
                name = place._replace(query=urlencode({"schema": schema}) if schema else "").geturl()
                found = cls._of[key] = cls(conninfo, name, schema=schema, **more)
            return found

    @property
    def name(self) -> str:
        return self._name

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        if single:
            return self.read(work)

        def within(connection: Connection[Row], again: bool) -> T:
            with connection.transaction():
                return work(_Transaction(connection, self._schema, again))

        return self._tried(within)

    def read(self, work: Callable[[Transaction], T]) -> T:
        return self._tried(lambda connection, again: work(_Transaction(connection, self._schema, again)))

    def sync(self) -> None:
        """Every commit is durable already."""

    def enter(self) -> str:
        return self._drivers.enter()

    def leave(self, driver: str) -> None:
        self._drivers.leave(driver)

    def alive(self, drivers: Sequence[str]) -> set[str]:
        return self._drivers.alive(drivers)

    def vouched_by(self, check: Callable[[], bool]) -> None:
        self._drivers.vouched = check

    def migrate(self) -> tuple[int, int]:
        """Bring its tables to this build's version; return the versions that they had, and have."""
        psycopg = _psycopg()
        try:
            with psycopg.connect(self._conninfo, **_HOW) as connection:
                with connection.transaction():
                    connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
                    if self._schema:
                        connection.execute(f"create schema if not exists {_quoted(self._schema)}")
                    had = self._version(connection)
                    migrate(_Transaction(connection, self._schema, False), had, _WORDS, self.name, self._tables)
                    now = self._version(connection)
                check_version(now, self.name, self._tables)
                return had, now
        except psycopg.Error as error:
            raise self._error(error) from error

    # -- connections --------------------------------------------------------------------------------------------------

    def _tried(self, work: Callable[[Connection[Row], bool], T]) -> T:
        """Run `work` with a connection, again where that was lost."""
        psycopg = _psycopg()
        again, until, pause = False, time.monotonic() + RETRY_SECONDS, 0.02
        while True:
            try:
                with self._opened().taken() as connection:
                    return work(connection, again)
            except psycopg.Error as error:
                code = error.sqlstate or ""
                lost = isinstance(error, psycopg.OperationalError) and (not code or code.startswith(_LOST))
                if not (lost or code in _AGAIN) or time.monotonic() > until:
                    raise self._error(error) from error
                again = again or lost
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _opened(self) -> Connections:
        if self._connections is not None:
            return self._connections
        with self._opening:
            if self._connections is None:
                connections = Connections(self._connected, self._size)
                self._look_at(connections)
                self._connections = connections
            return self._connections

    def _connected(self) -> Connection[Row]:
        """Return a new connection, which keeps the plans of its statements if it is the server's own.

        A pooler gives each transaction another of the server's processes, and so makes up the number that it names.
        """
        connection: Connection[Row] = _psycopg().connect(self._conninfo, **_HOW)
        try:
            ((process,),) = connection.execute("select pg_backend_pid()").fetchall()
        except BaseException:  # the server ended meanwhile
            connection.close()
            raise
        if process == connection.info.backend_pid:
            connection.prepare_threshold = _PLANNED_AFTER
        return connection

    def _look_at(self, connections: Connections) -> None:
        """Check that the server is there, with the tables of this build; one that never was is not waited for."""
        psycopg = _psycopg()
        for tries_left in reversed(range(_FIRST_TRIES)):
            try:
                with connections.taken() as connection:
                    check_version(self._version(connection), self.name, self._tables)
                return
            except psycopg.Error as error:
                if not tries_left:
                    connections.close()
                    raise self._error(error) from error
            except BaseException:
                connections.close()
                raise
            time.sleep(_FIRST_PAUSE)

    def _version(self, connection: Connection[Row]) -> int:
        table = _written("strands_schema", self._schema)
        if connection.execute("select to_regclass(%s)", (table,)).fetchall() == [(None,)]:
            return 0
        rows = connection.execute(f"select version from {table}".encode()).fetchall()
        return int(rows[0][0]) if rows else 0

    def _error(self, error: Exception) -> StorageError:
        said = str(error).strip().splitlines()
        code = getattr(error, "sqlstate", None) or ""
        hint = "Start it, or correct the URL (server, user, database), then resume: what was recorded is kept."
        if code in ("42P01", "3F000"):
            hint = "Make its tables: strands store migrate."
        elif code == "42501":
            hint = (
                "Grant this user usage of the schema, and select, insert, update and delete on its tables strands_*; "
                "migrate as their owner."
            )
        elif type(error).__name__ == "ProgrammingError" and not code:
            hint = (
                "Of its own a store has ?namespace=, codec=, schema=, pool= and lease=; what else there is is libpq's."
            )
        return StorageError(f"{self.name}: {said[0] if said else type(error).__name__}", hint=hint)

    def close(self) -> None:
        """Close what is open; what is used again is opened again."""
        self._drivers.end()
        connections, self._connections = self._connections, None
        if connections is not None:
            connections.close()

    @classmethod
    def close_all(cls) -> None:
        """Close all of this process, as it does when it ends."""
        for database in list(cls._of.values()):
            database.close()

    @classmethod
    def _begin_child(cls) -> None:
        """In a forked child: the parent's connections and threads are not here."""
        cls._guard = threading.Lock()
        for database in cls._of.values():
            database._opening, database._connections = threading.Lock(), None
            database._drivers = PostgresDrivers(database, database._drivers.lease)


class _Transaction:
    """The statements of one transaction; see `Transaction`."""

    codec: Codec | None = None
    on_wake: Callable[[Transaction, str, str, str], bool] | None = None
    row_lock = " for update"

    def __init__(self, connection: Connection[Row], schema: str, again: bool) -> None:
        self._connection = connection
        self._schema = schema
        self.again: bool = again

    def execute(self, statement: str, *values: object) -> list[Row]:
        cursor = self._connection.execute(_written(statement, self._schema).encode(), values or None)
        return cursor.fetchall() if cursor.description is not None else []

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        if len(rows) == 1:
            self.execute(statement, *rows[0])
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(_written(statement, self._schema).encode(), rows)


@lru_cache(maxsize=512)
def _written(statement: str, schema: str) -> str:
    """Return a statement as this database takes it: its marks for values, its clock, its tables by their full names."""
    statement = statement.replace("strands_now()", _CLOCK).replace("?", "%s")
    if not schema:
        return statement
    return _TABLES.sub(lambda found: f"{_quoted(schema)}.{found[0]}", statement)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        hint = "Install it: pip install 'strands-cli[postgres]'."
        raise StoreNotReadyError(f"PostgreSQL needs psycopg, which is not here: {error}", hint=hint) from error
    return psycopg


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=PostgresDatabase._begin_child)
atexit.register(PostgresDatabase.close_all)
