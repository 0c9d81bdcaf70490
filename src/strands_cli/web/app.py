"""`create_app`: the server as an ASGI application; `create_router`: its REST interface for another application."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from strands._version import __version__
from strands_cli.channels.service import ChannelService
from strands_cli.inbox.inbox import Inbox
from strands_cli.web import pages, sign_in
from strands_cli.web.api.routes import api_router
from strands_cli.web.auth import Auth
from strands_cli.web.channel_routes import channel_router
from strands_cli.web.driving import Driving
from strands_cli.web.events import Streams
from strands_cli.web.guard import Guard
from strands_cli.web.openapi import add_document
from strands_cli.web.problems import HttpProblem, problem_of
from strands_cli.web.settings import ServerSettings

if TYPE_CHECKING:
    from strands_cli.mcp_server import McpApp

logger: logging.Logger = logging.getLogger(__name__)

PREFIX = "/api/v1"


def create_app(inbox: Inbox, settings: ServerSettings | None = None) -> FastAPI:
    """Return the server: REST, events, sign-in and pages, and what drives sessions while it runs.

    Args:
        inbox: What it serves.
        settings: How it is set up; default: for this machine alone.
    """
    settings = settings or ServerSettings()
    auth = Auth(inbox, settings)
    driving = Driving(inbox, slots=settings.drive, grace=settings.grace)
    tools = _tools(auth, inbox, settings) if settings.mcp else None
    channels = ChannelService(inbox, settings.origin)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with driving, channels if not settings.is_rehearsal else contextlib.nullcontext():
            yield
            if tools is not None:
                await tools.aclose()

    app = FastAPI(
        title="Strands",
        version="1",
        summary="Agents and agent workflows that stop and ask a person.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    streams = Streams(inbox, auth)
    app.state.is_rehearsal = settings.is_rehearsal
    app.state.inbox, app.state.auth, app.state.driving, app.state.streams = inbox, auth, driving, streams
    app.include_router(api_router(inbox, auth, streams), prefix=PREFIX)
    add_document(app, f"{PREFIX}/openapi.json")
    _add_health(app, inbox, driving)
    app.include_router(channel_router(channels, inbox))
    app.include_router(pages.router(inbox, auth))
    app.include_router(sign_in.router(auth, pages.sign_in_page))
    if settings.oidc is not None:
        from strands_cli.web import oidc

        app.include_router(oidc.router(inbox, auth, settings.oidc))
    if tools is not None:
        app.router.routes.append(Route("/mcp", tools))
    for kind in (HTTPException, HttpProblem, Exception):
        app.add_exception_handler(kind, _failed)
    app.add_middleware(Guard, settings=settings)
    return app


def create_router(inbox: Inbox, auth: Auth | None = None, *, prefix: str = PREFIX) -> APIRouter:
    """Return the REST interface as a router, to be included in a FastAPI application of one's own.

    That application decides which hosts and origins it is for, and drives sessions with a worker.

    Args:
        inbox: What it serves.
        auth: Tells who asks; default: by API tokens.
        prefix: Where it is found.
    """
    return api_router(inbox, auth or Auth(inbox, ServerSettings(auth="token")), prefix=prefix)


def _tools(auth: Auth, inbox: Inbox, settings: ServerSettings) -> McpApp:
    """Return the workflows as tools of an MCP server, for who has an API token that may start them."""
    from strands_cli.mcp_server import create_mcp_app

    workflows = inbox.apps.workflows

    def person(secret: str) -> str | None:
        inbox.look_at_people()
        token = auth.token(secret)
        if token is None or not token.allows("sessions:start"):
            return None
        return token.person if not token.workflows or workflows.keys() <= set(token.workflows) else None

    return create_mcp_app(workflows, tokens=person, origins=[settings.origin], url=settings.origin)


def _add_health(app: FastAPI, inbox: Inbox, driving: Driving) -> None:
    @app.get("/livez", include_in_schema=False)
    async def alive() -> Response:
        return JSONResponse({"status": "ok", "version": __version__})

    @app.get("/readyz", include_in_schema=False)
    async def ready() -> Response:
        wrong = driving.problem or ("draining" if driving.is_draining else "")
        if not wrong:
            from strands.journal.find import open_questions

            try:
                await asyncio.wait_for(open_questions(inbox.store, limit=1), 5.0)
            except Exception:
                logger.warning("the store does not answer", exc_info=True)
                wrong = "the store does not answer"
        return JSONResponse({"status": wrong or "ok"}, 503 if wrong else 200)


async def _failed(request: Request, error: Exception) -> Response:
    """A person who is not on a page of ours is told by one all the same; programs are told by a problem."""
    problem = problem_of(error)
    is_page = not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
    return pages.problem_page(request, problem) if is_page else problem.response()
