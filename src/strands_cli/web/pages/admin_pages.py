"""The pages for who runs the server: tokens, people, and what is wrong; webhooks are beside it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from strands_cli.errors import InputError, StrandsError
from strands_cli.inbox.deliveries import DeliveryLog
from strands_cli.inbox.tokens import SCOPES
from strands_cli.web.pages.views import PageRoute, Pages, many, split, to

PLACES = {"tokens": "Tokens", "webhooks": "Webhooks", "people": "People", "problems": "Problems"}
_USUAL = ("questions:read", "questions:answer", "sessions:read")
_LOOKED_AT = 200


def admin_router(pages: Pages) -> APIRouter:
    """Return the routes of the pages for who runs the server."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/admin")
    async def admin(request: Request) -> Response:
        pages.who(request, "admin")
        return to(request, "/admin/tokens")

    @router.get("/admin/tokens")
    async def tokens(request: Request) -> Response:
        return await _tokens(pages, request)

    @router.post("/admin/tokens")
    async def make_token(request: Request) -> Response:
        pages.who(request, "admin")
        given = await pages.form(request, "make-token")
        try:
            made = _made(pages, given)
        except StrandsError as error:
            return await _tokens(pages, request, status=422, notice=error, given=given)
        return await _tokens(pages, request, made=made)

    @router.post("/admin/tokens/{id}/revoke")
    async def revoke_token(request: Request, id: str) -> Response:
        pages.who(request, "admin")
        await pages.form(request, "revoke-token", id)
        pages.auth.tokens.revoke(id)
        return to(request, "/admin/tokens")

    @router.get("/admin/people")
    async def people(request: Request) -> Response:
        principal = pages.who(request, "admin")
        known = sorted(pages.inbox.people.by_key.values(), key=lambda each: each.key)
        return await pages.page(request, "admin_people.html", principal, places=PLACES, here="people", known=known)

    log = DeliveryLog(pages.inbox.data)

    @router.post("/admin/problems/redeliver")
    async def redeliver(request: Request) -> Response:
        pages.who(request, "admin")
        given = await pages.form(request, "redeliver")
        with suppress(InputError):  # it was forgotten meanwhile
            log.redeliver(str(given.get("target", "")), str(given.get("message", "")))
        return to(request, "/admin/problems")

    @router.get("/admin/problems")
    async def problems(request: Request) -> Response:
        principal = pages.who(request, "admin")
        stranded = await pages.inbox.questions(principal, state="stranded", limit=_LOOKED_AT)
        failed = await pages.inbox.sessions(principal, status="failed", limit=_LOOKED_AT)
        found = await pages.inbox.sessions(principal, limit=_LOOKED_AT)
        damaged = [each for each in found.items if each.get("problem")]
        return await pages.page(
            request,
            "admin_problems.html",
            principal,
            places=PLACES,
            here="problems",
            stranded=stranded.items,
            failed=failed.items,
            damaged=damaged,
            undelivered=log.failing(limit=_LOOKED_AT),
            people_problem=pages.inbox.people.problem,
        )

    return router


def _made(pages: Pages, given: dict[str, Any]) -> tuple[Any, str]:
    days = str(given.get("days", "")).strip()
    return pages.auth.tokens.create(
        str(given.get("person", "")).strip(),
        scopes=many(given, "scopes"),
        workflows=split(given, "workflows"),
        days=float(days) if days.isdigit() else 90,
    )


async def _tokens(
    pages: Pages, request: Request, *, status: int = 200, notice: StrandsError | None = None, **names: Any
) -> Response:
    principal = pages.who(request, "admin")
    now = time.time()
    return await pages.page(
        request,
        "admin_tokens.html",
        principal,
        status=status,
        places=PLACES,
        here="tokens",
        found=[(each, each.is_valid(now)) for each in pages.auth.tokens.all()],
        scopes=SCOPES,
        people=sorted(pages.inbox.people.by_key),
        notice=notice,
        **{"made": None, "given": {"scopes": _USUAL}, **names},
    )
