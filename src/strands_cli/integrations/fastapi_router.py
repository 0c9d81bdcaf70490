"""A FastAPI router for one workflow, under the names of strands-cli 0.3. Needs the extra `server`.

It asks nobody who they are: whoever reaches it may run, read and answer. Where people answer whose rights matter, mount
the router of `strands_cli.web` instead.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from strands_cli.api.session import Session
from strands_cli.api.session_manager import SessionManager
from strands_cli.errors import (
    AnswerError,
    InputError,
    ProviderNotReadyError,
    SessionError,
    SessionNotFoundError,
    StrandsError,
)
from strands_cli.types import Json, RunResult

if TYPE_CHECKING:
    from fastapi import APIRouter

    from strands_cli.api.workflow import Workflow

MOST = 1000
"""How many sessions one page may have."""


class ExecuteRequest(BaseModel):
    """What a run gets."""

    variables: dict[str, Any] = Field(default_factory=dict, description="Values for the workflow's variables.")


class ResumeRequest(BaseModel):
    """The answer that a session waits for."""

    hitl_response: Json = Field(default=None, description="The answer to the only open question.")


class ExecuteResponse(BaseModel):
    """What a run came to, so far."""

    session_id: str
    status: str = Field(description="completed, paused, failed or cancelled")
    last_response: str | None = None
    error: str | None = None
    duration_seconds: float | None = None


class SessionInfo(BaseModel):
    """How a session stands."""

    session_id: str
    workflow_name: str
    status: str
    created_at: str
    updated_at: str
    variables: dict[str, Any] = Field(default_factory=dict)
    last_response: str | None = None


def create_workflow_router(
    workflow: Workflow, prefix: str = "/workflow", storage_dir: str | PathLike[str] | None = None
) -> APIRouter:
    """Return a router that runs a workflow, and shows, resumes and deletes its sessions.

    Args:
        workflow: What it runs.
        prefix: What its paths begin with.
        storage_dir: Where sessions are kept; default: as the workflow says.

    Raises:
        ProviderNotReadyError: FastAPI is not installed.
    """
    try:
        from fastapi import APIRouter, HTTPException, Query
    except ImportError as error:
        raise ProviderNotReadyError(
            "the router needs FastAPI, which is not installed", hint="Install it: pip install 'strands-cli[server]'"
        ) from error

    router = APIRouter(prefix=prefix, tags=["workflow"])
    runs = workflow if storage_dir is None else _kept_in(workflow, storage_dir)
    sessions = SessionManager(repository=runs.options.store())

    def refusal(error: StrandsError) -> HTTPException:
        status = next((code for kind, code in _CODES if isinstance(error, kind)), 500)
        return HTTPException(status, detail=str(error))

    async def found(session_id: str) -> Session:
        try:
            return await sessions.get_session_async(session_id)
        except StrandsError as error:
            raise refusal(error) from None

    @router.post("/execute", response_model=ExecuteResponse)
    async def execute_workflow(request: ExecuteRequest) -> ExecuteResponse:
        """Run the workflow, to its end or to its first question."""
        try:
            return _response(await runs.run_async(variables=request.variables))
        except StrandsError as error:
            raise refusal(error) from None

    @router.get("/sessions", response_model=list[SessionInfo])
    async def list_sessions(
        offset: int = Query(0, ge=0),
        limit: int = Query(100, ge=1, le=MOST),
        status: str | None = Query(None),
        workflow_name: str | None = Query(None),
    ) -> list[SessionInfo]:
        """List sessions, the newest first."""
        listed = await sessions.list(offset=offset, limit=limit, status=status, workflow_name=workflow_name)
        return [_info(each) for each in listed]

    @router.get("/sessions/{session_id}", response_model=SessionInfo)
    async def get_session(session_id: str) -> SessionInfo:
        """Show a session."""
        return _info(await found(session_id))

    @router.post("/sessions/{session_id}/resume", response_model=ExecuteResponse)
    async def resume_session(session_id: str, request: ResumeRequest) -> ExecuteResponse:
        """Answer the only open question of a session, and go on with it."""
        session = await found(session_id)
        try:
            return _response(await runs.resume_async(session.id, request.hitl_response))
        except StrandsError as error:
            raise refusal(error) from None

    @router.delete("/sessions/{session_id}", status_code=204)
    async def delete_session(session_id: str) -> None:
        """Delete a session."""
        session = await found(session_id)
        try:
            await session.delete_async()
        except StrandsError as error:
            raise refusal(error) from None

    return router


def _kept_in(workflow: Workflow, storage_dir: str | PathLike[str]) -> Workflow:
    """Return the same workflow with its sessions in another directory."""
    same = {name: getattr(workflow.options, name) for name in _KEPT}
    return type(workflow)(workflow.spec, store=storage_dir, variables=workflow.variables, **same)


_KEPT = ("hooks", "tools", "model", "output_dir", "overwrite", "offline", "real_tools")

_CODES: tuple[tuple[type[StrandsError], int], ...] = (
    (SessionNotFoundError, 404),
    (InputError, 422),
    (AnswerError, 409),
    (SessionError, 409),
)


def _response(result: RunResult) -> ExecuteResponse:
    return ExecuteResponse(
        session_id=result.session_id,
        status=result.status,
        last_response=result.last_response,
        error=result.error_message,
        duration_seconds=result.duration_seconds,
    )


def _info(session: Session) -> SessionInfo:
    told = session.metadata
    return SessionInfo(
        session_id=told.session_id,
        workflow_name=told.workflow_name,
        status=told.status.value,
        created_at=told.created_at,
        updated_at=told.updated_at,
        variables=session.variables,
        last_response=session.response,
    )
