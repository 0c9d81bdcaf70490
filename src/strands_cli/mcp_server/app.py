"""The MCP server as an ASGI application: for `strands mcp --http`, and to mount into another one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from strands_cli.callers.guard import CALLER, Receive, Scope, Send, Tokens, caller_of, origin_of, refuse
from strands_cli.mcp_server.server import PATIENCE, STATE_SECONDS, create_server

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.server.transport_security import TransportSecuritySettings

    from strands_cli.api.workflow import Workflow

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_STOP_SECONDS = 5.0


def create_mcp_app(
    workflows: Mapping[str, Workflow],
    *,
    tokens: Tokens | None = None,
    origins: Sequence[str] = (),
    url: str = "",
    patience: float = PATIENCE,
    state_seconds: float = STATE_SECONDS,
    key: bytes | None = None,
    path: str = "",
) -> McpApp:
    """Return an ASGI application that is an MCP server, at whatever path it is mounted.

    Args:
        workflows: What it serves, by name.
        tokens: What clients send as `Authorization: Bearer`; None where the application around it lets nobody else in.
        origins: The addresses, as `https://example.com`, under which it is reached, beside this machine's own.
        url: The address of the server at which people answer.
        patience: Seconds that a call waits for a person who answers there.
        state_seconds: Seconds for which a client may go on with a call.
        key: What seals the state that clients hold; default: the user's own, from STRANDS_HOME.
        path: The only path at which it answers, as "/mcp"; "" for every one.

    Raises:
        McpNotReadyError: The MCP SDK is missing or too old.
        InputError: An origin is no such address.
        AppError: Two workflows would be one tool.
    """
    server = create_server(workflows, url=url, patience=patience, state_seconds=state_seconds, key=key)
    return McpApp(server, tokens, origins, path)


class McpApp:
    """An ASGI application around an MCP server; it starts with its first request, or its lifespan."""

    def __init__(self, server: Server[Any], tokens: Tokens | None, origins: Sequence[str], path: str) -> None:
        self._server = server
        self._path = path
        self._tokens = tokens
        self._security = _security(origins)
        self._manager: Any = None
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stop = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if scope["type"] != "http":
            return None
        if self._path and scope["path"].rstrip("/") != self._path:
            return await refuse(send, 404, "nothing is here")
        caller = caller_of(scope, self._tokens)
        if caller is None:
            return await refuse(send, 401, "a valid token is needed: Authorization: Bearer TOKEN")
        await self.start()
        await self._manager.handle_request({**scope, CALLER: caller}, receive, send)
        return None

    async def start(self) -> None:
        """Begin to serve; nothing happens where that has been done."""
        if self._running is None:
            from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

            self._manager = StreamableHTTPSessionManager(self._server, security_settings=self._security)
            self._running = asyncio.get_running_loop().create_task(self._serve())
        await self._ready.wait()

    async def aclose(self) -> None:
        """End it: calls that are under way stop, and their sessions can be gone on with."""
        self._stop.set()
        if self._running is not None:
            with contextlib.suppress(asyncio.TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._running, _STOP_SECONDS)

    async def _serve(self) -> None:
        async with self._manager.run():
            self._ready.set()
            await self._stop.wait()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.aclose()
                return await send({"type": "lifespan.shutdown.complete"})


def _security(origins: Sequence[str]) -> TransportSecuritySettings:
    """Return which Host and Origin headers are let in: no page in a browser reaches a server of this machine."""
    from mcp.server.transport_security import TransportSecuritySettings

    hosts = [host for name in _HOSTS for host in (name, f"{name}:*")]
    allowed = [origin for host in hosts for origin in (f"http://{host}", f"https://{host}")]
    for origin in map(origin_of, origins):
        hosts.append(urlsplit(origin).netloc)
        allowed.append(origin)
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=allowed)
