"""What looks after sessions while a server runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.sweeper import Sweeper

logger: logging.Logger = logging.getLogger(__name__)


class Driving:
    """Records what is due of the sessions of an inbox, and drives them, while it is entered; it drains when it is left.

    Args:
        inbox: The inbox; its workflows are those that can be driven.
        slots: How many sessions at a time; 0 for none.
        grace: Seconds that steps at work may go on when it drains.
    """

    def __init__(self, inbox: Inbox, *, slots: int, grace: float) -> None:
        self.is_draining: bool = False
        self.problem: str = ""
        self._inbox = inbox
        self._slots = slots
        self._grace = grace
        self._sweeper: Sweeper | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Driving:
        how: dict[str, Any] = {"drive": self._slots, "grace": self._grace, "tell": _tell}
        inbox = self._inbox
        self._sweeper = Sweeper(inbox.store, inbox.apps, only_rehearsals=inbox.only_rehearsals, **how)
        self._task = asyncio.ensure_future(self._sweeper.run())
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.drain()
        if self._task is not None:
            with contextlib.suppress(Exception):
                await self._task

    def drain(self) -> None:
        """Take nothing more; what is at work goes on to its next rest, or is given back before its next step."""
        self.is_draining = True
        if self._sweeper is not None:
            self._sweeper.drain()

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.problem = "sessions are not driven any more"
            logger.error("sessions are not driven any more: %s", error, exc_info=error)


def _tell(event: str, session_id: str = "", /, **more: Any) -> None:
    logger.info("%s %s %s", event, session_id, more)
