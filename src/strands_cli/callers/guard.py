"""`CallerGuard`: who may reach a server of this machine over HTTP, by its Host, its Origin and its token."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from strands_cli.errors import InputError

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Tokens: TypeAlias = "str | Callable[[str], str | None]"
"""A token that every client sends, or what says of a token whose it is, and None of one that is not valid."""

CALLER = "strands.caller"
"""Where a request's scope has whose its token is; "" where all have the same."""

_LOCAL = ("127.0.0.1", "localhost", "[::1]")


class CallerGuard:
    """An ASGI application around another one that lets in what may come in.

    Args:
        app: The application.
        tokens: What clients send as `Authorization: Bearer`; None where something around it lets nobody else in.
        origins: The addresses, as `https://example.com`, under which it is reached, beside this machine's own.
        open_paths: What may be read without a token.

    Raises:
        InputError: An origin is no such address.
    """

    def __init__(
        self, app: AsgiApp, tokens: Tokens | None, origins: Sequence[str] = (), open_paths: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._origins = {origin_of(origin) for origin in origins}
        self._hosts = {urlsplit(origin).netloc for origin in self._origins}
        self._open_paths = tuple(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if not self._is_host(_header(scope, b"host")):
            return await refuse(send, 421, "this host is not served here")
        origin = _header(scope, b"origin")
        if origin and not self._is_origin(origin):
            return await refuse(send, 403, "requests of this origin are not let in")
        caller = caller_of(scope, self._tokens)
        if caller is None and not (scope["method"] in ("GET", "HEAD") and scope["path"].endswith(self._open_paths)):
            return await refuse(send, 401, "a valid token is needed: Authorization: Bearer TOKEN")
        return await self._app({**scope, CALLER: caller or ""}, receive, send)

    def _is_host(self, host: str) -> bool:
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        return host in self._hosts or host in _LOCAL or (name in _LOCAL and port.isdigit())

    def _is_origin(self, origin: str) -> bool:
        return origin in self._origins or (urlsplit(origin).scheme == "http" and self._is_host(urlsplit(origin).netloc))


def origin_of(text: str) -> str:
    """Return an origin as browsers write it.

    Raises:
        InputError: It is none.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or "@" in parts.netloc:
        raise InputError(f"{text!r} is no origin", hint="Give it as https://example.com, without a path.")
    return f"{parts.scheme}://{parts.netloc}"


def caller_of(scope: Scope, tokens: Tokens | None) -> str | None:
    """Return whose token a request has, "" where all have the same, and None where it has none that is valid."""
    if tokens is None:
        return ""
    scheme, _, token = _header(scope, b"authorization").partition(" ")
    if scheme.lower() != "bearer":
        return None
    if callable(tokens):
        return tokens(token.strip())
    same = hmac.compare_digest(token.strip().encode("latin-1"), tokens.encode("utf-8"))
    return "" if same else None


async def refuse(send: Send, status: int, why: str) -> None:
    """Answer a request that is not let in."""
    body = json.dumps({"error": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _header(scope: Scope, name: bytes) -> str:
    """Return the one header of a name, "" where there is none or where there are several."""
    found = [value for each, value in scope["headers"] if each == name]
    return found[0].decode("latin-1") if len(found) == 1 else ""
