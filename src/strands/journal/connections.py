"""A few connections that the threads of a process take turns with, each made by who needs it.

Nothing happens in the background: who finds the server gone is told at once, and tries again as it sees fit.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection


class Connections:
    """At most `size` connections.

    Args:
        connect: Makes one.
        size: How many there are at once, at most.
    """

    def __init__(self, connect: Callable[[], Connection[Any]], size: int) -> None:
        self._connect = connect
        self._slots = threading.BoundedSemaphore(size)
        self._guard = threading.Lock()
        self._idle: list[Connection[Any]] = []
        self._closed = False

    @contextmanager
    def taken(self) -> Iterator[Connection[Any]]:
        """Have a connection while the block runs, after those who came before.

        Raises:
            psycopg.OperationalError: None can be made.
        """
        with self._slots:
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                connection = self._connect()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def _give_back(self, connection: Connection[Any]) -> None:
        from psycopg.pq import TransactionStatus

        sound = connection.info.transaction_status is TransactionStatus.IDLE
        with self._guard:
            if sound and not self._closed:
                self._idle.append(connection)
                return
        _close(connection)
        if not sound:  # those that have waited longer are no better
            self._drop_idle()

    def _drop_idle(self) -> None:
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            _close(connection)

    def __del__(self) -> None:
        if getattr(self, "_idle", None):
            self._drop_idle()

    def close(self) -> None:
        """Close those that nobody has, and each other when it is given back."""
        self._closed = True
        self._drop_idle()


def _close(connection: Connection[Any]) -> None:
    with contextlib.suppress(Exception):
        connection.close()
