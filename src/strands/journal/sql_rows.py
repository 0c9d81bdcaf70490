"""The rows of a session, and how an append changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from strands.journal import lines
from strands.journal.blobs import cut, joined
from strands.journal.database import Row, Transaction
from strands.journal.errors import SessionDamagedError
from strands.journal.projection import DELETED, INTERRUPTED, Change, portable
from strands.journal.sql_blobs import few, plain, put_blob, remove_unused, use, use_digests, used_by
from strands.journal.sql_codec import encoded, line_of
from strands.journal.sql_joined import Joined, begun_with, joined_changes
from strands.journal.sql_queueing import queue

if TYPE_CHECKING:
    from strands.journal.place import Place

_BEGIN = """
insert into strands_sessions (namespace, kind, id, workflow, pattern, status, driver, origins, count, last_sum, open,
tokens, created_at, updated_at, wake_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, {})
on conflict (namespace, kind, id) do nothing returning no
"""
_DEADLINE = "(select min(deadline) from strands_questions where session = no and answered is null)"
_OPEN = "(select count(*) from strands_questions where session = no and answered is null)"


def begin_session(
    transaction: Transaction,
    place: Place,
    rows: Sequence[bytes],
    change: Change,
    names: tuple[str | None, str | None],
    created_at: float,
    *,
    at_once: bool = False,
) -> int:
    """Put in a session with its lines; return the number of its row, 0 where the id is taken.

    Args:
        at_once: By one statement; of lines of which nothing is kept apart, and that change nothing beside the row.
    """
    workflow, pattern = (portable(name or "") for name in names)
    last_sum = lines.sum_of(rows[-1])
    statement, stored = _BEGIN.format("strands_now()" if change.wakes else "null"), list[object]()
    if at_once:
        statement, stored = begun_with([encoded(transaction, row) for row in rows], statement)
    begun = transaction.execute(
        statement,
        *(place.namespace, place.kind, portable(place.id), workflow, pattern),
        *(change.status or INTERRUPTED, change.driver or "", _listed(change.origins)),
        *(len(rows), last_sum, change.tokens),
        *(created_at, change.updated_at),
        *stored,
    )
    if not begun or at_once:
        return int(begun[0][0]) if begun else 0
    no = int(begun[0][0])
    put_lines(transaction, no, place.namespace, 0, rows)
    put_beside(transaction, no, place.namespace, change)
    if change.wakes:
        queue(transaction, no)
    return no


def change_session(
    transaction: Transaction,
    no: int,
    known: tuple[int, str],
    then: tuple[int, str],
    change: Change,
    beside: Joined | None = None,
) -> str | None:
    """Move a session on from `known`, how many entries it has and the sum of the last, to `then`.

    Args:
        beside: What the same statement changes besides, where the database can.

    Returns:
        Its namespace; None where it is not at `known`, or was deleted.
    """
    columns, values = ["count = ?", "last_sum = ?", "updated_at = ?"], [*then, change.updated_at]
    for name, value in (("status", change.status), ("driver", change.driver)):
        if value is not None:
            columns.append(f"{name} = ?")
            values.append(portable(value))
    if change.tokens:
        columns.append("tokens = tokens + ?")
        values.append(change.tokens)
    if change.origins:
        columns.append("origins = origins || ?")
        values.append(f" {_listed(change.origins)}")
    if change.wakes:
        columns.append("wake_at = strands_now()")
    elif change.status is not None and not (beside is not None and change.pauses):
        columns.append("wake_at = null")
    if beside is not None:
        columns += beside.columns
        values += beside.column_values
    statement = (
        f"update strands_sessions set {', '.join(columns)} where no = ? and count = ? and last_sum = ? "
        "and status <> ? returning namespace, no"
    )
    moves = [*values, no, *known, DELETED]
    if beside is not None:
        statement = beside.around(statement)
        moves += beside.part_values
    moved = transaction.execute(statement, *moves)
    if beside is None and moved and change.pauses and not change.wakes and not change.touches_questions:
        transaction.execute(f"update strands_sessions set wake_at = {_DEADLINE} where no = ?", no)
    if moved and change.wakes:
        queue(transaction, no)
    return str(moved[0][0]) if moved else None


def append_joined(
    transaction: Transaction, no: int, known: tuple[int, str], rows: Sequence[bytes], change: Change, last_sum: str
) -> str | None:
    """Append lines, behind those that `change_session` calls `known`, by one statement, and return what it does."""
    stored = [encoded(transaction, row) for row in rows]
    beside = joined_changes(known[0], stored, change)
    return change_session(transaction, no, known, (known[0] + len(rows), last_sum), change, beside)


def remove_sessions(transaction: Transaction, which: str, *values: object, limit: int | None = None) -> list[str]:
    """Remove sessions, and of what they used what nobody else does; return the ids as they are kept.

    Args:
        which: A condition on the rows of sessions.
        values: Its values.
        limit: At most so many, in the order in which they were begun.
    """
    most = "" if limit is None else f" order by no limit {limit}"
    found = transaction.execute(f"select no from strands_sessions where {which}{most}", *values)
    numbers = [no for (no,) in found]
    removed: list[str] = []
    for some in few(numbers):
        marks = ", ".join("?" * len(some))
        used = used_by(transaction, some)
        statement = f"delete from strands_sessions where {which} and no in ({marks}) returning id"
        removed += (id for (id,) in transaction.execute(statement, *values, *some))
        remove_unused(transaction, used)
    return removed


def append_lines(
    transaction: Transaction, no: int, known: tuple[int, str], rows: Sequence[bytes], change: Change, last_sum: str
) -> bool:
    """Append lines to a session; False where it is not at `known`, how many entries it has and the sum of the last."""
    count = known[0]
    namespace = change_session(transaction, no, known, (count + len(rows), last_sum), change)
    if namespace is None:
        return False
    put_lines(transaction, no, namespace, count, rows)
    put_beside(transaction, no, namespace, change)
    return True


def put_questions(transaction: Transaction, no: int, namespace: str, change: Change) -> None:
    """Put in the questions that are asked, and close those that are not open any more."""
    if change.closes_all is not None:
        transaction.execute(
            "update strands_questions set answered = ? where session = ? and answered is null", change.closes_all, no
        )
    for asked in change.asked.values():
        transaction.execute(
            "insert into strands_questions (session, key, namespace, seq, kind, asked_at, deadline, timer) "
            "values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (session, key) do update set seq = excluded.seq, "
            "asked_at = excluded.asked_at, deadline = excluded.deadline, timer = excluded.timer, answered = null",
            *(no, portable(asked.key), namespace, asked.seq, portable(asked.kind), *asked[3:]),
        )
    for key, seq in change.answered.items():
        transaction.execute(
            "update strands_questions set answered = ? where session = ? and key = ? and answered is null",
            *(seq, no, portable(key)),
        )
    for key, timer in change.timers.items():
        transaction.execute(
            "update strands_questions set timer = ? where session = ? and key = ?", timer, no, portable(key)
        )
    deadline = f", wake_at = {_DEADLINE}" if change.pauses and not change.wakes else ""
    transaction.execute(f"update strands_sessions set open = {_OPEN}{deadline} where no = ?", no)


def put_beside(transaction: Transaction, no: int, namespace: str, change: Change) -> None:
    """Put in what entries change beside the session's row: its questions, and which files it uses."""
    if change.touches_questions:
        put_questions(transaction, no, namespace, change)
    if change.files:
        use_digests(transaction, no, namespace, change.files)


