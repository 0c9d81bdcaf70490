"""A database whose lines go through a codec: what is at rest in it says nothing to who lacks the key."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import ClassVar, cast

from strands.journal.database import Codec, Database, DatabaseLayer, Transaction, TransactionLayer
from strands.journal.errors import StoreNotReadyError

_SAMPLE = b'{"kind":"sample"}'


class CodedDatabase(DatabaseLayer):
    """A database with a codec; see `Database`.

    Args:
        database: Where the lines are kept.
        codec: What they go through.
    """

    joins_statements: ClassVar[bool] = False
    _of: ClassVar[dict[tuple[int, int], CodedDatabase]] = {}

    def __init__(self, database: Database, codec: Codec) -> None:
        super().__init__(database)
        self._codec = codec

    @classmethod
    def over(cls, database: Database, place: str) -> CodedDatabase:
        """Return this process's database with the codec that `module:name` means.

        Raises:
            StoreNotReadyError: It means none.
        """
        codec = codec_at(place)
        known = id(database), id(codec)  # neither ends before the process
        if known not in cls._of:
            _try_out(codec, place)
        return cls._of.setdefault(known, cls(database, codec))

    def _within(self, transaction: Transaction) -> Transaction:
        coded = TransactionLayer(transaction)
        coded.codec = self._codec
        return coded


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


def _try_out(codec: Codec, place: str) -> None:
    """Raise StoreNotReadyError where a line does not come back, before anything is written that nobody can read."""
    try:
        back = codec.decode(codec.encode(_SAMPLE))
    except Exception as error:  # whatever it raises, it is of somebody else's making
        raise _no_codec(place, f"{type(error).__name__}: {error}".rstrip(": ")) from error
    if back != _SAMPLE:
        raise _no_codec(place, "it does not give back the line that it was given")


def _no_codec(place: str, why: str) -> StoreNotReadyError:
    return StoreNotReadyError(
        f"codec={place} names no codec: {why}",
        hint="Write ?codec=MODULE:NAME, an object with encode(line) and decode(stored), both from bytes to bytes, "
        "and set what its module needs.",
    )
