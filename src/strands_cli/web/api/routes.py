"""The routes of the REST interface."""

from __future__ import annotations

from fastapi import APIRouter

from strands_cli.inbox.inbox import Inbox
from strands_cli.web.api import audit, events, questions, sessions, tokens, webhooks, workflows
from strands_cli.web.api.base import ApiRoute
from strands_cli.web.auth import Auth
from strands_cli.web.events import Streams


def api_router(inbox: Inbox, auth: Auth, streams: Streams | None = None, *, prefix: str = "") -> APIRouter:
    """Return the routes.

    Args:
        inbox: What they serve.
        auth: Tells who asks.
        streams: Opens streams of events; default: its own.
        prefix: Where they are found.
    """
    router = APIRouter(prefix=prefix, route_class=ApiRoute)
    questions.add_routes(router, inbox, auth)
    sessions.add_routes(router, inbox, auth)
    workflows.add_routes(router, inbox, auth)
    events.add_routes(router, inbox, auth, streams or Streams(inbox, auth))
    tokens.add_routes(router, inbox, auth)
    audit.add_routes(router, inbox, auth)
    webhooks.add_routes(router, inbox, auth)
    return router
