"""A database whose lines go through a codec: what is at rest in it says nothing to who lacks the key."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import ClassVar, TypeVar, cast

from strands.journal.database import Codec, Database, Row, Transaction
from strands.journal.errors import StoreNotReadyError

T = TypeVar("T")


class CodedDatabase:
    """A database with a codec; see `Database`.

    Args:
        database: Where the lines are kept.
        codec: What they go through.
    """

    joins_statements: ClassVar[bool] = False
    _of: ClassVar[dict[tuple[int, int], CodedDatabase]] = {}

    def __init__(self, database: Database, codec: Codec) -> None:
        self._database = database
        self._codec = codec

    @classmethod
    def over(cls, database: Database, place: str) -> CodedDatabase:
        """Return this process's database with the codec that `module:name` means.

        Raises:
            StoreNotReadyError: It means none.
        """
        codec = codec_at(place)
        return cls._of.setdefault((id(database), id(codec)), cls(database, codec))  # neither ends before the process

    @property
    def name(self) -> str:
        return self._database.name

    def write(self, work: Callable[[Transaction], T], *, durable: bool = False, single: bool = False) -> T:
        return self._database.write(lambda each: work(_Coded(each, self._codec)), durable=durable, single=single)

    def read(self, work: Callable[[Transaction], T]) -> T:
        return self._database.read(lambda each: work(_Coded(each, self._codec)))

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


class _Coded:
    """A transaction with a codec; see `Transaction`."""

    def __init__(self, transaction: Transaction, codec: Codec) -> None:
        self._transaction = transaction
        self.again: bool = transaction.again
        self.codec: Codec | None = codec

    def execute(self, statement: str, *values: object) -> list[Row]:
        return self._transaction.execute(statement, *values)

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._transaction.execute_many(statement, rows)


def codec_at(place: str) -> Codec:
    """Return the codec that `module:name` means; the module may lie in the current directory.

    Raises:
        StoreNotReadyError: It means none, or the module cannot be imported.
    """
    module, _, name = place.partition(":")
    if not (module and name):
        raise _no_codec(place, "it is not MODULE:NAME")
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:  # a command's path does not have it; last, so it hides nothing
        sys.path.append(here)
    try:
        found = getattr(import_module(module), name)
    except Exception as error:  # a module may do anything while it is imported
        why = str(error) if isinstance(error, (ImportError, AttributeError)) else f"{type(error).__name__}: {error}"
        raise _no_codec(place, why) from error
    if not (callable(getattr(found, "encode", None)) and callable(getattr(found, "decode", None))):
        raise _no_codec(place, "it has no methods encode and decode")
    return cast(Codec, found)


def _no_codec(place: str, why: str) -> StoreNotReadyError:
    return StoreNotReadyError(
        f"codec={place} names no codec: {why}",
        hint="Write ?codec=MODULE:NAME, an object with encode(line) and decode(stored), both from bytes to bytes.",
    )
