"""The product's own store in rows, as a process reaches it: replies are lost, writes refused, and processes die."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from simulation.machine import Died, Process, outside
from strands.journal.database import Database, DatabaseLayer, Transaction, TransactionLayer
from strands.journal.errors import StorageError
from strands.journal.sql import SqlRepository
from strands.journal.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from simulation.world import World

T = TypeVar("T")

_numbers = count()


@cache
def _database() -> SqliteDatabase:
    """Return a database in memory where that exists; the simulations of a process share it."""
    place = tempfile.mkdtemp(prefix="strands-simulation-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    database = SqliteDatabase.at(f"{place}/rows.db")
    database.read(lambda each: each.execute("select 1"))  # now, so that no simulation is the first
    return database


class Rows:
    """The rows of one simulation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.namespace = f"simulation {next(_numbers)}"
        self.database: Database = _Known(world, _database())

    @property
    def url(self) -> str:
        """What names them."""
        return f"sqlite:///{_database().name}?namespace={self.namespace}"

    def repository(self, process: Process | None = None) -> SqlRepository:
        """Return the store as a process reaches it, or as it is."""
        return SqlRepository(self.database if process is None else self.reached(process), self.namespace)

    def reached(self, process: Process, *, fails: bool = False) -> ReachedDatabase:
        """Return the database as a process reaches it; `fails`: what fails at writes is not drawn further out."""
        return ReachedDatabase(self._world, process, self.database, fails)

    def clear(self) -> None:
        """Remove them."""
        _database().write(lambda each: each.execute("delete from strands_sessions where namespace = ?", self.namespace))


class _Known(DatabaseLayer):
    """A database that knows of drivers what the world does."""

    def __init__(self, world: World, database: Database) -> None:
        super().__init__(database)
        self._world = world

    def alive(self, drivers: Sequence[str]) -> set[str]:
        return {driver for driver in drivers if self._world.drivers.is_alive(driver)}


class ReachedDatabase(DatabaseLayer):
    """A database of one process."""

    def __init__(self, world: World, process: Process, database: Database, fails: bool) -> None:
        super().__init__(database)
        self._world = world
        self._process = process
        self._fails = fails

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        world, process = self._world, self._process
        process.check()
        death = world.faults.now("kill at write") if self._fails else None
        if death is not None and not death.size:
            self._die("before it writes rows")
        if self._fails and world.faults.now("refuse") is not None:
            world.note(process.name, "is refused to write rows")
            raise StorageError("the database refuses to write")
        if self._fails and world.faults.now("stop at write") is not None:
            world.note(process.name, "is not heard of any more as it writes rows")
            world.drivers.silence(process, 30.0)
        found: T = outside(lambda: self._database.write(work, durable=durable, single=single))
        if death is not None:
            self._die("after it has written rows")
        if process.loses_reply or (self._fails and world.faults.now("unconfirmed") is not None):
            process.loses_reply = False
            world.note(process.name, "loses the database's reply, and tries again")
            found = outside(
                lambda: self._database.write(lambda each: work(_again(each)), durable=durable, single=single)
            )
        return found

    def read(self, work: Callable[[Transaction], T]) -> T:
        self._process.check()
        found: T = outside(lambda: self._database.read(work))
        return found

    def enter(self) -> str:
        self._process.check()
        return self._world.drivers.enter(self._process)

    def leave(self, driver: str) -> None:
        if self._process.alive:
            self._world.drivers.leave(driver)

    def _die(self, when: str) -> None:
        self._world.note(self._process.name, f"dies {when}")
        self._world.kill(self._process)
        raise Died


def _again(transaction: Transaction) -> Transaction:
    again = TransactionLayer(transaction)
    again.again = True
    return again
