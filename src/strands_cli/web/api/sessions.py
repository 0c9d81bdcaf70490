"""Sessions and workflows over REST: started, listed, looked at, ended."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from strands_cli.api.listing import summary
from strands_cli.api.session import Session
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.sessions import item_of
from strands_cli.kernel.principal import Principal
from strands_cli.web.api.base import (
    NAME,
    STEP,
    BodyModel,
    Cursor,
    Limit,
    PageModel,
    ReplyModel,
    RequestId,
    SessionId,
    link_next,
    tell_replayed,
)
from strands_cli.web.auth import Auth
from strands_cli.web.openapi import problems
from strands_cli.web.problems import HttpProblem

ArtifactName = Annotated[str, Path(pattern=NAME, description="The file's name.")]
Status = Literal["", "running", "queued", "interrupted", "paused", "answered", "failed", "completed", "cancelled"]


class SessionLine(ReplyModel):
    """A session in a list."""

    id: str
    status: str = Field(description="running, queued, interrupted, paused, answered, failed, completed or cancelled.")
    workflow: str
    pattern: str
    created_at: float = Field(description="Unix time in seconds.")
    updated_at: float = Field(description="Unix time in seconds.")
    questions: list[str] = Field(description="The ids of the questions that are open.")
    tokens: int


class SessionPage(PageModel):
    """Sessions."""

    items: list[SessionLine]


class SessionModel(SessionLine):
    """A session."""

    inputs: dict[str, Any]
    response: str | None = Field(None, description="The final text, once completed.")
    error: str | None = Field(None, description="The cause, when it failed.")


class StartBody(BodyModel):
    """What to start."""

    workflow: str = Field(pattern=NAME, description="The workflow's name.")
    inputs: dict[str, Any] = Field(default_factory=dict, description="Values for its variables.")


class StartedModel(ReplyModel):
    """A session that was started."""

    id: str
    status: str


class ForkBody(BodyModel):
    """Where to copy a session from."""

    at: str = Field(pattern=STEP, description="The step, or the question, that is to happen again.")


def add_routes(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    """Add the routes of sessions."""
    _add_lists(router, inbox, auth)
    _add_start(router, inbox, auth)
    _add_looks(router, inbox, auth)
    _add_control(router, inbox, auth)


async def seen(request: Request, inbox: Inbox, auth: Auth, session_id: str, scope: str) -> Session:
    """Return a session that a request may see; one that its token is not for is not there."""
    principal = auth.require(request, scope)
    session = await inbox.session(session_id, principal)
    if not auth.sees(request, session.workflow_name):
        raise HttpProblem(404, "not-found", "There is no such session")
    return session


def _add_lists(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    @router.get("/sessions", operation_id="listSessions", response_model=SessionPage, responses=problems())
    async def list_sessions(
        request: Request,
        response: Response,
        status: Status = "",
        workflow: Annotated[str, Query(max_length=200)] = "",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> dict[str, Any]:
        """List sessions, the newest first."""
        principal = auth.require(request, "sessions:read", workflow=workflow)
        page = await inbox.sessions(principal, status=status, workflow=workflow, limit=limit, after=cursor)
        items = [each for each in page.items if auth.sees(request, each["workflow"])]
        return {"items": items, "next": link_next(request, response, page.after)}


def _add_start(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    @router.post(
        "/sessions",
        operation_id="startSession",
        status_code=202,
        response_model=StartedModel,
        responses={
            200: {"model": StartedModel, "description": "The same request had started it before."},
            **problems(404, 413, 415, 422),
        },
    )
    async def start_session(
        request: Request, response: Response, body: StartBody, key: RequestId = None
    ) -> dict[str, Any]:
        """Start a session; it is on record when this returns, and is driven by the server or a worker."""
        principal = auth.require(request, "sessions:start", workflow=body.workflow)
        started = await inbox.start(body.workflow, body.inputs, principal, request=key)
        session = await inbox.session(started.session, principal)
        response.headers["Location"] = f"{request.url.path}/{started.session}"
        if started.replayed:
            tell_replayed(response)
        return {"id": session.id, "status": session.status}


def _add_looks(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    @router.get(
        "/sessions/{session_id}", operation_id="getSession", response_model=SessionModel, responses=problems(404)
    )
    async def get_session(request: Request, session_id: SessionId) -> dict[str, Any]:
        """Show a session."""
        session = await seen(request, inbox, auth, session_id, "sessions:read")
        told = {"inputs": session.inputs, "response": session.response, "error": session.error}
        return {**summary(session), **told}

    @router.get("/sessions/{session_id}/timeline", operation_id="getTimeline", responses=problems(404))
    async def get_timeline(request: Request, session_id: SessionId) -> dict[str, Any]:
        """Tell who did what in a session, when, and what came of it."""
        session = await seen(request, inbox, auth, session_id, "sessions:read")
        return {"items": [item_of(item) for item in session.history]}

    @router.get("/sessions/{session_id}/result", operation_id="getResult", responses=problems(404))
    async def get_result(request: Request, session_id: SessionId) -> dict[str, Any]:
        """Tell what a session has come to so far."""
        session = await seen(request, inbox, auth, session_id, "sessions:read")
        return await inbox.result(session.id, auth.require(request, "sessions:read"))

    @router.get("/sessions/{session_id}/artifacts", operation_id="listArtifacts", responses=problems(404))
    async def list_artifacts(request: Request, session_id: SessionId) -> dict[str, Any]:
        """List the files that a session has written."""
        session = await seen(request, inbox, auth, session_id, "sessions:read")
        return {"items": [{"name": str(each["path"]).rpartition("/")[2], **each} for each in session.artifacts]}

    @router.get(
        "/sessions/{session_id}/artifacts/{name}",
        operation_id="getArtifact",
        responses={200: {"description": "The file.", "content": {"application/octet-stream": {}}}, **problems(404)},
        response_model=None,
    )
    async def get_artifact(request: Request, session_id: SessionId, name: ArtifactName) -> Response:
        """Return a file that a session has written, to be saved."""
        session = await seen(request, inbox, auth, session_id, "sessions:read")
        content = await inbox.artifact(session.id, name, auth.require(request, "sessions:read"))
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
        return Response(content, media_type="application/octet-stream", headers=headers)


def _add_control(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    async def controlled(request: Request, session_id: str) -> tuple[str, Principal]:
        session = await seen(request, inbox, auth, session_id, "sessions:control")
        return session.id, auth.require(request, "sessions:control")

    told: dict[str, Any] = {"status_code": 202, "response_model": StartedModel, "responses": problems(404, 409, 410)}

    @router.post("/sessions/{session_id}/cancel", operation_id="cancelSession", **told)
    async def cancel_session(request: Request, session_id: SessionId) -> dict[str, Any]:
        """End a session for good; a live run of it stops."""
        id_, principal = await controlled(request, session_id)
        await inbox.cancel(id_, principal)
        return {"id": id_, "status": "cancelled"}

    @router.post("/sessions/{session_id}/resume", operation_id="resumeSession", **told)
    async def resume_session(request: Request, session_id: SessionId) -> dict[str, Any]:
        """Have a session that has failed or was interrupted go on."""
        id_, principal = await controlled(request, session_id)
        await inbox.resume(id_, principal)
        return {"id": id_, "status": "queued"}

    @router.post(
        "/sessions/{session_id}/fork", operation_id="forkSession", status_code=201, response_model=StartedModel,
        responses=problems(404, 409, 413, 415),
    )  # fmt: skip
    async def fork_session(
        request: Request, response: Response, session_id: SessionId, body: ForkBody
    ) -> dict[str, Any]:
        """Copy a session but for a step and what follows from it."""
        id_, principal = await controlled(request, session_id)
        copy = await inbox.session(await inbox.fork(id_, body.at, principal), principal)
        response.headers["Location"] = f"{request.url.path.rsplit('/', 2)[0]}/{copy.id}"
        return {"id": copy.id, "status": copy.status}

    @router.delete(
        "/sessions/{session_id}", operation_id="deleteSession", status_code=204, responses=problems(404, 409)
    )
    async def delete_session(request: Request, session_id: SessionId) -> None:
        """Remove a session and all that it holds."""
        await inbox.delete(*await controlled(request, session_id))
