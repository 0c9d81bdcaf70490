"""Sessions that become due are queued by an engine's own tables, in the transaction that makes them due."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from strands.journal.database import Database, DatabaseLayer, Transaction, TransactionLayer
from strands.journal.projection import original

OnWake = Callable[[Transaction, str, str, str], bool]
"""Told in the transaction of a write of the namespace and the id of a session that becomes due by it, and how many
entries it has by then, as text; returns whether it has queued it. If not, it is handed out as others are."""

_AHEAD_SECONDS = 30.0
"""After so many seconds a session that was queued, and that nobody has begun to drive, is handed out all the same."""


class QueueingDatabase(DatabaseLayer):
    """A database that tells of sessions that become due; see `Database`.

    Args:
        database: Where they are.
        on_wake: Is told.
    """

    joins_statements: ClassVar[bool] = False

    def __init__(self, database: Database, on_wake: OnWake) -> None:
        super().__init__(database)
        self._on_wake = on_wake

    def _within(self, transaction: Transaction) -> Transaction:
        telling = TransactionLayer(transaction)
        telling.on_wake = self._on_wake
        return telling


def queue(transaction: Transaction, no: int) -> None:
    """Tell whoever listens that the session of row `no` is due; what somebody drives is its driver's to look at."""
    on_wake = transaction.on_wake
    if on_wake is None:
        return
    statement = "select namespace, id, count from strands_sessions where no = ? and kind = 'workflow' and driver = ''"
    for namespace, id, count in transaction.execute(statement, no):
        if on_wake(transaction, namespace, original(id), str(count)):
            later = "update strands_sessions set wake_at = strands_now() + ? where no = ?"
            transaction.execute(later, _AHEAD_SECONDS, no)
