"""Deliveries: what has to be told to somebody, when it is tried, and what became of it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from typing import NamedTuple

from strands_cli.errors import InputError
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.notes import DeliveryError, Receipt

TABLES = [
    "create table if not exists outbox_cursors (session text primary key, begun_at real not null, "
    "entries int not null)",
    "create table if not exists outbox_times (name text primary key, at real not null)",
    "create table if not exists deliveries (target text not null, id text not null, session text not null, "
    "seq int not null, key text not null, event text not null, receipt text not null default '', state text not null, "
    "attempts int not null default 0, next_at real, created_at real not null, done_at real, status int, "
    "problem text not null default '', primary key (target, id))",
    "create index if not exists deliveries_due on deliveries (next_at) where next_at is not null",
    "create index if not exists deliveries_question on deliveries (session, key)",
    "create table if not exists receipts (target text not null, id text not null, session text not null, "
    "key text not null, data text not null, sent_at real not null, closed_at real, primary key (target, id))",
    "create index if not exists receipts_open on receipts (session) where closed_at is null",
]
SCHEDULE: tuple[float, ...] = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds after which what could not be delivered is tried again, each give or take a tenth; then it has failed."""

LEASE_SECONDS = 60.0
"""After so many seconds what somebody was about to deliver is delivered by somebody else."""

_DAY = 86_400.0
_KEPT_SECONDS = 30 * _DAY
_COLUMNS = (
    "target, id, session, seq, key, event, receipt, state, attempts, next_at, created_at, done_at, status, problem"
)


class Delivery(NamedTuple):
    """Something that has to be told to somebody, or was.

    Attributes:
        target: Who: `webhook:ID`, `slack:#cfo`.
        id: The id of the message.
        session: The session.
        seq: The number of the entry.
        key: The question; "" for none.
        event: What has happened.
        receipt: The message that is to be closed by it; "" where it tells something.
        state: due, done, failed, skipped as it was too late to answer, or gone with its session.
        attempts: How often it was tried.
        next_at: When it is tried next, Unix time in seconds; None for never.
        created_at: Unix time in seconds.
        done_at: Unix time in seconds, or None.
        status: The status of the last reply, or None.
        problem: Why it is not delivered yet; "" where nothing is known against it.
    """

    target: str
    id: str
    session: str
    seq: int
    key: str
    event: str
    receipt: str
    state: str
    attempts: int
    next_at: float | None
    created_at: float
    done_at: float | None
    status: int | None
    problem: str

    @property
    def channel(self) -> str:
        """The name of the channel."""
        return self.target.partition(":")[0]

    @property
    def to(self) -> str:
        """Whom, as the channel calls them."""
        return self.target.partition(":")[2]

    def to_dict(self) -> dict[str, object]:
        """Return it as plain JSON values."""
        return self._asdict()


