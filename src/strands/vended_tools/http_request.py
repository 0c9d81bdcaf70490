"""HTTP requests."""

from __future__ import annotations

from collections.abc import Coroutine
from threading import Event
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from strands.tools.decorator import DecoratedFunctionTool, tool
from strands.types.tools import ToolContext

if TYPE_CHECKING:
    import httpx

DEFAULT_TIMEOUT = 30.0
_LARGEST = 5_000_000
_DESCRIPTION = (
    "Make an HTTP request (GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS) and get the status, the headers and the body. "
    "An answer of 400 or more is an error."
)

HttpMethod = Literal["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]


class HttpRequestError(ValueError):
    """A request got no answer, or one of 400 or more, or cannot be made as asked."""


class HttpRequestOutput(TypedDict):
    """An answer.

    Attributes:
        status: The status.
        status_text: The status in words.
        headers: The headers, their names in lower case; the values of repeated ones on lines of their own.
        body: The body as text.
    """

    status: int
    status_text: str
    headers: dict[str, str]
    body: str


def make_http_request(
    *, name: str = "http_request", description: str = _DESCRIPTION, client: httpx.AsyncClient | None = None
) -> DecoratedFunctionTool[..., Coroutine[Any, Any, HttpRequestOutput]]:
    """Return a tool that makes HTTP requests; it follows no redirects unless the client does.

    Args:
        name: What a model calls it by.
        description: What a model is told about it.
        client: A client of your own, which stays open; a model can ask for a shorter time-out than it has, not for a
            longer one.
    """

    @tool(name=name, description=description, context=True)
    async def http_request_tool(
        method: HttpMethod,
        url: str,
        headers: dict[str, str] | None = None,
        body: str | None = None,
        timeout: float | None = None,
        tool_context: ToolContext[Any] | None = None,
    ) -> HttpRequestOutput:
        """Make an HTTP request.

        Args:
            method: The method.
            url: The whole URL.
            headers: Headers to send.
            body: What to send.
            timeout: Seconds to wait for a part of the answer.
        """
        import httpx

        if timeout is not None and not timeout > 0:
            raise HttpRequestError(f"timeout is {timeout}; give a positive number of seconds")
        used = client or httpx.AsyncClient(timeout=DEFAULT_TIMEOUT if timeout is None else timeout)
        try:
            bound = used.timeout.read
            wait = bound if timeout is None else timeout if bound is None else min(timeout, bound)
            request = used.build_request(method, url, headers=headers, content=body, timeout=wait)
            return await _answer(used, request, Event() if tool_context is None else tool_context.cancel_signal)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            said = error or type(error).__name__
            raise HttpRequestError(f"Request failed, nothing came back of {method} {url}: {said}") from error
        finally:
            if client is None:
                await used.aclose()

    return http_request_tool


http_request: DecoratedFunctionTool[..., Coroutine[Any, Any, HttpRequestOutput]] = make_http_request()
"""`make_http_request()`, ready to be given to an agent."""


async def _answer(client: httpx.AsyncClient, request: httpx.Request, stop: Event) -> HttpRequestOutput:
    if stop.is_set():
        raise HttpRequestError(f"the agent was cancelled before {request.url} was asked")
    reply = await client.send(request, stream=True)
    try:
        if reply.status_code >= 400:
            raise HttpRequestError(f"{request.method} {request.url}: HTTP {reply.status_code} {reply.reason_phrase}")
        body = bytearray()
        async for piece in reply.aiter_bytes():
            if stop.is_set():
                raise HttpRequestError(f"the agent was cancelled while {request.url} answered")
            body += piece
            if len(body) > _LARGEST:
                raise HttpRequestError(f"the answer of {request.url} is larger than {_LARGEST:,} bytes")
    finally:
        await reply.aclose()
    headers: dict[str, str] = {}
    for key, value in reply.headers.multi_items():
        headers[key.lower()] = f"{headers[key.lower()]}\n{value}" if key.lower() in headers else value
    return {
        "status": reply.status_code,
        "status_text": reply.reason_phrase,
        "headers": headers,
        "body": _text(bytes(body), reply.encoding),
    }


def _text(body: bytes, encoding: str | None) -> str:
    try:
        return body.decode(encoding or "utf-8", errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")
