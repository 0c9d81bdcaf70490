"""Server-sent events: a session's, with its entries' numbers as ids, and the inbox's."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import fields

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.tailing import SessionTails
from strands_cli.kernel.events import Event
from strands_cli.types import Json
from strands_cli.web.auth import Auth, Caller
from strands_cli.web.problems import HttpProblem

RETRY_MILLISECONDS = 2_000
PING_SECONDS = 15
MOST_STREAMS = 4_000
"""So many are open at a time, at most."""

_PING = b": ping\n\n"
_NAMES = tuple(field.name for field in fields(Event))


LATER = "strands.later"
"""Of a request's scope: what is sent once all that stands between server and route has returned."""


class EventStream(Response):
    """A response that goes on, in one task, as there may be thousands: where that is possible it holds no frame but its
    own meanwhile.

    Who has gone is noticed when there is something to send, a ping at least.
    """

    media_type: str | None = "text/event-stream"

    def __init__(self, content: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        later: list[EventStream] | None = scope.get(LATER)
        if later is not None:
            later.append(self)
        else:
            await self.go_on(scope, receive, send)

    async def go_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it ends."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        request = Request(scope, receive)
        async with aclosing(self._content):
            async for chunk in self._content:
                if await request.is_disconnected():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class Streams:
    """Opens streams of events.

    Args:
        inbox: Whose events.
        auth: Tells whether who reads still may.
    """

    def __init__(self, inbox: Inbox, auth: Auth) -> None:
        self._inbox = inbox
        self._auth = auth
        self._tails = SessionTails(inbox.store)
        self._open = 0
        self._stopping = False

    def stop(self) -> None:
        """End all streams: the server does."""
        self._stopping = True
        self._tails.wake()
        self._inbox.wake()

    async def of_session(self, request: Request, session_id: str, after: int) -> Response:
        """Return a stream of a session's events after the one with the number `after`; nothing to read on is a 204."""
        caller = self._reader(request)
        async with self._tails.of(session_id) as tail:
            if tail.is_over and not await tail.since(after, limit=1):
                return Response(status_code=204)
        return self._response(self._session(caller, session_id, after))

    async def of_inbox(self, request: Request, after: str) -> Response:
        """Return a stream of what changes in the inbox after the change with the id `after`."""
        caller = self._reader(request)
        return self._response(self._changes(caller, after))

    def _reader(self, request: Request) -> Caller:
        if self._open >= MOST_STREAMS:
            raise HttpProblem(503, "too-many-streams", "Too many look on", headers={"Retry-After": "10"})
        caller = self._auth.caller(request)
        assert caller is not None
        return caller

    def _response(self, content: AsyncGenerator[bytes, None]) -> Response:
        return EventStream(self._counted(content))

    async def _counted(self, content: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        self._open += 1
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
            async with aclosing(content):
                async for chunk in content:
                    yield chunk
        finally:
            self._open -= 1

    async def _session(self, caller: Caller, session_id: str, after: int) -> AsyncGenerator[bytes, None]:
        async with self._tails.of(session_id) as tail:
            while self._auth.holds(caller) and not self._stopping:
                for event in await tail.since(after):
                    after = event.seq
                    yield _chunk(event.type, told_event(event), str(event.seq))
                if tail.is_over and not await tail.since(after, limit=1):
                    yield _chunk("end", {"session": session_id})
                    return
                if not await tail.wait(PING_SECONDS):
                    yield _PING

    async def _changes(self, caller: Caller, after: str) -> AsyncGenerator[bytes, None]:
        only = frozenset(caller.token.workflows) if caller.token is not None else frozenset()
        async with aclosing(self._inbox.changes(after, idle=PING_SECONDS)) as changes:
            async for change in changes:
                if self._stopping or not self._auth.holds(caller):
                    return
                if change.kind == "idle":
                    yield _PING
                elif not (only and change.session and await self._inbox.workflow_of(change.session) not in only):
                    yield _chunk(change.kind, {"session": change.session, **change.data}, change.id)


def told_event(event: Event) -> dict[str, Json]:
    """Return an event as plain JSON values."""
    return {name: getattr(event, name) for name in _NAMES}


def _chunk(name: str, data: Json, id: str = "") -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, separators=(',', ':'), default=str)}\n\n".encode()
