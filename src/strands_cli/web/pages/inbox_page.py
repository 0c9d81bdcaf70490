"""The inbox: what waits, for whoever looks or for anybody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from strands_cli.web.pages.beside import name_of
from strands_cli.web.pages.standing import standing_of
from strands_cli.web.pages.views import PageRoute, Pages, with_query

VIEWS = {"mine": "For me", "all": "All open", "stranded": "Stranded", "answered": "Answered", "expired": "Expired"}
KINDS = ("hitl", "approval", "interrupt", "ambiguous_tool", "budget", "elicitation")
_LIMIT = 50


def inbox_router(pages: Pages) -> APIRouter:
    """Return the routes of the inbox."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/")
    async def inbox(
        request: Request,
        view: str = "all",
        workflow: str = "",
        kind: str = "",
        q: str = "",
        sort: str = "due",
        cursor: str = "",
    ) -> Response:
        principal = pages.who(request, "questions:read", workflow=workflow)
        view = view if view in VIEWS else "all"
        sort = "asked" if sort == "asked" else "due"
        found = await pages.inbox.questions(
            principal,
            state=view if view in ("answered", "expired", "stranded") else "open",
            mine=view == "mine",
            workflow=workflow,
            kind=kind if kind in KINDS else "",
            q=q[:200],
            sort="asked" if sort == "asked" else "due",
            limit=_LIMIT,
            after=cursor,
        )
        filters = {"workflow": workflow, "kind": kind, "q": q[:200]}
        chosen = {**filters, "view": view, "sort": "" if sort == "due" else sort}
        return await pages.page(
            request,
            "inbox.html",
            principal,
            found=[(each, standing_of(each)) for each in found.items if pages.sees(request, each.workflow)],
            views={name: (label, with_query("/", **{**chosen, "view": name})) for name, label in VIEWS.items()},
            named=lambda who: name_of(pages.inbox.people, who),
            view=view,
            kinds=KINDS,
            filters=filters,
            sort=sort,
            next_page=with_query("/", **chosen, cursor=found.after) if found.after else "",
            first_page=with_query("/", **chosen) if cursor else "",
        )

    return router
