"""What goes through a store's codec on its way in and out of a row."""

from __future__ import annotations

from strands.journal.database import Transaction
from strands.journal.errors import SessionDamagedError, StorageError

CODED = b"\0"
"""Stands before what a codec made, which may begin with anything."""


def encoded(transaction: Transaction, plain: bytes) -> bytes:
    """Return what is stored of a line, or of a part of one.

    Raises:
        StorageError: The codec fails.
    """
    if transaction.codec is None:
        return plain
    try:
        return CODED + _bytes(transaction.codec.encode(plain))
    except Exception as error:  # whatever it raises, it is of somebody else's making
        raise StorageError(
            f"a line cannot be encoded by the store's codec: {type(error).__name__}: {error}".rstrip(": "),
            hint="Nothing was written. Mend the codec, or give it its key, then resume: what was recorded is kept.",
        ) from error


def line_of(transaction: Transaction, stored: bytes) -> bytes:
    """Return the line of which this is stored, by the codec or, as it begins like a line, without one.

    Raises:
        SessionDamagedError: It cannot be decoded.
    """
    if stored.startswith(b"{"):
        return stored
    line = decoded(transaction, stored)
    if not line.startswith(b"{"):
        raise _undecodable("ValueError: what it returned is no line of a journal")
    return line


def decoded(transaction: Transaction, stored: bytes) -> bytes:
    """Return what the codec has stored this for.

    Raises:
        SessionDamagedError: It cannot be decoded.
    """
    if transaction.codec is None:
        raise SessionDamagedError(
            "a line was stored by a codec, and the store was opened without one",
            hint="Name the codec: ?codec=MODULE:NAME. Nothing was changed.",
        )
    try:
        return _bytes(transaction.codec.decode(stored.removeprefix(CODED)))
    except Exception as error:  # whatever it raises, it is of somebody else's making
        raise _undecodable(f"{type(error).__name__}: {error}".rstrip(": ")) from error


def _undecodable(why: str) -> SessionDamagedError:
    return SessionDamagedError(
        f"a line cannot be decoded by the store's codec: {why}",
        hint="Give the codec the key that it was written with. Nothing was changed.",
    )


def _bytes(made: object) -> bytes:
    if not isinstance(made, (bytes, bytearray, memoryview)):
        raise TypeError(f"it returned {type(made).__name__}, not bytes")
    return bytes(made)
