"""What Temporal runs in a worker's process: a workflow of one activity, and the activity, which is one drive.

It carries ids and no content: neither what a session holds nor what an error says of it reaches the server.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import Worker

from strands_cli.worker.engine import Wake

if TYPE_CHECKING:
    from strands_cli.worker.engine import Drive

NAME = "strands"
"""What its workflow and its activity are called."""

_AGAIN = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60))
_LONG = timedelta(days=365)
_log = logging.getLogger(__name__)


class DriveWorkflow:
    """The workflow of a wake."""

    async def run(self, namespace: str, session_id: str, token: str, heartbeat: float) -> str:
        """Drive, on whichever worker, until that comes to something."""
        outcome: str = await workflow.execute_activity(
            NAME,
            args=[namespace, session_id, token],
            result_type=str,
            start_to_close_timeout=_LONG,
            heartbeat_timeout=timedelta(seconds=heartbeat),
            retry_policy=_AGAIN,
        )
        return outcome


workflow.run(DriveWorkflow.run)
workflow.defn(name=NAME, sandboxed=False)(DriveWorkflow)


async def work(
    client: Client, drive: Drive, *, task_queue: str, heartbeat: float, unfit: float, slots: int, alive_as: str
) -> None:
    """Work a task queue off until this is cancelled; see `TemporalEngine.work`."""
    drives = _Drives(drive, heartbeat / 3, unfit)
    worker = Worker(
        client,
        task_queue=task_queue,
        workflows=[DriveWorkflow],
        activities=[drives.run],
        identity=alive_as,
        max_concurrent_activities=slots,
        max_cached_workflows=100,
        graceful_shutdown_timeout=_LONG,
    )
    running = asyncio.create_task(worker.run())
    try:
        await asyncio.shield(running)
    finally:
        drives.closing = True
        closing = asyncio.create_task(worker.shutdown())
        while not closing.done():
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                drives.end()
        await asyncio.wait([running])


class _Drives:
    """The activity of a worker, on the worker's own event loop.

    Attributes:
        closing: The worker takes nothing more: what it is not fit for may go to another at once.
    """

    def __init__(self, drive: Drive, beat: float, unfit: float) -> None:
        self._drive = drive
        self._beat = beat
        self._unfit = unfit
        self._tasks: set[asyncio.Future[Any]] = set()
        self.closing: bool = False

    def end(self) -> None:
        """End the drives that are at work; another worker has them."""
        for each in self._tasks:
            each.cancel()

    async def run(self, namespace: str, session_id: str, token: str) -> str:
        task = asyncio.ensure_future(self._drive(Wake(namespace, session_id, token)))
        self._tasks.add(task)
        try:
            await self._ended(task)
            outcome = task.result()
        except asyncio.CancelledError:
            raise self._again("the worker stopped") from None
        except Exception as error:
            _log.warning("session %s is delivered again: %s: %s", session_id, type(error).__name__, error)
            raise self._again(type(error).__name__) from None
        finally:
            self._tasks.discard(task)
        if outcome == "unfit":
            delay = 0.05 if self.closing else min(2.0 ** min(activity.info().attempt - 1, 30), self._unfit)
            raise self._again("unfit", timedelta(seconds=delay))
        return outcome

    async def _ended(self, task: asyncio.Future[Any]) -> None:
        """Wait for a drive: the journal says when it is over, not the server that has taken it away."""
        wanted = True
        while not task.done():
            try:
                await asyncio.wait([task], timeout=self._beat)
                if wanted:
                    activity.heartbeat()
            except asyncio.CancelledError:
                wanted = False

    def _again(self, why: str, delay: timedelta | None = None) -> Exception:
        category = ApplicationErrorCategory.BENIGN
        error: Exception = ApplicationError(why, category=category, next_retry_delay=delay)
        return error


activity.defn(name=NAME)(_Drives.run)
