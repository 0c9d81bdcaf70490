"""Events over REST: as pages, or as streams for who accepts `text/event-stream`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from strands_cli.api.following import Folding
from strands_cli.inbox.inbox import Inbox
from strands_cli.web.api.base import SessionId
from strands_cli.web.api.sessions import seen
from strands_cli.web.auth import Auth
from strands_cli.web.events import Streams, told_event
from strands_cli.web.openapi import problems
from strands_cli.web.problems import HttpProblem

STREAM = "text/event-stream"
_MOST = 500
_LAST = r"^(0|[1-9][0-9]{0,8})$"
_CHANGE = r"^([0-9a-f]{1,16}\.[0-9]{1,15})?$"

_SENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events; a stream of them for who accepts text/event-stream.",
        "content": {"application/json": {"schema": {"type": "object"}}, STREAM: {"schema": {"type": "string"}}},
    },
    204: {"description": "The session has ended, and all of its events were read: do not ask again."},
}
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"description": "A stream of what changes.", "content": {STREAM: {"schema": {"type": "string"}}}}
}


def add_routes(router: APIRouter, inbox: Inbox, auth: Auth, streams: Streams) -> None:
    """Add the routes of events."""

    @router.get(
        "/sessions/{session_id}/events",
        operation_id="getSessionEvents",
        responses={**_SENT, **problems(404)},
        response_model=None,
    )
    async def get_session_events(
        request: Request,
        session_id: SessionId,
        after: Annotated[int, Query(ge=-1, le=10**9, description="Only events with a higher number.")] = -1,
        last: Annotated[str | None, Header(alias="Last-Event-ID", pattern=_LAST)] = None,
    ) -> Response | dict[str, Any]:
        """Tell what happens in a session: its events, or a stream that goes on until it ends."""
        session = await seen(request, inbox, auth, session_id, "sessions:read")
        if wants_stream(request):
            return await streams.of_session(request, session.id, int(last) if last is not None else after)
        folding = Folding(session.id)
        events = [event for event in folding.take(await session.entries_async()) if event.seq > after]
        more = events[_MOST - 1].seq if len(events) > _MOST else None
        return {"items": [told_event(event) for event in events[:_MOST]], "next": more}

    @router.get(
        "/events",
        operation_id="getEvents",
        responses={**_STREAMED, **problems(406)},
        response_model=None,
    )  # fmt: skip
    async def get_events(
        request: Request,
        after: Annotated[str, Query(pattern=_CHANGE, description="Only changes after the one with this id.")] = "",
        last: Annotated[str | None, Header(alias="Last-Event-ID", pattern=_CHANGE)] = None,
    ) -> Response:
        """Tell what changes in the inbox, as a stream that goes on; after an event `reset` look at all anew."""
        auth.require(request, "questions:read")
        if not wants_stream(request):
            raise HttpProblem(406, "not-acceptable", "It is a stream", hint=f"Send Accept: {STREAM}.")
        return await streams.of_inbox(request, last if last is not None else after)


def wants_stream(request: Request) -> bool:
    """Whether a request accepts a stream of events."""
    return STREAM in request.headers.get("accept", "")
