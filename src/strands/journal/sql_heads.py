"""The heads log of a namespace of a database: a log beside its sessions, written in the transaction that decides."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from strands.journal import lines, signed_heads
from strands.journal.database import Database, Transaction
from strands.journal.errors import StorageError
from strands.journal.heads import JournalHead
from strands.journal.projection import original
from strands.journal.signed_heads import HeadsMark
from strands.journal.sql_blobs import few
from strands.journal.sql_rows import lines_from, put_lines, remove_sessions

logger: logging.Logger = logging.getLogger(__name__)

HAVE_HEADS = "workflow"
"""The kind of the sessions that have heads; see `strands.journal.sql_log.Place`."""

_PLACE = "namespace = ? and kind = 'audit' and id = 'heads'"
_BEGIN = """
insert into strands_sessions (namespace, kind, id, workflow, pattern, status, driver, origins, count, last_sum, open,
tokens, created_at, updated_at) values (?, 'audit', 'heads', '', '', 'rested', '', '', 0, '', 0, 0, ?, ?)
on conflict (namespace, kind, id) do nothing
"""


class Written(NamedTuple):
    """How far a heads log was before heads were written, and is."""

    before: HeadsMark
    now: HeadsMark


def append(transaction: Transaction, namespace: str, new: Sequence[JournalHead]) -> Written | None:
    """Append heads in a transaction that has changed what they speak of.

    Returns:
        How far the log is; None where there is no key, which does not keep anybody from deciding.
    """
    find = f"select no, count, last_sum from strands_sessions where {_PLACE}{transaction.row_lock}"
    rows = transaction.execute(find, namespace)
    if not rows:
        transaction.execute(_BEGIN, namespace, new[0].at, new[0].at)
        rows = transaction.execute(find, namespace)
    no, count, last_sum = rows[0]
    try:
        content, last = signed_heads.encode(new, count, last_sum)
    except (StorageError, OSError) as error:
        logger.warning("what was decided in session %r is not anchored yet: %s", new[-1].session, error)
        return None
    put_lines(transaction, no, namespace, count, content[:-1].split(b"\n"))
    statement = "update strands_sessions set count = ?, last_sum = ?, updated_at = ? where no = ?"
    transaction.execute(statement, count + len(new), last, new[-1].at, no)
    return Written(HeadsMark(count, last_sum), HeadsMark(count + len(new), last))


def remove(
    transaction: Transaction, namespace: str, which: str, *values: object, limit: int | None = None
) -> tuple[list[str], Written | None]:
    """Remove sessions as `remove_sessions` does, and sign of those that have asked that they were.

    Returns:
        The ids as they are kept, and how far the log has come.
    """
    most = "" if limit is None else f" order by no limit {limit}"
    asks = "exists (select 1 from strands_questions where session = no)"
    statement = f"select no, id, count, last_sum, {asks} from strands_sessions where {which}{most}"
    found = transaction.execute(statement, *values)
    removed: set[str] = set()
    for some in few([row[0] for row in found]):
        removed.update(remove_sessions(transaction, f"{which} and no in ({_marks(some)})", *values, *some))
    gone = [row for row in found if row[1] in removed]
    now = time.time()
    new = [JournalHead(original(id), "deleted", "", count, last, now) for _, id, count, last, asks in gone if asks]
    return [row[1] for row in gone], append(transaction, namespace, new) if new else None


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


class SqlHeads:
    """The heads log of a namespace; see `HeadsLog`."""

    def __init__(self, database: Database, namespace: str) -> None:
        self._database = database
        self._namespace = namespace

    @property
    def place(self) -> str:
        return f"{self._database.name}?namespace={self._namespace}"

    def append(self, new: Sequence[JournalHead]) -> None:
        self.tell(self._database.write(partial(append, namespace=self._namespace, new=new), durable=True))

    def content(self) -> bytes:
        return b"".join(line + b"\n" for line in self._database.read(self._lines))

    def tell(self, written: Written | None) -> None:
        """Tell, once a transaction counts, how far the log is by it."""
        if written is not None:
            signed_heads.advance_mark(self.place, written.before, written.now, self._has)

    def _has(self, mark: HeadsMark) -> bool:
        there = self._database.read(lambda each: self._lines(each, mark.entries - 1))
        return bool(there) and lines.sum_of(there[0]) == mark.last

    def _lines(self, transaction: Transaction, first: int = 0) -> list[bytes]:
        rows = transaction.execute(f"select no from strands_sessions where {_PLACE}", self._namespace)
        return lines_from(transaction, rows[0][0], first) if rows else []