class DeliveryLog:
    """The deliveries of a store's outbox.

    Args:
        data: Where they are kept.
    """

    def __init__(self, data: ServerData) -> None:
        self._data = data
        data.ensure(TABLES)

    def add(self, target: str, id: str, session: str, seq: int, key: str, event: str, receipt: str = "") -> None:
        """Have something delivered, unless that is known already.

        Args:
            target: To whom.
            id: The id of the message.
            session: The session.
            seq: The number of the entry.
            key: The question; "" for none.
            event: What has happened.
            receipt: The message that is to be closed by it; "" where it tells something.
        """
        now = time.time()
        self._data.execute(
            f"insert or ignore into deliveries ({_COLUMNS}) values (?,?,?,?,?,?,?,'due',0,?,?,null,null,'')",
            *(target, id, session, seq, key, event, receipt, now, now),
        )

    def due(self, names: Sequence[str], limit: int) -> list[Delivery]:
        """Return what is due of the channels with these names, the longest due first."""
        marks = " or ".join(["target like ? escape '\\'"] * len(names)) or "0"
        likes = [name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + ":%" for name in names]
        statement = f"select {_COLUMNS} from deliveries where next_at <= ? and ({marks}) order by next_at, seq limit ?"
        return [Delivery(*row) for row in self._data.execute(statement, time.time(), *likes, limit)]

    def claim(self, delivery: Delivery) -> bool:
        """Whether it is this process that delivers it now."""
        statement = "update deliveries set next_at = ? where target = ? and id = ? and next_at = ? returning id"
        until = time.time() + LEASE_SECONDS
        return bool(self._data.execute(statement, until, delivery.target, delivery.id, delivery.next_at))

    def end(self, delivery: Delivery, state: str) -> None:
        """Keep what became of it."""
        self._data.execute(
            "update deliveries set state = ?, next_at = null, done_at = ?, attempts = attempts + 1, "
            "problem = '' where target = ? and id = ?",
            *(state, time.time(), delivery.target, delivery.id),
        )

    def fail(self, delivery: Delivery, error: DeliveryError) -> None:
        """Keep why it could not be delivered, and when it is tried again."""
        next_at: float | None = None
        if not error.is_final and delivery.attempts < len(SCHEDULE):
            wait = SCHEDULE[delivery.attempts] * random.uniform(0.9, 1.1)
            next_at = time.time() + max(wait, min(error.retry_after or 0.0, _DAY))
        self._data.execute(
            "update deliveries set state = ?, next_at = ?, attempts = attempts + 1, status = ?, problem = ? "
            "where target = ? and id = ?",
            *("failed" if next_at is None else "due", next_at, error.status, error.message[:500]),
            *(delivery.target, delivery.id),
        )

    def keep_receipt(self, delivery: Delivery, receipt: Receipt) -> None:
        """Keep what is needed to change later what was sent."""
        self._data.execute(
            "insert or replace into receipts values (?, ?, ?, ?, ?, ?, null)",
            *(delivery.target, delivery.id, delivery.session, delivery.key, json.dumps(receipt.data), time.time()),
        )

    def receipts(self, session_id: str, key: str) -> list[tuple[str, str, str]]:
        """Return target, id and question of the messages that can still be answered: of a question, or of all."""
        where, values = (" and key = ?", [key]) if key else ("", [])
        statement = f"select target, id, key from receipts where session = ? and closed_at is null{where}"
        return [(target, id, of) for target, id, of in self._data.execute(statement, session_id, *values)]

    def receipt(self, target: str, id: str) -> Receipt | None:
        """Return what is needed to change a message; None where it is not known."""
        rows = self._data.execute("select data from receipts where target = ? and id = ?", target, id)
        return Receipt(json.loads(rows[0][0])) if rows else None

    def close_receipt(self, target: str, id: str) -> None:
        """Keep in mind that a message cannot be answered any more."""
        statement = "update receipts set closed_at = ? where target = ? and id = ?"
        self._data.execute(statement, time.time(), target, id)

    # -- looking at it --------------------------------------------------------------------------------------------

    def newest(self, target: str = "", *, limit: int = 100) -> list[Delivery]:
        """Return deliveries, the newest first: those of a target, or of all."""
        where, values = (" where target = ?", [target]) if target else ("", [])
        statement = f"select {_COLUMNS} from deliveries{where} order by created_at desc, seq desc limit ?"
        return [Delivery(*row) for row in self._data.execute(statement, *values, limit)]

    def failing(self, *, limit: int = 100) -> list[Delivery]:
        """Return what could not be delivered so far, of all channels, the newest first."""
        statement = f"select {_COLUMNS} from deliveries where problem <> '' order by created_at desc, seq desc limit ?"
        return [Delivery(*row) for row in self._data.execute(statement, limit)]

    def find(self, target: str, id: str) -> Delivery | None:
        """Return a delivery; None where there is none."""
        statement = f"select {_COLUMNS} from deliveries where target = ? and id = ?"
        rows = self._data.execute(statement, target, id)
        return Delivery(*rows[0]) if rows else None

    def problems(self, session_id: str, key: str) -> list[Delivery]:
        """Return what could not be delivered of a question so far."""
        statement = f"select {_COLUMNS} from deliveries where session = ? and key = ? and problem <> '' order by seq"
        return [Delivery(*row) for row in self._data.execute(statement, session_id, key)]

    def redeliver(self, target: str, id: str) -> None:
        """Deliver something once more, now, whether it was delivered or not; its schedule begins anew.

        Raises:
            InputError: There is no such delivery.
        """
        statement = (
            "update deliveries set state = 'due', next_at = ?, attempts = 0, done_at = null "
            "where target = ? and id = ? returning id"
        )
        if not self._data.execute(statement, time.time(), target, id):
            raise InputError(
                f"there is no delivery {id!r} to {target!r}", hint="List them: strands webhooks deliveries."
            )

    def next_at(self) -> float | None:
        """Return when something is due next, Unix time in seconds; None for never."""
        at = self._data.execute("select min(next_at) from deliveries")[0][0]
        return None if at is None else float(at)

    def prune(self) -> None:
        """Forget what is over and old."""
        self._data.execute(
            "delete from deliveries where next_at is null and created_at < ?", time.time() - _KEPT_SECONDS
        )
        self._data.execute("delete from receipts where closed_at < ?", time.time() - _KEPT_SECONDS)
