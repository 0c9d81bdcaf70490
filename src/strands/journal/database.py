"""The seam between journals in rows and the database that keeps the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Row = tuple[Any, ...]


class Codec(Protocol):
    """What lines are turned into to be stored, and back: encryption at rest."""

    def encode(self, line: bytes) -> bytes:
        """Return what is stored of a line, whatever it begins with."""
        ...

    def decode(self, stored: bytes) -> bytes:
        """Return the line; what it raises says why that cannot be told."""
        ...


class Transaction(Protocol):
    """Statements that count together or not at all.

    Attributes:
        codec: What lines go through; None where they are stored as they are.
        again: The connection was lost while an earlier try was under way, which may have come through.
        on_wake: Is told of sessions that become due; see `strands.journal.sql_queueing.OnWake`. None for nobody.
        row_lock: How a query ends whose rows nobody else may change until the transaction ends.
    """

    again: bool
    codec: Codec | None
    on_wake: Callable[[Transaction, str, str, str], bool] | None
    row_lock: str

    def execute(self, statement: str, *values: object) -> list[Row]:
        """Run a statement, whose values are marked `?`, and return its rows."""
        ...

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        """Run a statement once for each row of values."""
        ...


class Database(Protocol):
    """A database, from any thread of any process; nothing of it belongs to an event loop.

    Attributes:
        name: What it is called in messages, without a password.
        joins_statements: One statement may change several tables, so an append need not take several round trips.
    """

    @property
    def joins_statements(self) -> bool: ...

    @property
    def name(self) -> str: ...

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        """Run `work` in one transaction, again where the connection was lost, and return what it returns.

        Args:
            work: Runs the statements; what it raises rolls them back.
            durable: Return only once they, and all before them, outlive a power loss.
            single: Only one of the statements changes something, so it is a transaction by itself.

        Raises:
            StorageError: The database refuses, or cannot be reached.
        """
        ...

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`, which changes nothing, and return what it returns; it waits for nobody who writes."""
        ...

    def sync(self) -> None:
        """Return once everything written so far outlives a power loss."""
        ...

    def enter(self) -> str:
        """Be a driver: returns an id that is alive until `leave`, or the end of this process."""
        ...

    def leave(self, driver: str) -> None:
        """Be that driver no longer."""
        ...

    def alive(self, drivers: Sequence[str]) -> set[str]:
        """Return those of these drivers that are alive, in this process or another."""
        ...

    def vouched_by(self, check: Callable[[], bool]) -> None:
        """Let the leases of this process lapse while `check` returns False, where they are renewed."""
        ...

    def migrate(self) -> tuple[int, int]:
        """Bring its tables to this build's version; return the versions that they had, and have."""
        ...


def clock_of(database: Database) -> float:
    """Return the Unix time, in seconds, by a database's clock."""
    return float(database.read(lambda each: each.execute("select strands_now()"))[0][0])


class DatabaseDrivers:
    """The drivers of a database, one at a time; see `strands.journal.log.Drivers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self) -> str:
        """Be a driver: returns an id that others see as alive until `leave`."""
        return self._database.enter()

    def leave(self, driver: str) -> None:
        """Be that driver no longer."""
        self._database.leave(driver)

    def alive(self, driver: str) -> bool:
        """Whether the driver with this id may still write, in this process or another."""
        return driver in self._database.alive([driver])


class DatabaseLayer:
    """A database that does all that another one does; subclasses change what they are there for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def joins_statements(self) -> bool:
        return self._database.joins_statements

    @property
    def name(self) -> str:
        return self._database.name

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        return self._database.write(lambda each: work(self._within(each)), durable=durable, single=single)

    def read(self, work: Callable[[Transaction], T]) -> T:
        return self._database.read(lambda each: work(self._within(each)))

    def _within(self, transaction: Transaction) -> Transaction:
        """Return what stands in for a transaction of the other one."""
        return transaction

    def sync(self) -> None:
        self._database.sync()

    def enter(self) -> str:
        return self._database.enter()

    def leave(self, driver: str) -> None:
        self._database.leave(driver)

    def alive(self, drivers: Sequence[str]) -> set[str]:
        return self._database.alive(drivers)

    def vouched_by(self, check: Callable[[], bool]) -> None:
        self._database.vouched_by(check)

    def migrate(self) -> tuple[int, int]:
        return self._database.migrate()


class TransactionLayer:
    """A transaction that does all that another one does; subclasses change what they are there for."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.again: bool = transaction.again
        self.row_lock: str = transaction.row_lock
        self.codec: Codec | None = transaction.codec
        self.on_wake: Callable[[Transaction, str, str, str], bool] | None = transaction.on_wake

    def execute(self, statement: str, *values: object) -> list[Row]:
        return self._transaction.execute(statement, *values)

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._transaction.execute_many(statement, rows)
