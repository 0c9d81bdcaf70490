"""Lists of a database's sessions and questions, by queries whose number does not depend on how many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from math import inf

from strands._threads import on_disk
from strands.journal.database import Row, Transaction
from strands.journal.find import RESTS, TIMED, Due, Page, QuestionSummary, SessionSummary
from strands.journal.moved import Moved
from strands.journal.projection import DELETED, OVER, original, portable
from strands.journal.sql_upkeep import HERE, WORKFLOW, SqlUpkeep

_SUMMARY = (
    "select no, id, workflow, pattern, status, driver, tokens, created_at, updated_at, "
    "(select count(*) from strands_questions where session = no) "
    "from strands_sessions where namespace = ? and kind = ?"
)
_TIMED = (
    "from strands_questions join strands_sessions on no = session where strands_questions.namespace = ? "
    "and answered is null and timer is not null and strands_sessions.kind = ? and driver = '' "
    f"and status in ({', '.join('?' * len(TIMED))})"
)
_QUESTIONS = (
    "select id, key, strands_questions.kind, asked_at, deadline, session from strands_questions "
    "join strands_sessions on no = session where strands_questions.namespace = ? and strands_sessions.kind = ?"
)
_WAITING = "answered is null and (deadline is null or deadline > strands_now())"


class SqlLists(SqlUpkeep):
    """Lists by query; a part of `SqlRepository`."""

    async def find(
        self, *, rests: Sequence[str] = RESTS, workflow: str = "", limit: int = 50, after: str = ""
    ) -> Page[SessionSummary]:
        """Return sessions as `strands.journal.find.find` does."""
        return await on_disk(lambda: self._find(rests, workflow, limit, after))

    async def moved(self, since: float) -> list[Moved]:
        """Return sessions as `strands.journal.moved.moved` does."""
        statement = f"select id, created_at, count {HERE} and updated_at >= ? and status <> ? order by updated_at"
        rows = await self._read(lambda each: each.execute(statement, self.namespace, WORKFLOW, since, DELETED))
        return [Moved(original(id), created_at, entries) for id, created_at, entries in rows]

    async def open_questions(self, *, limit: int = 50, after: str = "") -> Page[QuestionSummary]:
        """Return open questions as `strands.journal.find.open_questions` does."""
        statement, values = f"{_QUESTIONS} and {_WAITING}", [self.namespace, WORKFLOW]
        rows = await self._read(lambda each: self._behind(each, statement, values, after, limit))
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(list(map(_question, rows[:limit])), f"{last[3]!r} {last[5]} {last[1]}" if last is not None else "")

    async def questions_by_deadline(self, *, limit: int = 50, after: str = "") -> Page[QuestionSummary]:
        """Return open questions as `strands.journal.by_deadline.questions_by_deadline` does."""
        begin, _, behind = after.partition(" ")
        rows = await self._read(lambda each: self._by_deadline(each, float(begin) if begin else None, behind, limit))
        last = rows[limit - 1] if len(rows) > limit else None
        place = f"{inf if last[4] is None else last[4]!r} {last[3]!r} {last[5]} {last[1]}" if last is not None else ""
        return Page(list(map(_question, rows[:limit])), place)

    def _by_deadline(self, transaction: Transaction, begin: float | None, behind: str, limit: int) -> list[Row]:
        """Return the questions with deadlines from `begin` on, and then those without."""
        known: list[object] = [self.namespace, WORKFLOW]
        found: list[Row] = []
        if begin is not None and begin < inf:
            at_it = f"{_QUESTIONS} and {_WAITING} and deadline = ?"
            found += self._behind(transaction, at_it, [*known, begin], behind, limit)
        if begin is None or begin < inf:
            later = f"{_QUESTIONS} and answered is null and deadline > strands_now() and deadline > ?"
            later += " order by deadline, asked_at, session, key limit ?"
            found += transaction.execute(later, *known, begin or 0.0, limit + 1 - len(found))
            behind = ""
        if len(found) <= limit:
            without = f"{_QUESTIONS} and answered is null and deadline is null"
            found += self._behind(transaction, without, known, behind, limit - len(found), "deadline, ")
        return found

    def _behind(
        self,
        transaction: Transaction,
        statement: str,
        values: Sequence[object],
        after: str,
        limit: int,
        first: str = "",
    ) -> list[Row]:
        """Return one more of the questions of a statement than so many, the oldest first, from behind a place on."""
        if after:
            asked_at, no, key = after.split(" ", 2)
            statement += " and (asked_at > ? or (asked_at = ? and (session > ? or (session = ? and key > ?))))"
            values = [*values, float(asked_at), float(asked_at), int(no), int(no), key]
        return transaction.execute(f"{statement} order by {first}asked_at, session, key limit ?", *values, limit + 1)

    async def due(self, *, limit: int = 50) -> list[Due]:
        """Return sessions as `strands.journal.find.due` does, by the database's clock."""
        statement = (
            "select id, wake_at, count from strands_sessions where wake_at is not null and wake_at <= strands_now() "
            "and namespace = ? and kind = ? order by wake_at limit ?"
        )
        rows = await self._read(lambda each: each.execute(statement, self.namespace, WORKFLOW, limit))
        return [Due(original(id), wake_at, count) for id, wake_at, count in rows]

    async def timed(self, *, limit: int = 50, without: Collection[str] = ()) -> list[str]:
        """Return sessions in which something is due of a question, as `strands.journal.find.timed` does."""
        others = f"and id not in ({', '.join('?' * len(without))}) " if without else ""
        statement = f"select id {_TIMED} and timer <= strands_now() {others}group by id order by min(timer) limit ?"
        values = (self.namespace, WORKFLOW, *TIMED, *map(portable, without), limit)
        rows = await self._read(lambda each: each.execute(statement, *values))
        return [original(id) for (id,) in rows]

    async def next_timer(self) -> float | None:
        """Return when something is due next of a question, as `strands.journal.find.next_timer` does."""
        statement = f"select timer {_TIMED} order by timer limit 1"
        rows = await self._read(lambda each: each.execute(statement, self.namespace, WORKFLOW, *TIMED))
        return float(rows[0][0]) if rows else None

    def _find(self, rests: Sequence[str], workflow: str, limit: int, after: str) -> Page[SessionSummary]:
        parts = [("status <> ?", DELETED)] if set(rests) >= set(RESTS) else [("status = ?", rest) for rest in rests]
        where, values = "", list[object]()
        if workflow:
            where, values = " and workflow = ?", [portable(workflow)]
        if after:
            created_at, no = after.split(" ")
            where += " and (created_at < ? or (created_at = ? and no > ?))"
            values += [float(created_at), float(created_at), int(no)]

        def read(transaction: Transaction) -> tuple[list[Row], defaultdict[int, list[str]]]:
            found: list[Row] = []
            for is_meant, value in parts:  # each in the order of an index
                statement = f"{_SUMMARY} and {is_meant}{where} order by created_at desc, no limit ?"
                found += transaction.execute(statement, self.namespace, WORKFLOW, value, *values, limit + 1)
            found.sort(key=lambda row: (-row[7], row[0]))
            return found, self._waiting([row[0] for row in found[:limit]], transaction)

        rows, waiting = self.database.read(read)
        alive = self.database.alive(sorted({row[5] for row in rows[:limit]} - {""}))
        items = [_summary(row, row[5] in alive, waiting[row[0]]) for row in rows[:limit]]
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(items, f"{last[7]!r} {last[0]}" if last is not None else "")

    def _waiting(self, numbers: Sequence[int], transaction: Transaction) -> defaultdict[int, list[str]]:
        found: defaultdict[int, list[str]] = defaultdict(list)
        if numbers:
            marks = ", ".join("?" * len(numbers))
            # as a condition it would have a database without statistics go through all open questions
            columns = f"session, key, {_WAITING}"
            statement = f"select {columns} from strands_questions where session in ({marks}) order by seq"
            for no, key, waits in transaction.execute(statement, *numbers):
                if waits:
                    found[no].append(original(key))
        return found


def _question(row: Row) -> QuestionSummary:
    id, key, kind, asked_at, deadline, _ = row
    return QuestionSummary(original(id), original(key), original(kind), asked_at, deadline)


def _summary(row: Row, driven: bool, waiting: Sequence[str]) -> SessionSummary:
    _, id, workflow, pattern, rest, _, tokens, created_at, updated_at, asked = row
    names = original(id), original(workflow), original(pattern)
    waits_for = () if rest in OVER else tuple(waiting)
    return SessionSummary(*names, rest, driven, waits_for, asked, tokens, created_at, updated_at)
