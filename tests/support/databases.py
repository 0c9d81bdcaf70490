"""Databases that lose replies, and databases whose process dies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from strands.journal.database import Database, Row, Transaction

T = TypeVar("T")


class ReplyLost(Database):
    """A database whose every commit comes through, and every reply to one is lost: all is tried again.

    Attributes:
        reads: How often it was read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.joins_statements = database.joins_statements
        self.reads = 0

    @property
    def name(self) -> str:
        return self._database.name

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        self._database.write(work, durable=durable, single=single)
        return self._database.write(lambda each: work(_Again(each)), durable=durable, single=single)

    def read(self, work: Callable[[Transaction], T]) -> T:
        self.reads += 1
        return self._database.read(work)

    def sync(self) -> None:
        self._database.sync()

    def enter(self) -> str:
        return self._database.enter()

    def leave(self, driver: str) -> None:
        self._database.leave(driver)

    def alive(self, drivers: Sequence[str]) -> set[str]:
        return self._database.alive(drivers)

    def migrate(self) -> tuple[int, int]:
        return self._database.migrate()


class _Again:
    again = True

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.codec = transaction.codec

    def execute(self, statement: str, *values: object) -> list[Row]:
        return self._transaction.execute(statement, *values)

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._transaction.execute_many(statement, rows)


class Died(BaseException):
    """The process ends here."""


def died() -> None:
    """End the process, as far as the database can see."""
    raise Died


class Dying(ReplyLost):
    """A database whose process dies before one of its statements.

    Args:
        database: The database.
        left: How many statements it lives for.
        die: How it dies.
    """

    def __init__(self, database: Database, left: int, die: Callable[[], None] = died) -> None:
        super().__init__(database)
        self.left = left
        self.die = die

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        return self._database.write(lambda each: work(_Counted(each, self)), durable=durable, single=single)


class _Counted:
    again = False

    def __init__(self, transaction: Transaction, dying: Dying) -> None:
        self._transaction = transaction
        self.codec = transaction.codec
        self._dying = dying

    def execute(self, statement: str, *values: object) -> list[Row]:
        self._count()
        return self._transaction.execute(statement, *values)

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._count()
        self._transaction.execute_many(statement, rows)

    def _count(self) -> None:
        self._dying.left -= 1
        if self._dying.left < 0:
            self._dying.die()
