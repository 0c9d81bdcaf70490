"""A store of journals in a database: one class for every database that the `Database` seam is written for."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial

from strands._threads import on_disk
from strands.journal import faults
from strands.journal.database import clock_of
from strands.journal.entries import Draft, Entry
from strands.journal.errors import SessionExistsError, SessionNotFoundError
from strands.journal.excerpt import Decide
from strands.journal.ids import check_id
from strands.journal.projection import DELETED, original, portable
from strands.journal.protocol import Journal
from strands.journal.sql_journal import SqlJournal
from strands.journal.sql_log import Place
from strands.journal.sql_upkeep import HERE, IN_PLACE, WORKFLOW
from strands.journal.sql_wake import SqlWake

__all__ = ["WORKFLOW", "SqlJournal", "SqlRepository"]

BESIDE = "beside"
"""The kind of journals that are none of the sessions."""

_BEHIND = "\x7f"
"""It comes after every character of an id."""


class SqlRepository(SqlWake):
    """Sessions in a database; see `Repository`.

    Args:
        database: Where they are.
        namespace: Whose they are: two namespaces know nothing of each other.
    """

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> SqlJournal:
        check_id(session_id)
        journal = self._journal(session_id)
        await on_disk(partial(journal.begin, (opened, *rest)))
        return journal

    async def open(self, session_id: str) -> SqlJournal:
        journal = self._journal(session_id)
        await on_disk(journal.find)
        return journal

    async def beside(self, name: str, opened: Draft | None = None) -> SqlJournal:
        """Return a journal that is none of the sessions, as `strands.journal.beside.beside` does."""
        journal = SqlJournal(self.database, Place(self.namespace, BESIDE, name), counts=self._counts)
        try:
            await on_disk(journal.find)
            return journal
        except SessionNotFoundError:
            if opened is None:
                raise
        with contextlib.suppress(SessionExistsError):
            await on_disk(partial(journal.begin, (opened,)))
            return journal
        return await self.beside(name)

    async def copy(self, source: Journal, drafts: Sequence[Draft], session_id: str) -> SqlJournal:
        """Begin a session as `copy_session` does, unless the one copied is deleted before the same write."""
        check_id(session_id)
        await source.load()
        journal = self._journal(session_id)
        await on_disk(partial(journal.begin, drafts, while_there=getattr(source, "no", 0)))
        return journal

    async def answer(
        self, session_id: str, keys: Sequence[str], decide: Decide, *, now: float | None = None
    ) -> list[Entry]:
        """Append as `strands.journal.excerpt.answer_in` does, in one transaction."""
        return await self._journal(session_id).answer(keys, decide, now=now)

    async def now(self) -> float:
        """Return the Unix time, in seconds, by the database's clock."""
        return await on_disk(partial(clock_of, self.database))

    async def resolve(self, prefix: str, limit: int = 2) -> list[str]:
        """Return ids as `resolve_ids` does, and look at no others."""
        statement = f"select id {HERE} and status <> ? and id >= ? and id < ? order by id limit ?"
        values = (self.namespace, WORKFLOW, DELETED, portable(prefix), portable(prefix) + _BEHIND, limit)
        return [original(row[0]) for row in await self._read(lambda each: each.execute(statement, *values))]

    async def ids(self) -> list[str]:
        statement = f"select id {HERE} and status <> ? order by id"
        rows = await self._read(lambda each: each.execute(statement, self.namespace, WORKFLOW, DELETED))
        return [original(row[0]) for row in rows]

    async def delete(self, session_id: str, *, expect: int | None = None) -> None:
        where = ""
        values: list[object] = [self.namespace, WORKFLOW, portable(session_id)]
        if expect is not None:
            where, values = " and count = ? and status = ?", [*values, expect, DELETED]

        removed = await on_disk(partial(self._remove, f"{IN_PLACE} and id = ?{where}", *values, durable=True))
        if removed is None and expect is None:
            raise faults.missing(session_id)

    async def sweep(self) -> None:
        which = f"{IN_PLACE} and status = ?"
        await on_disk(partial(self._remove, which, self.namespace, WORKFLOW, DELETED, unused=True))
