"""An MCP server that wants a token, with its authorization server: `-m support.guarded_mcp_server PORT LOG [LIFE]`.

It is reached at `/mcp` (streamable HTTP) and at `/sse`. LIFE is how many requests a token is good for.
"""

from __future__ import annotations

import base64
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from support.mcp_server import app as files

PORT, LOG, LIFE = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 10**6
BASE = f"http://127.0.0.1:{PORT}"
left: dict[str, int] = {}


def note(line: str) -> None:
    with LOG.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


async def resource(request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "resource": f"{BASE}/{request.path_params['name']}",
            "authorization_servers": [BASE],
            "scopes_supported": ["all"],
        }
    )


async def about(request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "issuer": BASE,
            "authorization_endpoint": f"{BASE}/authorize",
            "token_endpoint": f"{BASE}/token",
            "response_types_supported": ["code"],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
    )


async def token(request: Request) -> JSONResponse:
    form = parse_qs((await request.body()).decode())
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    client, _, secret = base64.b64decode(said).decode().partition(":") if scheme == "Basic" else ("", "", "")
    scope = form.get("scope", ["-"])[0]
    note(f"token {form['grant_type'][0]} {unquote(client)} {scope}")
    if unquote(secret) != "sesame":
        return JSONResponse({"error": "invalid_client", "error_description": "who are you?"}, 401)
    name = f"token-{len(left)}"
    left[name] = LIFE
    return JSONResponse({"access_token": name, "token_type": "Bearer", "expires_in": 3600, "scope": scope})


class Guard:
    """Lets nobody in who has no token that is still good."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        name = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
        if left.get(name, 0) > 0:
            left[name] -= 1
            await self.inner(scope, receive, send)
            return
        about = f"{BASE}/.well-known/oauth-protected-resource{scope['path']}"
        told = {"WWW-Authenticate": f'Bearer resource_metadata="{about}"'}
        await JSONResponse({"error": "invalid_token"}, 401, told)(scope, receive, send)


streamed, evented = files.streamable_http_app(), files.sse_app()


@contextlib.asynccontextmanager
async def living(app: Any) -> AsyncIterator[None]:
    async with streamed.router.lifespan_context(streamed):
        yield


async def inner(scope: Any, receive: Any, send: Any) -> None:
    path = scope["path"]
    await (streamed if path.startswith("/mcp") else evented)(scope, receive, send)


if __name__ == "__main__":
    routes = [
        Route("/.well-known/oauth-protected-resource/{name}", resource),
        Route("/.well-known/oauth-authorization-server", about),
        Route("/token", token, methods=["POST"]),
        Mount("/", Guard(inner)),
    ]
    uvicorn.run(Starlette(routes=routes, lifespan=living), port=PORT, log_level="error")
