"""Workflows over REST: what can be started here, and with what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from strands_cli.inbox.apps import inputs_schema
from strands_cli.inbox.inbox import Inbox
from strands_cli.web.api.base import NAME, ReplyModel, SessionId
from strands_cli.web.api.sessions import seen
from strands_cli.web.auth import Auth
from strands_cli.web.openapi import problems
from strands_cli.web.problems import HttpProblem

Name = Annotated[str, Path(pattern=NAME, description="The workflow's name.")]


class WorkflowLine(ReplyModel):
    """A workflow in a list."""

    name: str
    description: str | None = None
    pattern: str


class WorkflowModel(WorkflowLine):
    """A workflow."""

    inputs: dict[str, Any] = Field(description="JSON Schema of its inputs.")
    plan: str = Field(description="What would run, as text.")


class WorkflowList(ReplyModel):
    """Workflows."""

    items: list[WorkflowLine]


def add_routes(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    """Add the routes of workflows and drawings."""

    @router.get("/workflows", operation_id="listWorkflows", response_model=WorkflowList, responses=problems())
    async def list_workflows(request: Request) -> dict[str, Any]:
        """List the workflows that can be started here."""
        auth.require(request, "sessions:read")
        found = [each for name, each in sorted(inbox.apps.workflows.items()) if auth.sees(request, name)]
        return {"items": [_line(each) for each in found]}

    @router.get("/workflows/{name}", operation_id="getWorkflow", response_model=WorkflowModel, responses=problems(404))
    async def get_workflow(request: Request, name: Name) -> dict[str, Any]:
        """Show a workflow: what it takes, and what would run."""
        auth.require(request, "sessions:read")
        if not auth.sees(request, name):
            raise HttpProblem(404, "not-found", "There is no such workflow here")
        workflow = inbox.apps.workflow(name)
        return {**_line(workflow), "inputs": inputs_schema(workflow), "plan": workflow.draw("text")}

    @router.get(
        "/sessions/{session_id}/drawing.svg",
        operation_id="getDrawing",
        responses={
            200: {"description": "A drawing.", "content": {"image/svg+xml": {"schema": {"type": "string"}}}},
            **problems(404, 409),
        },
        response_model=None,
    )
    async def get_drawing(request: Request, session_id: SessionId) -> Response:
        """Draw what a session's workflow does."""
        from strands_cli.plan import draw, plan

        session = await seen(request, inbox, auth, session_id, "sessions:read")
        return Response(draw(plan(session.spec()), "svg"), media_type="image/svg+xml")


def _line(workflow: Any) -> dict[str, Any]:
    spec = workflow.spec
    return {"name": workflow.name, "description": spec.description, "pattern": spec.pattern.type}
