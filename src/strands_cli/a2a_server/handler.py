"""The handler of the protocol's requests, of the SDK's own, with streams that outlast the process that ran the task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from a2a.server.context import ServerCallContext
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.types import SubscribeToTaskRequest, Task, TaskArtifactUpdateEvent, TaskState, TaskStatusUpdateEvent
from a2a.utils.errors import TaskNotFoundError, UnsupportedOperationError

from strands_cli.a2a_server.tasks import OVER

LOOK_SECONDS = 0.25
"""How often a task whose stream is read again is looked at."""

_ASKING = frozenset((TaskState.TASK_STATE_INPUT_REQUIRED,))


class SessionRequestHandler(DefaultRequestHandler):
    """Answers requests; who subscribes to a task is told of it whatever drives its session."""

    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Task | TaskStatusUpdateEvent | TaskArtifactUpdateEvent, None]:
        """Yield the task, then each change, until it is over or needs an answer of the caller."""
        task = await self._task(params.id, context)
        if task.status.state in OVER:
            raise UnsupportedOperationError(message=f"task {params.id} is over")
        yield task
        while task.status.state not in OVER | _ASKING:
            await asyncio.sleep(LOOK_SECONDS)
            now = await self._task(params.id, context)
            if now.status == task.status:
                continue
            for artifact in now.artifacts[len(task.artifacts) :]:
                yield TaskArtifactUpdateEvent(task_id=now.id, context_id=now.context_id, artifact=artifact)
            yield TaskStatusUpdateEvent(task_id=now.id, context_id=now.context_id, status=now.status)
            task = now

    async def _task(self, task_id: str, context: ServerCallContext) -> Task:
        task = await self.task_store.get(task_id, context)
        if not isinstance(task, Task):
            raise TaskNotFoundError
        return task
