"""The rows of what is kept once, by its digest, and which sessions use it.

A row is there as long as a session uses it: who uses one takes a lock on it, and who removes those that nobody uses is
refused where somebody has begun to meanwhile; then either is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from strands.journal.blobs import MOST, digest_of
from strands.journal.database import Transaction
from strands.journal.errors import SessionDamagedError, StorageError
from strands.journal.sql_codec import CODED, decoded, encoded

KEPT_SECONDS = 3600.0
"""How long what no session uses yet is kept: who puts it begins a session with it at once."""

_PLAIN = b"\1"
"""Stands before a content that went through no codec."""

_MANY = 500
"""How many values a statement has at most."""

_UNUSED = "kept_until < strands_now() and not exists (select 1 from strands_uses where blob = no)"


def few(values: Sequence[int]) -> list[Sequence[int]]:
    """Return values in parts, each of which is few enough for one statement."""
    return [values[first : first + _MANY] for first in range(0, len(values), _MANY)]


def check_size(content: bytes, what: str) -> None:
    """Check that a database takes so much at once.

    Raises:
        StorageError: It does not.
    """
    if len(content) > MOST:
        raise StorageError(
            f"{what} has {len(content):,} bytes; a database takes at most {MOST:,}",
            hint="Keep the content elsewhere, in a file or a bucket, and record where.",
        )


def put_blob(transaction: Transaction, namespace: str, content: bytes, *, kept: bool = False) -> int:
    """Put in a content, unless it is there, and return the number of its row.

    Args:
        kept: Keep it for a while though no session uses it yet.
    """
    digest = digest_of(content)
    find = "select no, kept_until < strands_now() + ? from strands_blobs where namespace = ? and digest = ?"
    put = (
        f"insert into strands_blobs (namespace, digest, kept_until, content) values (?, ?, {_until(kept)}, ?) "
        "on conflict (namespace, digest) do nothing returning no"
    )
    while True:
        found = transaction.execute(find, KEPT_SECONDS / 2, namespace, digest)
        if found and kept and found[0][1]:
            found = transaction.execute(
                f"update strands_blobs set kept_until = {_until(kept)} where no = ? returning no", found[0][0]
            )
        found = found or transaction.execute(put, namespace, digest, _encoded(transaction, content))
        if found:
            return int(found[0][0])


def use(transaction: Transaction, no: int, blobs: Iterable[int]) -> None:
    """Note that a session uses contents, by the numbers of their rows."""
    for blob in blobs:
        transaction.execute(
            "insert into strands_uses (session, blob) values (?, ?) on conflict (session, blob) do nothing", no, blob
        )


def use_digests(transaction: Transaction, no: int, namespace: str, digests: Sequence[str]) -> None:
    """Note that a session uses contents, by their digests.

    Raises:
        StorageError: One is not there.
    """
    transaction.execute_many(
        "insert into strands_uses (session, blob) select ?, no from strands_blobs where namespace = ? and digest = ? "
        "on conflict (session, blob) do nothing",
        [(no, namespace, digest) for digest in digests],
    )
    rows = transaction.execute(
        "select digest from strands_blobs where no in (select blob from strands_uses where session = ?)", no
    )
    missing = sorted(set(digests).difference(digest for (digest,) in rows))
    if missing:
        raise StorageError(
            f"the store lacks a file of the session, {missing[0]}", hint="Put it there first; nothing was recorded."
        )


def used_by(transaction: Transaction, sessions: Sequence[int]) -> list[int]:
    """Return the rows of the contents that sessions use."""
    found: set[int] = set()
    for some in few(sessions):
        marks = ", ".join("?" * len(some))
        rows = transaction.execute(f"select distinct blob from strands_uses where session in ({marks})", *some)
        found.update(blob for (blob,) in rows)
    return sorted(found)


def remove_unused(transaction: Transaction, blobs: Sequence[int]) -> None:
    """Remove those of these contents that no session uses any more."""
    for some in few(blobs):
        marks = ", ".join("?" * len(some))
        transaction.execute(f"delete from strands_blobs where no in ({marks}) and {_UNUSED}", *some)


def remove_all_unused(transaction: Transaction, namespace: str) -> None:
    """Remove each content that no session uses."""
    transaction.execute(f"delete from strands_blobs where namespace = ? and {_UNUSED}", namespace)


def content_at(transaction: Transaction, namespace: str, digest: str) -> bytes:
    """Return a content.

    Raises:
        SessionDamagedError: It is not there, cannot be decoded, or is not what was put in.
    """
    rows = transaction.execute(
        "select content from strands_blobs where namespace = ? and digest = ?", namespace, digest
    )
    if not rows:
        raise SessionDamagedError(f"{digest} is not in the store", hint="Restore the store from a backup.")
    content = plain(transaction, bytes(rows[0][0]))
    if digest_of(content) != digest:
        raise SessionDamagedError(
            f"{digest} is not what was put into the store", hint="Restore the store from a backup."
        )
    return content


def plain(transaction: Transaction, stored: bytes) -> bytes:
    """Return the content of which this is stored."""
    return decoded(transaction, stored) if stored[:1] == CODED else stored[1:]


def _encoded(transaction: Transaction, content: bytes) -> bytes:
    check_size(content, "an entry or a file")
    return encoded(transaction, content) if transaction.codec is not None else _PLAIN + content


def _until(kept: bool) -> str:
    return f"strands_now() + {KEPT_SECONDS}" if kept else "0"
