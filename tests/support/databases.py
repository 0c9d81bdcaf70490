"""Databases that lose replies, and databases whose process dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from typing import TypeVar

from strands.journal.database import Database, DatabaseLayer, Row, Transaction, TransactionLayer

T = TypeVar("T")


class ReplyLost(DatabaseLayer):
    """A database whose every commit comes through, and every reply to one is lost: all is tried again.

    Attributes:
        reads: How often it was read.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.reads = 0

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        self._database.write(work, durable=durable, single=single)
        return self._database.write(lambda each: work(_again(each)), durable=durable, single=single)

    def read(self, work: Callable[[Transaction], T]) -> T:
        self.reads += 1
        return self._database.read(work)


def _again(transaction: Transaction) -> Transaction:
    again = TransactionLayer(transaction)
    again.again = True
    return again


class Counting(DatabaseLayer):
    """A database that counts.

    Attributes:
        writes: How many transactions have written.
        flushes: How often the disk was to be waited for.
        statements: How many statements have been run.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.writes = self.flushes = self.statements = 0

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        self.writes += 1
        self.flushes += durable
        return super().write(work, durable=durable, single=single)

    def sync(self) -> None:
        self.flushes += 1
        super().sync()

    def _within(self, transaction: Transaction) -> Transaction:
        return _Tallied(transaction, self)


class _Tallied(TransactionLayer):
    def __init__(self, transaction: Transaction, counting: Counting) -> None:
        super().__init__(transaction)
        self._counting = counting

    def execute(self, statement: str, *values: object) -> list[Row]:
        self._counting.statements += 1
        return super().execute(statement, *values)


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


class _Counted(TransactionLayer):
    def __init__(self, transaction: Transaction, dying: Dying) -> None:
        super().__init__(transaction)
        self._dying = dying

    def execute(self, statement: str, *values: object) -> list[Row]:
        self._count()
        return super().execute(statement, *values)

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._count()
        super().execute_many(statement, rows)

    def _count(self) -> None:
        self._dying.left -= 1
        if self._dying.left < 0:
            self._dying.die()


class Killing(DatabaseLayer):
    """A database whose process is killed "before" or "after" a transaction that writes.

    Args:
        database: The database.
        at: The number of the transaction, from 1.
        when: Whether that comes through.
    """

    def __init__(self, database: Database, at: int, when: str) -> None:
        super().__init__(database)
        self._left = at
        self._when = when

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        self._left -= 1
        mine = not self._left
        if mine and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = super().write(work, durable=durable, single=single)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
