"""`Following`: goes on with sessions whose callers have been told that they wait, once people have answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from strands_cli.callers.service import Service, SessionReport
from strands_cli.errors import StrandsError

if TYPE_CHECKING:
    from typing_extensions import Self

    from strands_cli.api.workflow import Workflow

logger: logging.Logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often a session that waits is looked at."""


class Following:
    """Goes on with sessions for as long as this process lives; what it leaves, `strands resume` and servers take up.

    Args:
        service: The workflows.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def follow(self, workflow: Workflow, session_id: str) -> None:
        """Begin to look after a session that waits."""
        if session_id in self._tasks:
            return
        task = asyncio.get_running_loop().create_task(self._follow(workflow, session_id))
        self._tasks[session_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(session_id, None))

    async def _follow(self, workflow: Workflow, session_id: str) -> None:
        try:
            session = await self._service.session(workflow, session_id)
            while not session.is_over:
                if session.status == "answered":
                    report: SessionReport = await self._service.go_on(workflow, session_id)
                    if report.status != "paused":
                        return
                await asyncio.sleep(LOOK_SECONDS)
                await session.refresh_async()
        except StrandsError as error:
            logger.warning("the session %r is not gone on with here: %s", session_id, error)
