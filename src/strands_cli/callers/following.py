"""`Following`: goes on with sessions whose callers have been told that they wait, once people have answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.callers.service import Service, SessionReport
from strands_cli.errors import StrandsError

if TYPE_CHECKING:
    from typing_extensions import Self

    from strands_cli.api.workflow import Workflow
    from strands_cli.kernel.principal import Principal
    from strands_cli.types import Json

logger: logging.Logger = logging.getLogger(__name__)

LOOK_SECONDS, SELDOM_SECONDS = 0.5, 5.0
"""How often a session that waits is looked at: at first, and when it has waited for long."""


class Following:
    """Goes on with sessions for as long as this process lives; what it leaves, `strands resume` and servers take up.

    Args:
        service: The workflows.
        takes_over: Whether sessions that a process left in the middle are gone on with as well.
    """

    def __init__(self, service: Service, *, takes_over: bool = False) -> None:
        self._service = service
        self._due = ("answered", "interrupted") if takes_over else ("answered",)
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
        if session_id not in self._tasks:
            self._begin(session_id, self._follow(workflow, session_id))

    def start(self, workflow: Workflow, session_id: str, variables: Mapping[str, Json], caller: Principal) -> None:
        """Begin a session that was asked for and never begun, and look after it."""

        async def begin() -> None:
            try:
                await self._service.start(workflow, variables, caller, session_id=session_id)
            except StrandsError as error:
                logger.warning("the session %r is not begun: %s", session_id, error)
                return
            await self._follow(workflow, session_id)

        self._begin(session_id, begin())

    def _begin(self, session_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[session_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(session_id, None))

    async def _follow(self, workflow: Workflow, session_id: str) -> None:
        wait = LOOK_SECONDS
        try:
            session = await self._service.session(workflow, session_id)
            while not session.is_over:
                if session.status in self._due:
                    report: SessionReport = await self._service.go_on(workflow, session_id)
                    if report.status != "paused":
                        return
                await asyncio.sleep(wait)
                wait = min(wait * 1.1, SELDOM_SECONDS)
                await session.refresh_async()
        except StrandsError as error:
            logger.warning("the session %r is not gone on with here: %s", session_id, error)
