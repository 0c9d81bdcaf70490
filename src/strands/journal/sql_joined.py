"""An append by one statement, for databases in which a statement may change several tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from strands.journal.projection import Change, portable

_LINES = "put as (insert into strands_entries (session, seq, line) select no, seq, line from {}, {} as new (seq, line))"
_LINE = "?::int, ?::bytea"
_ASKED = (
    "asked as (insert into strands_questions (session, key, namespace, seq, kind, asked_at, deadline, timer) "
    "select no, key, namespace, seq, kind, asked_at, deadline, timer from moved, "
    "{} as new (key, seq, kind, asked_at, deadline, timer) on conflict (session, key) do update set "
    "seq = excluded.seq, asked_at = excluded.asked_at, deadline = excluded.deadline, timer = excluded.timer, "
    "answered = null)"
)
_QUESTION = "?::text, ?::int, ?::text, ?::float8, ?::float8, ?::float8"
_CLOSED = "shut as (update strands_questions set answered = ? from moved where session = no and answered is null)"
_OTHERS = "from strands_questions where session = no and answered is null and key <> all(?::text[])"


class Joined(NamedTuple):
    """What a statement that moves a session on changes beside its count, its sum and its status.

    Attributes:
        columns: Further columns of its row that are set.
        column_values: Their values.
        parts: The changes of other tables; `moved` has the number and the namespace of the row, if it was there.
        part_values: Their values.
    """

    columns: list[str]
    column_values: list[object]
    parts: list[str]
    part_values: list[object]

    def around(self, update: str) -> str:
        """Return the statement: the update of the row, and what follows from it."""
        return f"with moved as ({update}), {', '.join(self.parts)} select namespace from moved"


def is_joinable(change: Change) -> bool:
    """Whether what is asked and closed can be changed by the statement that changes the row: no question twice."""
    if change.answered or change.timers or (change.closes_all is not None and (change.asked or change.pauses)):
        return False
    return len({portable(key) for key in change.asked}) == len(change.asked)


def joined_changes(first: int, rows: Sequence[bytes], change: Change) -> Joined:
    """Return what an append changes by the one statement.

    Args:
        first: The number of its first line.
        rows: Its lines, as they are stored.
        change: What they change.
    """
    columns: list[str] = []
    values: list[object] = []
    part, part_values = _put("moved", first, rows)
    parts = [part]
    keys = [portable(key) for key in change.asked]
    if change.closes_all is not None:
        columns.append("open = 0")
        parts.append(_CLOSED)
        part_values.append(change.closes_all)
    if change.asked:
        columns.append(f"open = (select count(*) {_OTHERS}) + ?")
        values += (keys, len(keys))
        parts.append(_ASKED.format(_table(_QUESTION, len(keys))))
        for key, each in zip(keys, change.asked.values(), strict=True):
            part_values += (key, each.seq, portable(each.kind), *each[3:])
    if change.pauses and not change.wakes:
        deadlines = [each.deadline for each in change.asked.values() if each.deadline is not None]
        columns.append(f"wake_at = least((select min(deadline) {_OTHERS}), ?::float8)")
        values += (keys, min(deadlines, default=None))
    return Joined(columns, values, parts, part_values)


def begun_with(rows: Sequence[bytes], begin: str) -> tuple[str, list[object]]:
    """Return a statement that begins a session as `begin` does and puts in its lines as well, with their values."""
    part, values = _put("begun", 0, rows)
    return f"with begun as ({begin}), {part} select no from begun", values


def _put(session: str, first: int, rows: Sequence[bytes]) -> tuple[str, list[object]]:
    values: list[object] = [value for numbered in enumerate(rows, first) for value in numbered]
    return _LINES.format(session, _table(_LINE, len(rows))), values


def _table(types: str, count: int) -> str:
    return f"(values {', '.join([f'({types})'] * count)})"