def put_lines(transaction: Transaction, no: int, namespace: str, first: int, rows: Sequence[bytes]) -> None:
    """Put in lines, the first of which has the number `first`."""
    values: list[Row] = []
    for seq, line in enumerate(rows, first):
        kept, content = cut(line)
        blob = None
        if content is not None:
            blob = put_blob(transaction, namespace, content)
            use(transaction, no, [blob])
        values.append((no, seq, encoded(transaction, kept), blob))
    transaction.execute_many("insert into strands_entries (session, seq, line, blob) values (?, ?, ?, ?)", values)


def lines_from(transaction: Transaction, no: int, first: int) -> list[bytes]:
    """Return the lines of a session from number `first` on.

    Raises:
        SessionDamagedError: One cannot be decoded, or a part of it is missing.
    """
    rows = transaction.execute(
        "select seq, line, blob, content from strands_entries left join strands_blobs on no = blob "
        "where session = ? and seq >= ? order by seq",
        *(no, first),
    )
    return [_line(transaction, *row) for row in rows]


def lines_at(transaction: Transaction, place: Place) -> tuple[Row, list[bytes]]:
    """Return the row of a session, as its number, status, count and last sum, and its lines; ((), []) without one.

    Raises:
        SessionDamagedError: A line cannot be decoded, or a part of it is missing.
    """
    rows = transaction.execute(
        "select strands_sessions.no, status, count, last_sum, seq, line, blob, content from strands_sessions "
        "left join strands_entries on session = strands_sessions.no left join strands_blobs on strands_blobs.no = blob "
        "where strands_sessions.namespace = ? and kind = ? and id = ? order by seq",
        *(place.namespace, place.kind, portable(place.id)),
    )
    found = [_line(transaction, *row[4:]) for row in rows if row[4] is not None]
    return (rows[0][:4] if rows else ()), found


