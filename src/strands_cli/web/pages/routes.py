"""The routes of all pages, and of what they are made with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from strands_cli.web.pages.admin_pages import admin_router
from strands_cli.web.pages.audit_page import audit_router
from strands_cli.web.pages.inbox_page import inbox_router
from strands_cli.web.pages.link_page import link_router
from strands_cli.web.pages.question_page import question_router
from strands_cli.web.pages.sessions_pages import sessions_router
from strands_cli.web.pages.views import PageRoute, Pages, error_page
from strands_cli.web.pages.webhook_pages import webhooks_router
from strands_cli.web.pages.workflow_pages import workflows_router

if TYPE_CHECKING:
    from strands_cli.inbox.inbox import Inbox
    from strands_cli.web.auth import Auth

STATIC = Path(__file__).parents[1] / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PARTS = (
    *(inbox_router, question_router, link_router, sessions_router, workflows_router, audit_router),
    *(admin_router, webhooks_router),
)


def router(inbox: Inbox, auth: Auth) -> APIRouter:
    """Return the routes of all pages.

    Args:
        inbox: The questions and the sessions that they show.
        auth: Tells who looks.
    """
    pages = Pages(inbox, auth)
    whole = APIRouter(include_in_schema=False, route_class=PageRoute)
    for part in _PARTS:
        whole.include_router(part(pages))
    files = {path.name: path for path in STATIC.iterdir() if path.suffix in _TYPES}

    @whole.api_route("/static/{name}", methods=["GET", "HEAD"])
    async def static(request: Request, name: str) -> Response:
        path = files.get(name)
        if path is None:
            return error_page(request, 404, "There is no such file")
        headers = {"Cache-Control": "public, max-age=3600"}
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)

    return whole
