"""The audit page: who answered what, when, over which channel, and how that is known."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from strands_cli.web.pages.standing import standing_of
from strands_cli.web.pages.views import PageRoute, Pages, with_query

STATES = {"answered": "Answered", "expired": "Expired", "withdrawn": "Withdrawn"}
_LIMIT = 100


def audit_router(pages: Pages) -> APIRouter:
    """Return the route of the audit page."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/audit")
    async def audit(
        request: Request, state: str = "answered", workflow: str = "", q: str = "", cursor: str = ""
    ) -> Response:
        principal = pages.who(request, "audit:read", workflow=workflow)
        state = state if state in STATES else "answered"
        found = await pages.inbox.questions(
            principal, state=state, workflow=workflow, q=q[:200], limit=_LIMIT, after=cursor
        )
        chosen = {"state": state, "workflow": workflow, "q": q[:200]}
        return await pages.page(
            request,
            "audit.html",
            principal,
            found=[(each, standing_of(each)) for each in found.items if pages.sees(request, each.workflow)],
            states=STATES,
            filters=chosen,
            next_page=with_query("/audit", **chosen, cursor=found.after) if found.after else "",
            first_page=with_query("/audit", **chosen) if cursor else "",
        )

    return router
