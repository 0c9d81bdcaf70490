"""A journal in a database, for event loops: what waits for the database does it in a worker thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from strands._threads import on_disk
from strands.journal.database import Database, Transaction, clock_of
from strands.journal.entries import Draft, Encoded, Entry
from strands.journal.excerpt import Decide, Excerpt
from strands.journal.heads import DECISIONS, REDACTED, JournalHead, after
from strands.journal.protocol import Conflict
from strands.journal.sql_answer import standing
from strands.journal.sql_log import Place, SqlLog

if TYPE_CHECKING:
    from strands.journal.sql_heads import Written


class SqlJournal(SqlLog):
    """The journal of one session in a database; see `Journal`."""

    keeps_entries: ClassVar[bool] = True
    syncs_with_append: ClassVar[bool] = True
    """A durable append is one wait, not two."""

    def __init__(self, database: Database, place: Place, no: int = 0, *, counts: Counts) -> None:
        super().__init__(database, place, no)
        self._counts = counts
        self._written: Written | None = None

    async def load(self) -> list[Entry]:
        await on_disk(self.news)
        return list(self._known)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        return await on_disk(partial(self.write, drafts, expect=expect, durable=durable))

    async def rewrite(
        self, change: Callable[[Entry], Mapping[str, Any]], drafts: Sequence[Draft], *, expect: int
    ) -> list[Entry]:
        """Append as `append` does, and let the entries that are there say something else: both at once, and durably.

        Args:
            change: Returns what an entry says from now on.
            drafts: What to append; one of kind `redacted` tells readers that they have to read anew.
            expect: How many entries there are.
        """
        make = self._changed(change, drafts, expect)
        if not await on_disk(partial(self.replace, make, keep_opening=True)):
            await on_disk(self.news)
            raise Conflict(self._known[expect:])
        return self._known[expect:]

    async def answer(self, keys: Sequence[str], decide: Decide, *, now: float | None = None) -> list[Entry]:
        """Append as `strands.journal.excerpt.answer` does, in one transaction that reads no more than an excerpt."""
        self._check_writable()
        return await on_disk(partial(self.write_answer, keys, decide, now))

    async def excerpt(self, keys: Sequence[str] | None = None, *, now: float | None = None) -> Excerpt:
        """Return what `strands.journal.excerpt.excerpt` does."""
        self._check_there()

        def read(transaction: Transaction) -> Excerpt:
            return standing(transaction, self.place, self.no, keys, now).excerpt

        return await on_disk(partial(self._database.read, read))

    async def now(self) -> float:
        """Return the Unix time, in seconds, by the database's clock."""
        return await on_disk(partial(clock_of, self._database))

    async def sync(self) -> None:
        await on_disk(self._database.sync)

    async def tail(self, after: int) -> list[Entry]:
        self._check_there()
        if await self._counts.of(self.no) != (self.count, self._sum):
            await on_disk(self.news)
        return self._known[after:]

    def lease(self) -> AbstractAsyncContextManager[str]:
        return _lease(self._database)

    async def alive(self, driver: str) -> bool:
        return bool(await on_disk(partial(self._database.alive, [driver])))

    def _decided(self, drafts: Sequence[Draft | Encoded]) -> str:
        decided = after(draft.kind for draft in drafts)
        return decided if decided in DECISIONS or (decided and self._has_asked()) else ""

    def _has_asked(self) -> bool:
        return any(entry.kind == "asked" for entry in self._known)

    def _anchor(self, transaction: Transaction, after: str, entries: int, last_sum: str) -> None:
        from strands.journal import sql_heads

        if self.place.kind == sql_heads.HAVE_HEADS and (after != REDACTED or self._has_asked()):
            head = JournalHead(self._id, after, self._opening, entries, last_sum, time.time())
            self._written = sql_heads.append(transaction, self.place.namespace, [head])

    def _anchored(self, written: Written | None = None) -> None:
        told, self._written = written or self._written, None
        if told is not None:
            from strands.journal.sql_heads import SqlHeads

            SqlHeads(self._database, self.place.namespace).tell(told)


@asynccontextmanager
async def _lease(database: Database) -> AsyncIterator[str]:
    driver = await on_disk(database.enter)
    try:
        yield driver
    finally:
        await asyncio.shield(on_disk(partial(database.leave, driver)))


class Counts:
    """Where the journals of a process are: many that ask at once are told by one query."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._open: _Batch | None = None

    async def of(self, no: int) -> tuple[int, str] | None:
        """Return how many entries a session has and the sum of the last; None where it is gone."""
        loop = asyncio.get_running_loop()
        with self._guard:
            batch = self._open
            if batch is None or batch.loop is not loop:
                batch = self._open = _Batch(loop)
                batch.answer = asyncio.ensure_future(self._asked(batch))
                batch.answer.add_done_callback(lambda done: done.cancelled() or done.exception())
            batch.wanted.add(no)
        return (await asyncio.shield(batch.answer)).get(no)

    async def _asked(self, batch: _Batch) -> dict[int, tuple[int, str]]:
        """Ask in a task of its own: those that look in the same round of the event loop have joined by then."""
        return await on_disk(partial(self._ask, batch))

    def _ask(self, batch: _Batch) -> dict[int, tuple[int, str]]:
        with self._guard:
            if self._open is batch:
                self._open = None
            wanted = sorted(batch.wanted)
        marks = ", ".join("?" * len(wanted))
        statement = f"select no, count, last_sum from strands_sessions where no in ({marks})"
        return {
            no: (count, sum_) for no, count, sum_ in self._database.read(lambda each: each.execute(statement, *wanted))
        }


class _Batch:
    """Sessions that are asked about together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.wanted: set[int] = set()
        self.answer: asyncio.Future[dict[int, tuple[int, str]]]
