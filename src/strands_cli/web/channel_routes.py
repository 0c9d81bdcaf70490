"""Where channels take requests, `/channels/NAME/PATH`, and where other systems send theirs: `/hooks/NAME`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from strands.types.json_value import from_text
from strands_cli.channels.channel import ChannelError, ChannelRequest
from strands_cli.channels.service import ChannelService
from strands_cli.channels.webhook import standard_webhook
from strands_cli.inbox.hooks import Hooks, take
from strands_cli.inbox.inbox import Inbox
from strands_cli.web.api.base import ApiRoute
from strands_cli.web.problems import HttpProblem
from strands_cli.web.settings import MOST_BYTES


def channel_router(service: ChannelService, inbox: Inbox) -> APIRouter:
    """Return the routes that channels and hooks take requests by."""
    router, hooks = APIRouter(include_in_schema=False, route_class=ApiRoute), Hooks(inbox.data)

    @router.api_route("/channels/{name}/{path:path}", methods=["GET", "POST"])
    async def channel(request: Request, name: str, path: str) -> Response:
        body = await request.body()
        if len(body) > MOST_BYTES:
            raise HttpProblem(413, "too-large", "The request is too large")
        headers = {key.lower(): value for key, value in request.headers.items()}
        given = ChannelRequest(request.method, headers, dict(request.query_params), body)
        reply = await service.handle(name, path, given)
        if reply is None:
            raise HttpProblem(404, "not-found", "There is no such channel here")
        later = None if reply.later is None else BackgroundTask(_done, reply.later)
        return Response(reply.body, reply.status, media_type=reply.content_type, background=later)

    @router.post("/hooks/{name}", response_model=None)
    async def hook(request: Request, name: str) -> Response:
        body = await request.body()
        found = hooks.get(name)
        if found is None or not _is_signed(found.secret, body, request.headers):
            raise HttpProblem(401, "not-signed", "The message is not signed with the hook's secret")
        try:
            message = from_text(body.decode("utf-8"), "the message")
        except (ValueError, RecursionError) as error:
            raise HttpProblem(400, "invalid-json", "The message is not JSON", str(error)) from None
        return JSONResponse(await take(inbox, found, message, request.headers["webhook-id"]), 202)

    return router


def _is_signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    try:
        standard_webhook(secret).verify(body, dict(headers), json_parse=False)
    except ChannelError:
        raise
    except Exception:  # whatever it takes offence at, it is not signed
        return False
    return True


async def _done(later: Callable[[], Awaitable[None]]) -> None:
    await later()
