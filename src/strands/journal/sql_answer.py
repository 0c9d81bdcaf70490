"""An answer in a database: one transaction, under the row's lock, that reads no line which it does not need."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from strands.journal import faults, lines
from strands.journal.database import Transaction
from strands.journal.entries import FORMAT, NEWEST_FORMAT, Entry
from strands.journal.errors import SessionDamagedError
from strands.journal.excerpt import Decide, Excerpt
from strands.journal.heads import JournalHead, after
from strands.journal.projection import DELETED, change_of, portable
from strands.journal.sql_rows import append_lines, is_line, lines_numbered

if TYPE_CHECKING:
    from strands.journal.place import Place
    from strands.journal.sql_heads import Written

_AT_PLACE = "namespace = ? and kind = ? and id = ?"


class Standing(NamedTuple):
    """How a session stands while its row is locked.

    Attributes:
        no: The number of its row.
        entries: How many it has.
        opening: The sum of the first.
        last_sum: The sum of the last.
        excerpt: What an answer has to see of it.
    """

    no: int
    entries: int
    opening: str
    last_sum: str
    excerpt: Excerpt


def standing(
    transaction: Transaction,
    place: Place,
    no: int,
    keys: Sequence[str] | None,
    now: float | None,
    *,
    locks: bool = False,
) -> Standing:
    """Return how a session stands.

    Args:
        transaction: Where to look.
        place: Which session it is.
        no: The number of its row, where that is known: another session may be at its place by now.
        keys: The questions that are meant, by id; None for all that are open.
        now: Unix time in seconds; None for the database's clock.
        locks: Nobody else writes to it until the transaction ends.

    Raises:
        SessionNotFoundError: There is none, or it was deleted.
        SessionDamagedError: A line cannot be read, or the format is newer than this build's.
    """
    here = (place.namespace, place.kind, portable(place.id))
    statement = f"select no, count, last_sum, status, origins, strands_now() from strands_sessions where {_AT_PLACE}"
    rows = transaction.execute(statement + (transaction.row_lock if locks else ""), *here)
    if not rows or rows[0][3] == DELETED or (no and rows[0][0] != no):
        other = rows and rows[0][3] != DELETED
        raise faults.begun_anew(place.id) if other else faults.missing(place.id)
    no, count, last_sum, _, origins, clock = rows[0]
    now = clock if now is None else now
    seqs = {*map(int, origins.split()), *_seqs(transaction, no, keys, now)}
    there = lines_numbered(transaction, no, sorted(seqs))
    entries = [_entry(place.id, seq, line) for seq, line in there]
    if len(entries) < len(seqs):
        raise _damaged(place.id, min(seqs - {entry.seq for entry in entries}), "it is missing")
    if entries[0].data.get("format", FORMAT) > NEWEST_FORMAT:
        raise faults.newer(place.id, entries[0].data["format"])
    return Standing(no, count, lines.sum_of(there[0][1]), last_sum, Excerpt(entries, float(now), False))


class SqlAnswer:
    """An append that is decided in its transaction, which may be tried again where its connection was lost.

    Args:
        place: Which session it is.
        no: The number of its row, where that is known.
        keys: The questions that are meant, by id.
        decide: Returns what to append.
        now: Unix time in seconds; None for the database's clock.

    Attributes:
        written: How far the heads log has come by it.
    """

    def __init__(self, place: Place, no: int, keys: Sequence[str], decide: Decide, now: float | None) -> None:
        self._place = place
        self._no = no
        self._keys = keys
        self._decide = decide
        self._now = now
        self._tried: tuple[int, str, list[Entry]] | None = None
        self.written: Written | None = None

    def append(self, transaction: Transaction) -> list[Entry]:
        """Append, unless an earlier try has come through, and return the entries."""
        there = standing(transaction, self._place, self._no, self._keys, self._now, locks=True)
        if transaction.again and self._tried is not None:
            no, last_sum, entries = self._tried
            if is_line(transaction, no, entries[-1].seq, last_sum):
                return entries
        drafts = self._decide(there.excerpt)
        if not drafts:
            return []
        known = there.entries, there.last_sum
        content, entries, last_sum = lines.encode(drafts, *known, read=lines.read_json)
        self._tried = there.no, last_sum, entries
        rows = content[:-1].split(b"\n")
        append_lines(transaction, there.no, known, rows, change_of(drafts, there.entries), last_sum)
        self._anchor(transaction, there, entries, last_sum)
        return entries

    def _anchor(self, transaction: Transaction, there: Standing, entries: Sequence[Entry], last_sum: str) -> None:
        from strands.journal import sql_heads

        decided = after(entry.kind for entry in entries)
        if decided and self._place.kind == sql_heads.HAVE_HEADS:
            count = there.entries + len(entries)
            head = JournalHead(self._place.id, decided, there.opening, count, last_sum, time.time())
            self.written = sql_heads.append(transaction, self._place.namespace, [head])


def _seqs(transaction: Transaction, no: int, keys: Sequence[str] | None, now: float) -> set[int]:
    """Return the numbers of the entries that ask what is meant, and of those that close it."""
    meant, values = "answered is null", list[object]()
    if keys is not None:
        marks = ", ".join("?" * len(keys))
        meant = f"answered is null and timer <= ?{f' or key in ({marks})' if keys else ''}"
        values = [now, *map(portable, keys)]
    statement = f"select seq, answered from strands_questions where session = ? and ({meant})"
    return {seq for row in transaction.execute(statement, no, *values) for seq in row if seq is not None}


def _entry(session_id: str, seq: int, line: bytes) -> Entry:
    try:
        entry = lines.entry_of(lines.read_json(line))
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(session_id, seq, "it cannot be read") from error
    if entry.seq != seq or (not seq and lines.checked(line, "") is None):
        raise _damaged(session_id, seq, "its checksum does not match" if not seq else "it is another one")
    return entry


def _damaged(session_id: str, seq: int, cause: str) -> SessionDamagedError:
    return SessionDamagedError(
        f"session {session_id!r}, entry {seq}: {cause}",
        hint=f"Nothing was written. Look at it: strands sessions show {session_id}.",
    )
