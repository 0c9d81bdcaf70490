"""Who looks at a database's sessions next: those that are due are handed out once, and the dead give theirs back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from strands._threads import on_disk
from strands.journal.database import Database, Row, Transaction
from strands.journal.entries import Draft
from strands.journal.errors import SessionError
from strands.journal.find import Due
from strands.journal.projection import DELETED, change_of, original, portable
from strands.journal.protocol import Conflict
from strands.journal.sql_find import SqlLists
from strands.journal.sql_queueing import OnWake, QueueingDatabase
from strands.journal.sql_upkeep import HERE, WORKFLOW

_DUE = f"select no {HERE} and wake_at is not null and wake_at <= strands_now() and driver = ''"
_BATCH = 200


class SqlWake(SqlLists):
    """What becomes of sessions that are due; a part of `SqlRepository`."""

    database: Database
    _process: str = ""

    def on_wake(self, hook: OnWake) -> None:
        """Have `hook` told of sessions that become due, in the transaction of the write that makes them due."""
        self.database = QueueingDatabase(self.database, hook)

    async def take_due(
        self, *, limit: int, ahead: float, workflows: Collection[str] | None = None, without: Collection[str] = ()
    ) -> list[Due]:
        """Hand out sessions as `strands.journal.wake.take_due` does; two that ask at once are given different ones."""
        where, values = "", [self.namespace, WORKFLOW]
        for column, word, names in (("workflow", "in", workflows), ("id", "not in", without or None)):
            if names is not None:
                where += f" and {column} {word} ({', '.join('?' * len(names))})"
                values += [portable(name) for name in sorted(names)]
        if workflows is not None and not workflows:
            return []
        choose = f"{_DUE}{where} order by wake_at limit ?"
        if not await self._read(lambda each: each.execute(choose, *values, 1)):
            return []

        def take(transaction: Transaction) -> list[Row]:
            lock = f"{transaction.row_lock} skip locked" if transaction.row_lock else ""  # others choose others
            chosen = transaction.execute(f"{choose} {lock}", *values, limit)
            if not chosen:
                return []
            marks = ", ".join("?" * len(chosen))
            moved = (
                f"update strands_sessions set wake_at = strands_now() + ? where no in ({marks}) "
                "and wake_at <= strands_now() returning id, wake_at, count"
            )
            return transaction.execute(moved, ahead, *(row[0] for row in chosen))

        taken = await on_disk(partial(self.database.write, take))
        return [Due(original(id), at - ahead, count) for id, at, count in taken]

    async def postpone(self, session_ids: Sequence[str], seconds: float) -> None:
        """Have sessions that were handed out be due in so many seconds, as `strands.journal.wake.postpone` does."""
        statement = (
            "update strands_sessions set wake_at = strands_now() + ? where namespace = ? and kind = ? "
            f"and id in ({', '.join('?' * len(session_ids))}) and wake_at is not null and wake_at > strands_now()"
        )
        values = (seconds, self.namespace, WORKFLOW, *map(portable, session_ids))
        await on_disk(partial(self.database.write, lambda each: each.execute(statement, *values)))

    async def reap(self) -> int:
        """Have the sessions of dead drivers be due now; return how many there were."""
        held = f"select no, driver, id {HERE} and driver <> ''"
        rows = await self._read(lambda each: each.execute(held, self.namespace, WORKFLOW))
        drivers = sorted({driver for _, driver, _ in rows})
        alive = await on_disk(partial(self.database.alive, drivers)) if drivers else set()
        dead, found = list[tuple[int, str]](), 0
        for no, driver, id in rows:
            if driver in alive:
                continue
            if driver.partition(".")[0] == self._process and await self._left_to_others(original(id), driver):
                found += 1
            else:
                dead.append((no, driver))
        for first in range(0, len(dead), _BATCH):
            found += await on_disk(partial(self.database.write, partial(_give_back, dead[first : first + _BATCH])))
        return found

    async def _left_to_others(self, session_id: str, driver: str) -> bool:
        """Record that a drive of this process is over, which it could not itself as the store was away when it ended.

        Others see that this process is alive, and would wait for that drive. Returns whether that was recorded.
        """
        try:
            journal = self._journal(session_id)
            entries = await journal.load()
            if change_of(entries, 0).driver == driver:
                await journal.append([Draft("queued", "", {}, time.time())], expect=len(entries), durable=True)
                return True
        except (Conflict, SessionError):  # somebody else has moved it on, or it cannot be read
            return False
        return False

    # -- workers ------------------------------------------------------------------------------------------------------

    async def put_worker(self, driver: str, said: Mapping[str, Any]) -> None:
        """Keep what a worker says of itself, in place of what it said before."""
        statement = (
            "insert into strands_workers (driver, namespace, said) values (?, ?, ?) "
            "on conflict (driver) do update set said = excluded.said"
        )
        values = (driver, self.namespace, json.dumps(said))
        await on_disk(partial(self.database.write, lambda each: each.execute(statement, *values)))

    async def remove_workers(self, drivers: Sequence[str]) -> None:
        """Forget what these workers said."""

        def work(transaction: Transaction) -> None:
            for driver in drivers:
                transaction.execute("delete from strands_workers where driver = ?", driver)

        await on_disk(partial(self.database.write, work))

    async def workers(self) -> dict[str, Mapping[str, Any]]:
        """Return what workers say of themselves, by their driver ids; those that have died are among them."""
        statement = "select driver, said from strands_workers where namespace = ? order by driver"
        rows = await self._read(lambda each: each.execute(statement, self.namespace))
        return {driver: json.loads(said) for driver, said in rows}

    async def enter(self) -> str:
        """Be a driver of this store: returns an id that is alive until `leave`, or the end of this process."""
        driver = await on_disk(self.database.enter)
        self._process = driver.partition(".")[0]
        return driver

    async def leave(self, driver: str) -> None:
        """Be that driver no longer."""
        await on_disk(partial(self.database.leave, driver))

    async def alive(self, drivers: Sequence[str]) -> set[str]:
        """Return those of these drivers that are alive."""
        return await on_disk(partial(self.database.alive, drivers)) if drivers else set()

    def vouched_by(self, check: Callable[[], bool]) -> None:
        """Let this process's leases lapse while `check` returns False: it says whether the process gets on."""
        self.database.vouched_by(check)


def _give_back(dead: Sequence[tuple[int, str]], transaction: Transaction) -> int:
    found = 0
    for no, driver in dead:
        statement = (
            "update strands_sessions set driver = '', wake_at = created_at "  # before what has only just become due
            "where no = ? and driver = ? and status <> ? returning no"
        )
        found += len(transaction.execute(statement, no, driver, DELETED))
    return found