def lines_numbered(transaction: Transaction, no: int, seqs: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return the lines of a session with these numbers, in that order, each with its number.

    Raises:
        SessionDamagedError: One cannot be decoded, or a part of it is missing.
    """
    marks = ", ".join("?" * len(seqs))
    rows = transaction.execute(
        "select seq, line, blob, content from strands_entries left join strands_blobs on no = blob "
        f"where session = ? and seq in ({marks}) order by seq",
        *(no, *seqs),
    )
    return [(row[0], _line(transaction, *row)) for row in rows]


def _listed(seqs: Sequence[int]) -> str:
    return " ".join(map(str, seqs))


def _line(transaction: Transaction, seq: int, stored: bytes, blob: int | None, content: bytes | None) -> bytes:
    kept = line_of(transaction, bytes(stored))
    if blob is None:
        return kept
    if content is None:
        raise SessionDamagedError(
            f"entry {seq}: the part of it that is kept apart is missing", hint="Restore the store from a backup."
        )
    return joined(kept, plain(transaction, bytes(content)))


class Told(NamedTuple):
    """What the row of a session tells of its lines, and what is so at the same moment.

    Attributes:
        entries: How many the row tells of.
        last_sum: The sum that it has for the last.
        status: Its status.
        there: How many there are.
        sum_there: The sum of the last that is there.
    """

    entries: int
    last_sum: str
    status: str
    there: int
    sum_there: str


def told_and_there(transaction: Transaction, no: int) -> Told | None:
    """Return what the row of a session tells of its lines, and what is so; None where there is no such row."""
    rows = transaction.execute(
        "select count, last_sum, status, "
        "(select coalesce(max(seq), -1) + 1 from strands_entries where session = no), "
        "(select line from strands_entries where session = no order by seq desc limit 1) "
        "from strands_sessions where no = ?",
        no,
    )
    if not rows:
        return None
    entries, last_sum, status, there, line = rows[0]
    return Told(entries, last_sum, status, there, lines.sum_of(line_of(transaction, bytes(line))) if there else "")


def is_line(transaction: Transaction, no: int, seq: int, sum_: str) -> bool:
    """Whether the line `seq` is there, with this sum: then an append whose reply was lost has come through."""
    rows = transaction.execute("select line from strands_entries where session = ? and seq = ?", no, seq)
    return bool(rows) and lines.sum_of(line_of(transaction, bytes(rows[0][0]))) == sum_
