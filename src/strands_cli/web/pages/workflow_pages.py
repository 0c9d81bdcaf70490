"""The pages of workflows: which there are, and the form that starts a run."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from strands_cli.errors import StrandsError
from strands_cli.forms import Form, FormAnswerError, form_of_schema, read
from strands_cli.inbox.apps import inputs_schema
from strands_cli.web.pages.views import PageRoute, Pages, fields, to


def workflows_router(pages: Pages) -> APIRouter:
    """Return the routes of workflows."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/workflows")
    async def workflows(request: Request) -> Response:
        principal = pages.who(request, "sessions:read")
        known = pages.inbox.apps.workflows
        found = [known[name] for name in sorted(known) if pages.sees(request, name)]
        return await pages.page(request, "workflows.html", principal, found=found)

    @router.get("/workflows/{name}")
    async def workflow(request: Request, name: str) -> Response:
        return await _start_page(pages, request, name)

    @router.post("/workflows/{name}")
    async def start(request: Request, name: str) -> Response:
        principal = pages.who(request, "sessions:start", workflow=name)
        given = await pages.form(request, "start", name)
        form = _start_form(pages, name)
        try:
            values = read(form, fields(given))
            started = await pages.inbox.start(name, values, principal, request=str(given.get("request", "")) or None)
        except FormAnswerError as error:
            return await _start_page(pages, request, name, problems=error.problems, given=given, status=422)
        except StrandsError as error:
            return await _start_page(pages, request, name, notice=error, given=given, status=422)
        return to(request, f"/sessions/{started.session}")

    return router


def _start_form(pages: Pages, name: str) -> Form:
    schema = inputs_schema(pages.inbox.apps.workflow(name))
    return form_of_schema(schema) if schema.get("properties") else Form((), "object")


async def _start_page(pages: Pages, request: Request, name: str, *, status: int = 200, **names: Any) -> Response:
    from strands_cli.plan import svg

    principal = pages.who(request, "sessions:read", workflow=name)
    found = pages.inbox.apps.workflow(name)
    told = {"problems": {}, "given": None, "notice": None, **names}
    return await pages.page(
        request,
        "workflow.html",
        principal,
        status=status,
        workflow=found,
        form=_start_form(pages, name),
        drawing=Markup(svg(found.plan(), style=False)),  # every text in it is escaped there
        request_id=secrets.token_hex(8),
        **told,
    )
