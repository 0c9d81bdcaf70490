"""Tasks of the protocol, kept beside the sessions that they are of: what a session has come to wins."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from a2a.server.context import ServerCallContext
from a2a.server.owner_resolver import resolve_user_scope
from a2a.server.tasks import TaskStore
from a2a.types import ListTasksRequest, ListTasksResponse, Task, TaskState
from a2a.utils.errors import InvalidParamsError

from strands._home import check_private, home, make_private
from strands_cli.a2a_server.messages import response_parts, status_of
from strands_cli.callers.service import Service, SessionReport
from strands_cli.errors import SessionNotFoundError, StorageError

_TABLE = """create table if not exists tasks (
    id text primary key, owner text not null, workflow text not null, context text not null,
    state integer not null, updated integer not null, task blob not null)"""
_PAGE = 50
_KEPT_NANOSECONDS = 30 * 24 * 3600 * 1_000_000_000
OVER = frozenset(
    (
        TaskState.TASK_STATE_COMPLETED,
        TaskState.TASK_STATE_CANCELED,
        TaskState.TASK_STATE_FAILED,
        TaskState.TASK_STATE_REJECTED,
    )
)
"""The states after which nothing comes."""
_FORGET = f"delete from tasks where updated < ? and state in ({', '.join('?' * len(OVER))})"


class SessionTasks(TaskStore):
    """Tasks whose ids are those of sessions, in an SQLite file; those that have been over for 30 days are forgotten.

    Args:
        service: The workflows.
        workflow: The name of the one that is served.
        path: The file; default: a2a.db in STRANDS_HOME.

    Raises:
        StorageError: The file cannot be opened, or is another user's.
    """

    def __init__(self, service: Service, workflow: str, path: Path | None = None) -> None:
        self._service = service
        self._workflow = workflow
        path = path or home() / "a2a.db"
        try:
            make_private(path.parent)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            check_private(path)
            self._rows = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._rows.execute("pragma journal_mode=wal")
            self._rows.execute(_TABLE)
            self._rows.execute(_FORGET, (time.time_ns() - _KEPT_NANOSECONDS, *OVER))
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"the tasks in {str(path)!r} cannot be used: {error}") from error

    async def save(self, task: Task, context: ServerCallContext) -> None:
        """Keep a task; one that is cancelled cancels its session."""
        values = (
            task.id,
            resolve_user_scope(context),
            self._workflow,
            task.context_id,
            task.status.state,
            task.status.timestamp.ToNanoseconds(),
            task.SerializeToString(),
        )
        self._rows.execute("insert or replace into tasks values (?, ?, ?, ?, ?, ?, ?)", values)
        if task.status.state == TaskState.TASK_STATE_CANCELED:
            await self._service.cancel(task.id, f"a2a:{resolve_user_scope(context) or 'unknown'}")

    async def get(self, task_id: str, context: ServerCallContext) -> Task | None:
        """Return a task as its session stands now."""
        query = "select task from tasks where id = ? and owner = ? and workflow = ?"
        row = self._rows.execute(query, (task_id, resolve_user_scope(context), self._workflow)).fetchone()
        return None if row is None else await self._as_it_stands(Task.FromString(row[0]))

    async def list(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        """Return a page of the caller's tasks, those that changed last first."""
        where = ["owner = ?", "workflow = ?"]
        values: list[str | int] = [resolve_user_scope(context), self._workflow]
        if params.context_id:
            where.append("context = ?")
            values.append(params.context_id)
        if params.HasField("status_timestamp_after"):
            where.append("updated >= ?")
            values.append(params.status_timestamp_after.ToNanoseconds())
        condition = " and ".join(where)
        start, size = _offset(params.page_token), params.page_size or _PAGE
        query = f"select task from tasks where {condition} order by updated desc, id desc"
        page: Sequence[Task]
        if params.status:  # what a session has come to is known once it is read
            tasks = [task for task in await self._listed(query, values) if task.status.state == params.status]
            total, page = len(tasks), tasks[start : start + size]
        else:
            ((total,),) = self._rows.execute(f"select count(*) from tasks where {condition}", values)
            page = await self._listed(f"{query} limit ? offset ?", [*values, size, start])
        more = str(start + size) if total > start + size else ""
        return ListTasksResponse(tasks=page, next_page_token=more, page_size=size, total_size=total)

    async def _listed(self, query: str, values: Sequence[str | int]) -> Sequence[Task]:
        rows = self._rows.execute(query, values).fetchall()
        return [await self._as_it_stands(Task.FromString(row[0])) for row in rows]

    async def delete(self, task_id: str, context: ServerCallContext) -> None:
        """Forget a task; its session stays."""
        self._rows.execute("delete from tasks where id = ? and owner = ?", (task_id, resolve_user_scope(context)))

    def unfinished(self) -> Mapping[str, tuple[str, Task]]:
        """Return the tasks that are not over, with whose they are, by their ids."""
        query = "select id, owner, task from tasks where workflow = ?"
        rows = self._rows.execute(query, (self._workflow,)).fetchall()
        found = {id_: (owner, Task.FromString(blob)) for id_, owner, blob in rows}
        return {id_: each for id_, each in found.items() if each[1].status.state not in OVER}

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    async def _as_it_stands(self, task: Task) -> Task:
        if task.status.state in OVER:
            return task
        with contextlib.suppress(SessionNotFoundError):
            return stood(self._service.url, task, await self._service.standing(task.id))
        return task


def stood(url: str, task: Task, report: SessionReport) -> Task:
    """Return a task with what its session has come to."""
    status = status_of(url, report)
    if status.state == task.status.state:
        return task
    status.timestamp.CopyFrom(task.status.timestamp)
    task.status.CopyFrom(status)
    task.status.message.context_id = task.context_id
    if not status.HasField("message"):
        task.status.ClearField("message")
    if status.state == TaskState.TASK_STATE_COMPLETED and not task.artifacts:
        task.artifacts.add(artifact_id="response", name="response", parts=response_parts(report))
    return task


def _offset(token: str) -> int:
    if not token:
        return 0
    if not (token.isascii() and token.isdigit()):
        raise InvalidParamsError(message=f"{token!r} is no page token of this server")
    return int(token)
