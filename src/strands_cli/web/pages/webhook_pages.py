"""The pages of webhooks: where events are sent to, with which secret, and what became of what was sent."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from strands_cli.errors import InputError, StrandsError
from strands_cli.inbox.endpoints import Endpoint
from strands_cli.inbox.notes import EVENTS
from strands_cli.inbox.outbox import Outbox
from strands_cli.web.pages.admin_pages import PLACES
from strands_cli.web.pages.views import PageRoute, Pages, many, split, to
from strands_cli.web.problems import HttpProblem

_LISTED = 100
_WORDS = {
    "due": "to be sent",
    "done": "delivered",
    "failed": "failed",
    "gone": "its run is gone",
    "skipped": "too late",
}


def webhooks_router(pages: Pages) -> APIRouter:
    """Return the routes of the pages of webhooks."""
    router = APIRouter(route_class=PageRoute)
    outbox = Outbox(pages.inbox.store, pages.inbox.data)

    @router.get("/admin/webhooks")
    async def webhooks(request: Request) -> Response:
        return await _list(pages, request, outbox)

    @router.post("/admin/webhooks")
    async def add_webhook(request: Request) -> Response:
        pages.who(request, "admin")
        given = await pages.form(request, "add-webhook")
        try:
            added = _added(outbox, given)
        except StrandsError as error:
            return await _list(pages, request, outbox, status=422, notice=error, given=given)
        return await _list(pages, request, outbox, added=added)

    @router.get("/admin/webhooks/{id}")
    async def webhook(request: Request, id: str) -> Response:
        pages.who(request, "admin")
        return await _one(pages, request, outbox, _found(outbox, id))

    @router.post("/admin/webhooks/{id}/{action}")
    async def act(request: Request, id: str, action: str) -> Response:
        pages.who(request, "admin")
        given = await pages.form(request, f"webhook-{action}", id)
        found = _found(outbox, id)
        if action == "rotate":
            return await _one(pages, request, outbox, found, secret=outbox.endpoints.rotate(found.id))
        if action == "remove":
            outbox.endpoints.remove(found.id)
            return to(request, "/admin/webhooks")
        if action == "enable":
            outbox.endpoints.enable(found.id)
        elif action == "redeliver":
            return await _redelivered(pages, request, outbox, found, str(given.get("message", "")))
        return to(request, f"/admin/webhooks/{found.id}")

    return router


def _found(outbox: Outbox, id: str) -> Endpoint:
    try:
        return outbox.endpoints.get(id)
    except InputError as error:
        hint = "It may have been removed; Admin, Webhooks lists those that there are."
        raise HttpProblem(404, "not-found", "There is no such webhook", error.message, hint=hint) from None


def _added(outbox: Outbox, given: dict[str, Any]) -> tuple[Endpoint, str]:
    return outbox.endpoints.add(
        str(given.get("url", "")).strip(),
        events=many(given, "events"),
        workflows=split(given, "workflows"),
        full=given.get("full") == "yes",
        private=given.get("private") == "yes",
    )


async def _redelivered(pages: Pages, request: Request, outbox: Outbox, found: Endpoint, message: str) -> Response:
    try:
        outbox.deliveries.redeliver(found.target, message)
    except InputError:
        gone = InputError("there is no such delivery any more", hint="What is over is kept for 30 days.")
        return await _one(pages, request, outbox, found, status=404, notice=gone)
    return to(request, f"/admin/webhooks/{found.id}")


async def _list(
    pages: Pages,
    request: Request,
    outbox: Outbox,
    *,
    status: int = 200,
    notice: StrandsError | None = None,
    **names: Any,
) -> Response:
    principal = pages.who(request, "admin")
    return await pages.page(
        request,
        "admin_webhooks.html",
        principal,
        status=status,
        places=PLACES,
        here="webhooks",
        found=outbox.endpoints.list(),
        events=EVENTS,
        workflows=sorted(pages.inbox.apps.workflows),
        notice=notice,
        **{"added": None, "given": {}, **names},
    )


async def _one(
    pages: Pages, request: Request, outbox: Outbox, found: Endpoint, *, status: int = 200, **names: Any
) -> Response:
    principal = pages.who(request, "admin")
    now = time.time()
    endpoint = outbox.endpoints.get(found.id)
    return await pages.page(
        request,
        "admin_webhook.html",
        principal,
        status=status,
        places=PLACES,
        here="webhooks",
        endpoint=endpoint,
        old_until=max((until for _, until in endpoint.secrets if until and until > now), default=None),
        deliveries=outbox.deliveries.newest(found.target, limit=_LISTED),
        words=_WORDS,
        **{"secret": "", "notice": None, **names},
    )
