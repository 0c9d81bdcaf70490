"""Runs a workflow for the messages of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a2a.helpers import new_task_from_user_message
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.tasks import TaskUpdater
from a2a.types import Message, Role, TaskState
from a2a.utils.errors import UnsupportedOperationError

from strands_cli.a2a_server.messages import answers_of, response_parts, status_of, variables_of
from strands_cli.a2a_server.tasks import OVER
from strands_cli.errors import InputError, StrandsError
from strands_cli.kernel.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from strands_cli.api.workflow import Workflow
    from strands_cli.callers.following import Following
    from strands_cli.callers.service import Service, SessionReport
    from strands_cli.kernel.events import Event

_TOLD = ("step_start", "step_complete", "tool_start")


def caller_named(name: str) -> Principal:
    """Return who is on record for what a calling agent brings: an agent, for whom its token was made."""
    known = name or "unknown"
    return Principal(f"a2a:{known}", known, via="a2a", on_behalf=name, kind="agent")


class WorkflowExecutor(AgentExecutor):
    """Runs one workflow: the first message of a task begins its session, those that follow bring answers.

    Args:
        service: The workflows.
        workflow: The one that is run.
        following: Goes on with sessions once people have answered.
    """

    def __init__(self, service: Service, workflow: Workflow, following: Following) -> None:
        self._service = service
        self._workflow = workflow
        self._following = following

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Run until the workflow rests, and say how it stands."""
        assert context.message is not None
        task = context.current_task or new_task_from_user_message(context.message)
        updater = TaskUpdater(event_queue, task.id, task.context_id)  # a message may name its task alone
        caller = caller_named(context.call_context.user.user_name)
        if context.current_task is None:
            await event_queue.enqueue_event(task)
            await self._begin(context.message, updater, caller)
        elif task.status.state in OVER:
            raise UnsupportedOperationError(message=f"task {task.id} is over")
        else:
            await self._go_on(context.message, updater, caller)

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Say that the task is cancelled; its session is ended where that is kept."""
        assert context.task_id is not None
        await TaskUpdater(event_queue, context.task_id, context.context_id or "").cancel()

    async def _begin(self, message: Message, updater: TaskUpdater, caller: Principal) -> None:
        try:
            variables = variables_of(self._workflow, message)
            await updater.start_work()
            report = await self._service.start(
                self._workflow, variables, caller, session_id=updater.task_id, listener=_teller(updater)
            )
        except InputError as error:
            return await updater.reject(_said(updater, error.message))
        except StrandsError as error:
            return await updater.failed(_said(updater, str(error)))
        return await self._tell(updater, report)

    async def _go_on(self, message: Message, updater: TaskUpdater, caller: Principal) -> None:
        id_, notes = updater.task_id, []
        try:
            report = await self._service.standing(id_)
            if report.status == "paused":
                shown = {each.id: each.shown for each in report.questions}
                taken = await self._service.answer(
                    self._workflow, id_, answers_of(message, report.questions), shown, caller
                )
                notes = [f"{key}: {problem}" for key, problem in {**taken.refused, **taken.late}.items()]
                notes += [f"{key}: what is asked has changed since" for key in taken.changed]
            await updater.start_work()
            report = await self._service.go_on(self._workflow, id_, listener=_teller(updater))
        except InputError as error:
            notes = [error.message]
        except StrandsError as error:
            return await updater.failed(_said(updater, str(error)))
        return await self._tell(updater, report, notes)

    async def _tell(self, updater: TaskUpdater, report: SessionReport, notes: Sequence[str] = ()) -> None:
        """Publish how a session stands."""
        status = status_of(self._service.url, report, notes)
        if status.state == TaskState.TASK_STATE_COMPLETED:
            await updater.add_artifact(response_parts(report), artifact_id="response", name="response")
        message = status.message if status.HasField("message") else None
        if message is not None:
            message.context_id = updater.context_id
        await updater.update_status(status.state, message)
        if report.status == "paused":
            self._following.follow(self._workflow, report.session)


def _teller(updater: TaskUpdater) -> Callable[[Event], Awaitable[None] | None]:
    """Return a listener that tells who streams of each step."""

    def tell(event: Event) -> Awaitable[None] | None:
        if event.type not in _TOLD:
            return None
        told: dict[str, Any] = {"event": event.type, "step": event.step_id}
        return updater.update_status(TaskState.TASK_STATE_WORKING, metadata=told)

    return tell


def _said(updater: TaskUpdater, text: str) -> Message:
    from a2a.types import Part

    return Message(
        role=Role.ROLE_AGENT,
        message_id=f"{updater.task_id}-end",
        task_id=updater.task_id,
        context_id=updater.context_id,
        parts=[Part(text=text)],
    )
