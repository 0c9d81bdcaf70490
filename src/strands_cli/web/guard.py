"""What stands before every request: whose address it names, which page sends it, how large it is; and the headers that
every response has.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strands_cli.web.auth import SAFE_METHODS, cross_site
from strands_cli.web.events import LATER, EventStream
from strands_cli.web.problems import HttpProblem
from strands_cli.web.settings import MOST_BYTES, ServerSettings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends `Origin: null` with forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Lets through what may come in.

    Args:
        app: What is behind it.
        settings: Whose server it is.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._hosts = settings.allowed_hosts
        self._origins = settings.allowed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        sending = _Sending(send, self._headers(scope))
        if refusal is not None:
            await refusal.response()(scope, receive, sending)
            return
        receiving = _Receiving(receive)
        later: list[EventStream] = []
        scope[LATER] = later
        try:
            await self._app(scope, receiving, sending)
            del scope[LATER]
            for stream in later:
                await stream.go_on(scope, receiving, sending)
        except HttpProblem as problem:
            if not sending.begun:
                await problem.response()(scope, receive, sending)

    def _refusal(self, scope: Scope, headers: Headers) -> HttpProblem | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            hint = "Use the address that it was started for; --host-name NAME allows another."
            return HttpProblem(400, "wrong-host", "The server does not go by this name", hint=hint)
        path = unquote(scope.get("raw_path", b"").decode("latin-1").partition("?")[0])
        if any(part in ("..", ".") for part in path.split("/")) or "\0" in path or "\\" in path:
            return HttpProblem(400, "wrong-path", "The path has a part that is no name")
        length = headers.get("content-length", "")
        if length and (not length.isdecimal() or int(length) > MOST_BYTES):
            return _too_large()
        return None if scope["method"] in SAFE_METHODS else self._foreign(headers)

    def _foreign(self, headers: Headers) -> HttpProblem | None:
        """Return why a request that changes something is refused: a page of somebody else may have sent it."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        is_own = site == "same-origin" if site is not None else origin in self._origins
        if site is None and origin is None:  # no browser: it brings a token of its own, and no cookie
            is_own = "cookie" not in headers or "authorization" in headers
        if origin is not None and origin not in self._origins:
            is_own = False
        if is_own:
            return None
        return cross_site()

    def _headers(self, scope: Scope) -> Mapping[str, str]:
        found = dict(_HEADERS)
        if not scope["path"].startswith("/static/"):
            found["Cache-Control"] = "no-store"
        if self._settings.is_secure:
            found["Strict-Transport-Security"] = "max-age=31536000"
        return found


class _Receiving:
    """Counts what comes in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > MOST_BYTES:
            raise _too_large()
        return message


class _Sending:
    """Adds the headers that every response has, where it has none of that name."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self.begun: bool = False
        self._send = send
        self._headers = headers

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)


def _too_large() -> HttpProblem:
    return HttpProblem(413, "too-large", "The request is too large", f"A body may have {MOST_BYTES} bytes.")
