"""http_request and web_fetch."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlencode

from strands.tools.decorator import tool
from strands.types.json_value import writes_data
from strands_cli.builtin import ToolAccess
from strands_cli.net.client import HttpRequest, Network, NetworkError, Response
from strands_cli.net.url import URL, URLError, parse

MOST_TEXT = 100_000
TRIES = 4
REPEATABLE = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
_FORBIDDEN = {"host", "content-length", "transfer-encoding", "connection", "proxy-authorization", "upgrade"}


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool `name` for a place."""
    return {"http_request": _http_request, "web_fetch": _web_fetch}[name](place)


def _http_request(place: ToolAccess) -> Any:
    @tool(context=True)
    def http_request(
        url: str,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "GET",
        headers: dict[str, str] | None = None,
        params: dict[str, Any] | None = None,
        json_data: Any = None,
        body: str | None = None,
        timeout: float = 30,
        tool_context: Any = None,
    ) -> str:
        """Make an HTTP request to a public address. An answer of 400 or more is an error.

        Args:
            url: The whole URL, with http:// or https://.
            method: The method.
            headers: Headers to send.
            params: Parameters to add to the query: texts, numbers, booleans, or lists of these.
            json_data: What to send as JSON.
            body: What to send as it is, instead of json_data.
            timeout: Seconds to wait at most, for all of it.
        """
        check_known(tool_context, ("url", "method", "headers", "params", "json_data", "body", "timeout"))
        data, kind = content(json_data, body)
        sent = plain_headers(headers or {})
        if kind and "content-type" not in map(str.lower, sent):
            sent = {**sent, "content-type": kind}
        request = HttpRequest(method, with_query(parse(url), params), sent, data, min(max(timeout, 1), 300))
        if place.rehearsal:
            return f"Rehearsal: {method} {request.url} was not sent."
        return answered(patiently(place.network, request))

    http_request.answers_http = True  # type: ignore[attr-defined]
    return http_request


def _web_fetch(place: ToolAccess) -> Any:
    @tool
    def web_fetch(url: str, mode: Literal["text", "markdown", "html"] = "text", timeout: float = 30) -> str:
        """Fetch a web page and return its readable text.

        Args:
            url: The whole URL, with http:// or https://.
            mode: "html" for the page as it was sent; the others for its text.
            timeout: Seconds to wait at most.
        """
        accept = {"Accept": "text/html,text/plain,application/json;q=0.9,*/*;q=0.1"}
        request = HttpRequest("GET", parse(url), accept, None, min(max(timeout, 1), 300))
        if place.rehearsal:
            return f"Rehearsal: {request.url} was not fetched."
        response = patiently(place.network, request)
        if response.status >= 400:
            raise NetworkError(f"{response.url} answered {response.status} {response.reason}")
        text = response.text()
        kind = response.headers.get("content-type", "")
        page = "html" in kind or text.lstrip()[:14].lower() == "<!doctype html"
        if page and mode != "html":
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


def check_known(context: Any, known: Iterable[str]) -> None:
    """Raise ValueError when a model gave an argument that there is not: what it meant would not happen."""
    given = context.tool_use["input"] if context is not None else {}
    unknown = [repr(name) for name in given if name not in (known := tuple(known))]
    if unknown:
        raise ValueError(f"there is no argument {', '.join(unknown)}; there are {', '.join(known)}")


def content(json_data: Any, body: Any) -> tuple[bytes | None, str]:
    """Return what to send and its kind: `json_data` as JSON; a body as it is, or as JSON when it is not text.

    Raises:
        ValueError: Both are given, or the value is not JSON.
    """
    if json_data is not None and body is not None:
        raise ValueError("give either json_data or body, not both")
    if json_data is not None or (body is not None and not isinstance(body, str)):
        value = body if json_data is None else json_data
        try:
            written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"what to send is not JSON: {error}") from None
        return written.encode("utf-8"), "application/json"
    if body is None:
        return None, ""
    return body.encode("utf-8"), "application/json" if writes_data(body) else "text/plain; charset=utf-8"


def with_query(url: URL, params: Mapping[str, Any] | None) -> URL:
    """Return a URL with parameters added: booleans and numbers as JSON has them, a list as the name again and again.

    What is null is left out.

    Raises:
        ValueError: A value is an object, or a list of lists or objects: there is no one way to write it.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in (params or {}).items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if each is not None:
                pairs.append((name, _parameter(name, each)))
    if not pairs:
        return url
    return URL(url.scheme, url.host, url.port, f"{url.target}{'&' if '?' in url.target else '?'}{urlencode(pairs)}")


def _parameter(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    raise ValueError(f"the parameter {name!r} is not a text, number, boolean or list of these; write it as a text")


def patiently(network: Network, request: HttpRequest) -> Response:
    """Send a request; where the server says that it is busy (429, 503), again, within the time of the request.

    It waits as long as Retry-After says. A 503 without it is taken to mean nothing was done only where doing it twice
    does no harm.
    """
    deadline = time.monotonic() + request.timeout
    for number in range(TRIES):
        left = deadline - time.monotonic()
        response = network.send(replace(request, timeout=max(left, 0.001)))
        wait = _wait(response, request.method, number)
        if wait is None or wait > deadline - time.monotonic() or number + 1 == TRIES:
            return response
        time.sleep(wait)
    raise AssertionError("unreachable")


def _wait(response: Response, method: str, number: int) -> float | None:
    """Return the seconds to wait before the next try; None when the answer stands."""
    after = response.headers.get("retry-after", "").strip()
    if response.status not in (429, 503):
        return None
    if not after:
        return 2.0**number if response.status == 429 or method in REPEATABLE else None
    if after.isdecimal():
        return float(after[:9])
    try:
        return max(parsedate_to_datetime(after).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return 2.0**number


def answered(response: Response, scrub: Callable[[str], str] | None = None) -> str:
    """Return a response as a model reads it; see `shown`.

    Raises:
        StatusError: The status is 400 or more.
    """
    text = shown(response, scrub)
    if response.status >= 400:
        raise StatusError(text)
    return text


class StatusError(NetworkError):
    """A server answered that it does not do what it was asked."""


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n[cut off after {MOST_TEXT:,} characters]"
