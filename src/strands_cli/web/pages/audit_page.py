"""The audit pages: who decided what, when, through what, and how that is known; and whether the record is as it was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from strands_cli.errors import SessionDamagedError, StrandsError
from strands_cli.web.pages.standing import standing_of
from strands_cli.web.pages.views import PageRoute, Pages, with_query
from strands_cli.web.problems import HttpProblem

if TYPE_CHECKING:
    from strands_cli.audit.findings import AuditReport

STATES = {"answered": "Answered", "expired": "Expired", "withdrawn": "Withdrawn"}
VERIFY_SECONDS = 20.0
"""How long a page verifies at most: what takes longer is for the command."""
_LIMIT = 100
_MOST_ROWS = 500


def audit_router(pages: Pages) -> APIRouter:
    """Return the routes of the audit pages."""
    router = APIRouter(route_class=PageRoute)
    verifying = _Verifying(pages)

    @router.get("/audit")
    async def audit(
        request: Request, state: str = "answered", workflow: str = "", q: str = "", cursor: str = ""
    ) -> Response:
        return await _all(pages, request, state, workflow, q[:200], cursor)

    @router.post("/audit")
    async def verify_all(request: Request) -> Response:
        pages.who(request, "audit:read")
        await pages.form(request, "verify")
        _check_sees_all(pages, request)
        report, notice = await verifying.report(None)
        return await _all(pages, request, report=report, notice=notice)

    @router.get("/audit/{id}")
    async def of_session(request: Request, id: str) -> Response:
        return await _of_session(pages, request, id)

    @router.post("/audit/{id}")
    async def verify_one(request: Request, id: str) -> Response:
        await _check_sees(pages, request, id)
        await pages.form(request, "verify", id)
        report, notice = await verifying.report([id])
        return await _of_session(pages, request, id, report=report, notice=notice)

    return router


class _Verifying:
    """Verifies for pages: one at a time, and not for long."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._turn = asyncio.Lock()

    async def report(self, ids: list[str] | None) -> tuple[AuditReport | None, StrandsError | None]:
        """Return what a verification came to, or why there is none.

        Args:
            ids: The sessions; None for all.

        Raises:
            SessionNotFoundError: There is no such session.
        """
        from strands_cli.audit.verify import verify

        what = "--all" if ids is None else ids[0]
        if self._turn.locked():
            return None, StrandsError("somebody else is verifying just now", hint="Try again in a moment.")
        async with self._turn:
            try:
                return await asyncio.wait_for(verify(self._pages.inbox.store, ids), VERIFY_SECONDS), None
            except asyncio.TimeoutError:
                problem = f"it takes longer than {VERIFY_SECONDS:g} s, which is too long for a page"
                return None, StrandsError(problem, hint=f"Run: strands audit verify {what}")


def _check_sees_all(pages: Pages, request: Request) -> None:
    if pages.auth.workflows(request) is not None:
        hint = "Verify the runs that it is for one by one, from their pages."
        raise HttpProblem(403, "forbidden", "Your token is for some workflows alone", hint=hint)


async def _check_sees(pages: Pages, request: Request, id: str) -> str:
    """Return the workflow of a session that whoever looks is shown.

    Raises:
        HttpProblem: They are not.
    """
    pages.who(request, "audit:read")
    workflow = await pages.inbox.workflow_of(id)
    if not pages.sees(request, workflow):
        raise HttpProblem(403, "forbidden", "Your token is for other workflows")
    return workflow


async def _all(
    pages: Pages,
    request: Request,
    state: str = "answered",
    workflow: str = "",
    q: str = "",
    cursor: str = "",
    *,
    report: AuditReport | None = None,
    notice: StrandsError | None = None,
) -> Response:
    principal = pages.who(request, "audit:read", workflow=workflow)
    state = state if state in STATES else "answered"
    found = await pages.inbox.questions(principal, state=state, workflow=workflow, q=q, limit=_LIMIT, after=cursor)
    chosen = {"state": state, "workflow": workflow, "q": q}
    return await pages.page(
        request,
        "audit.html",
        principal,
        status=503 if notice else 200,
        found=[(each, standing_of(each)) for each in found.items if pages.sees(request, each.workflow)],
        sees_all=pages.auth.workflows(request) is None,
        states=STATES,
        filters=chosen,
        next_page=with_query("/audit", **chosen, cursor=found.after) if found.after else "",
        first_page=with_query("/audit", **chosen) if cursor else "",
        report=report,
        notice=notice,
    )


async def _of_session(
    pages: Pages,
    request: Request,
    id: str,
    *,
    report: AuditReport | None = None,
    notice: StrandsError | None = None,
) -> Response:
    workflow = await _check_sees(pages, request, id)
    principal = pages.who(request, "audit:read")
    rows, problem = await _decisions(pages, id)
    return await pages.page(
        request,
        "audit_session.html",
        principal,
        status=503 if notice else 200,
        id=id,
        workflow=workflow,
        rows=rows[:_MOST_ROWS],
        left_out=max(len(rows) - _MOST_ROWS, 0),
        problem=problem,
        report=report,
        notice=notice,
    )


async def _decisions(pages: Pages, id: str) -> tuple[list[dict[str, Any]], str]:
    """Return who decided what in a session; or nothing, and why it cannot be read."""
    from strands_cli.audit.decisions import decisions

    try:
        return [row async for row in decisions(pages.inbox.store, [id])], ""
    except SessionDamagedError as error:
        return [], error.message
