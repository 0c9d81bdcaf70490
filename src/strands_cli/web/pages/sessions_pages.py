"""The pages of runs: all of them, and one of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from strands_cli.errors import StrandsError
from strands_cli.inbox.views import answer_of
from strands_cli.session.refs import ref_of
from strands_cli.types import Json
from strands_cli.web.pages.views import PageRoute, Pages, to, with_query

if TYPE_CHECKING:
    from strands_cli.api.session import Session
    from strands_cli.kernel.types import Entry

logger: logging.Logger = logging.getLogger(__name__)
STATUSES = ("running", "queued", "paused", "answered", "interrupted", "failed", "completed", "cancelled")
OVER = ("completed", "cancelled")
_LIMIT = 50
_MOST_EVENTS = 500


def sessions_router(pages: Pages) -> APIRouter:
    """Return the routes of runs."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/sessions")
    async def sessions(request: Request, status: str = "", workflow: str = "", cursor: str = "") -> Response:
        principal = pages.who(request, "sessions:read", workflow=workflow)
        status = status if status in STATUSES else ""
        found = await pages.inbox.sessions(principal, status=status, workflow=workflow, limit=_LIMIT, after=cursor)
        chosen = {"status": status, "workflow": workflow}
        return await pages.page(
            request,
            "sessions.html",
            principal,
            found=[each for each in found.items if pages.sees(request, each["workflow"])],
            statuses=STATUSES,
            filters=chosen,
            next_page=with_query("/sessions", **chosen, cursor=found.after) if found.after else "",
            first_page=with_query("/sessions", **chosen) if cursor else "",
        )

    @router.get("/sessions/{id}")
    async def session(request: Request, id: str) -> Response:
        return await _page(pages, request, id)

    @router.post("/sessions/{id}/{action}")
    async def act(request: Request, id: str, action: str) -> Response:
        principal = pages.who(request, "sessions:control")
        session = await pages.inbox.session(id, principal)
        pages.who(request, "sessions:control", workflow=session.workflow_name)
        given = await pages.form(request, action, id)
        try:
            if action == "cancel":
                await pages.inbox.cancel(id, principal)
            elif action == "resume":
                await pages.inbox.resume(id, principal)
            elif action == "fork":
                return to(request, f"/sessions/{await pages.inbox.fork(id, str(given.get('at', '')), principal)}")
        except StrandsError as error:
            return await _page(pages, request, id, notice=error, status=409)
        return to(request, f"/sessions/{id}")

    return router


async def _page(
    pages: Pages, request: Request, id: str, *, notice: StrandsError | None = None, status: int = 200
) -> Response:
    principal = pages.who(request, "sessions:read")
    session = await pages.inbox.session(id, principal)
    pages.who(request, "sessions:read", workflow=session.workflow_name)
    entries = await pages.inbox.entries(id, principal)
    return await pages.page(
        request,
        "session.html",
        principal,
        status=status,
        session=session,
        is_over=session.status in OVER,
        questions=[(ref_of(id, question.id), question) for question in session.questions],
        timeline=session.history,
        asked=_asked(entries),
        refs={key: ref_of(id, key) for key in session.question_ids},
        drawing=_drawing(session, entries),
        entries=[(entry, _told(entry)) for entry in entries[-_MOST_EVENTS:]],
        left_out=max(len(entries) - _MOST_EVENTS, 0),
        last=len(entries),
        cost=_cost(session),
        artifacts=[str(each["path"]).rpartition("/")[2] for each in session.artifacts],
        notice=notice,
        steps=[item.key for item in session.history if item.kind != "tool"],
        inputs=session.inputs,
    )


def _cost(session: Session) -> str:
    """Return what a run cost, in words; "" where nothing was spent, or this server has no prices to read."""
    from strands_cli.kernel.usage import money

    try:
        costs = session.costs
    except StrandsError as error:
        logger.info("the cost of session %s is not told: %s", session.id, error.message)
        return ""
    if costs is None:
        return ""
    return f"no price for {', '.join(costs.unpriced)}" if costs.unpriced else money(costs.total) if costs.total else ""


def _asked(entries: list[Entry]) -> dict[str, tuple[str, Mapping[str, Json]]]:
    """Return of each question, by its key, what it asks, and who answered what: nothing while nobody has."""
    from strands_cli.kernel.state import State

    state = State(entries)
    return {
        key: (str(asked.data.get("prompt", "")), answer_of(state.answered.get(key)) or {})
        for key, asked in state.asked.items()
    }


def _drawing(session: Session, entries: list[Entry]) -> Markup | None:
    """Return the drawing of the workflow with where each node stands; none where it cannot be drawn."""
    from strands_cli.kernel.state import State
    from strands_cli.loader import load_dict
    from strands_cli.plan import plan, svg
    from strands_cli.plan.states import states_of

    try:
        drawn = plan(load_dict(session.spec_dict))
    except StrandsError as error:
        logger.info("session %s is not drawn: %s", session.id, error.message)
        return None
    state = State(entries)
    reached = {drawn.owner(key) for key in (*state.started, *state.asked)}
    links = {node.id: f"#{node.id}" for node in drawn.nodes if node in reached}
    return Markup(svg(drawn, states_of(drawn, state), style=False, links=links))  # every text in it is escaped there


def _told(entry: Entry) -> str:
    return json.dumps(entry.data, ensure_ascii=False, indent=2, default=str) if entry.data else ""
