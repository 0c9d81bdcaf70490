"""http_request and web_fetch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

from strands import tool
from strands_cli.builtin import Place
from strands_cli.net.client import NetworkError, Request, Response
from strands_cli.net.url import URLError, parse

MOST_TEXT = 100_000
_FORBIDDEN = {"host", "content-length", "transfer-encoding", "connection", "proxy-authorization", "upgrade"}


def make(name: str, place: Place) -> Any:
    """Return the tool `name` for a place."""
    return {"http_request": _http_request, "web_fetch": _web_fetch}[name](place)


def _http_request(place: Place) -> Any:
    @tool
    def http_request(
        url: str,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "GET",
        headers: dict[str, str] | None = None,
        body: str | None = None,
        timeout: float = 30,
    ) -> str:
        """Make an HTTP request to a public address.

        Args:
            url: The whole URL, with http:// or https://.
            method: The method.
            headers: Headers to send.
            body: What to send.
            timeout: Seconds to wait at most.
        """
        data = None if body is None else body.encode("utf-8")
        request = Request(method, parse(url), plain_headers(headers or {}), data, min(max(timeout, 1), 300))
        if place.rehearsal:
            return f"Rehearsal: {method} {request.url} was not sent."
        return shown(place.network.send(request))

    return http_request


def _web_fetch(place: Place) -> Any:
    @tool(read_only=True)
    def web_fetch(url: str) -> str:
        """Fetch a web page and return its readable text.

        Args:
            url: The whole URL, with http:// or https://.
        """
        accept = {"Accept": "text/html,text/plain,application/json;q=0.9,*/*;q=0.1"}
        request = Request("GET", parse(url), accept, None, 30)
        if place.rehearsal:
            return f"Rehearsal: {request.url} was not fetched."
        response = place.network.send(request)
        if response.status >= 400:
            raise NetworkError(f"{response.url} answered {response.status} {response.reason}")
        text = response.text()
        kind = response.headers.get("content-type", "")
        if "html" in kind or text.lstrip()[:14].lower() == "<!doctype html":
            from strands_cli.builtin.html_text import readable

            text = readable(text)
        return f"{response.url}\n\n{_cut(text)}"

    return web_fetch


def shown(response: Response, scrub: Callable[[str], str] | None = None) -> str:
    """Return a response as a model reads it: the status, the kind of content, and the body.

    Args:
        response: The response.
        scrub: Takes out of the whole body what the model must not read, before any of it is cut off.
    """
    kind = response.headers.get("content-type", "")
    head = f"HTTP {response.status} {response.reason}".rstrip()
    location = response.headers.get("location")
    lines = [head, *([f"Content-Type: {kind}"] if kind else []), *([f"Location: {location}"] if location else [])]
    if b"\0" in response.body[:8192]:
        body = f"[{len(response.body):,} bytes that are not text]"
    else:
        body = _cut(response.text() if scrub is None else scrub(response.text()))
    more = "\n[the response was longer]" if response.truncated else ""
    return "\n".join(lines) + (f"\n\n{body}{more}" if body else "")


def plain_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return headers that may be sent.

    Raises:
        URLError: One is malformed, or is for the client to set; its value is not shown.
    """
    for name, value in headers.items():
        if name.lower() in _FORBIDDEN or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            raise URLError(f"the header {name!r} cannot be set")
        if not isinstance(value, str) or any(ord(char) < 32 or ord(char) > 255 for char in value):
            raise URLError(f"the value of the header {name!r} is not a line of text")
    return headers


def json_body(value: Any) -> bytes:
    """Return a JSON value as bytes; a text is taken as it is."""
    return value.encode("utf-8") if isinstance(value, str) else json.dumps(value, ensure_ascii=False).encode("utf-8")


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n[cut off after {MOST_TEXT:,} characters]"
