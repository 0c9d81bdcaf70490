"""What differs between releases of the MCP SDK, in one place: releases 1 and 2 are supported."""

from __future__ import annotations

import contextlib
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from .questions import ServerQuestions
from .unanswered import CONNECTION_CLOSED, always_answered

if TYPE_CHECKING:
    from mcp import ClientSession

logger: logging.Logger = logging.getLogger(__name__)

_GONE = ("not found", "terminated", "expired", "invalid", "unknown", "no valid")

Mode = Literal["auto", "legacy"]
"""`auto` asks the server for the newest protocol it speaks; `legacy` begins with the handshake of older ones."""


def modes() -> tuple[Mode, ...]:
    """Return the ways to greet a server that the installed SDK has, the best one first."""
    import mcp

    return ("auto", "legacy") if hasattr(mcp, "Client") else ("legacy",)


@contextlib.asynccontextmanager
async def session_over(
    transport: Callable[[], Any], options: Mapping[str, Any], mode: Mode, ended: Callable[[], None]
) -> AsyncIterator[ClientSession]:
    """Yield a session that has greeted its server.

    Args:
        transport: Makes the transport.
        options: Keyword arguments of the SDK's session.
        mode: How to greet.
        ended: Called when the server's side of the connection has ended.
    """
    import mcp

    if mode == "auto":
        async with mcp.Client(_pair(transport, ended), mode="auto", cache=None, **options) as client:
            yield client.session
        return
    async with _pair(transport, ended) as (read, write):
        questions = None if hasattr(mcp, "Client") else ServerQuestions(write, options["elicitation_callback"])
        if questions is not None:
            read.takes = questions.take
        async with mcp.ClientSession(read, write, **options) as session:
            if questions is not None:
                questions.session = session
            try:
                await session.initialize()
                yield session
            finally:
                if questions is not None:
                    questions.close()


@contextlib.asynccontextmanager
async def _pair(transport: Callable[[], Any], ended: Callable[[], None]) -> AsyncIterator[Any]:
    """Yield the two streams of a transport; some transports yield more."""
    import mcp

    async with transport() as streams:
        if hasattr(mcp, "Client"):
            yield _Watched(streams[0], ended), streams[1]
            return
        async with always_answered(streams[0], streams[1]) as (read, write):
            yield _Watched(read, ended), write


class _Watched:
    """A stream to read from that tells when it has ended.

    Attributes:
        takes: Whether a message is dealt with elsewhere.
    """

    def __init__(self, stream: Any, ended: Callable[[], None]) -> None:
        self.takes: Callable[[Any], bool] = lambda item: False
        self._stream = stream
        self._ended = ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def receive(self) -> Any:
        try:
            while self.takes(item := await self._stream.receive()):
                pass
            return _with_sound_tools(item)
        except Exception:
            self._ended()
            raise

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> Any:
        try:
            while self.takes(item := await self._stream.__anext__()):
                pass
            return _with_sound_tools(item)
        except (StopAsyncIteration, Exception):
            self._ended()
            raise

    async def __aenter__(self) -> _Watched:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)


def _with_sound_tools(item: Any) -> Any:
    """One tool that is not described as the protocol wants it must not spoil the list: it is left out, with a warning.

    The SDK would refuse the whole list.
    """
    message = getattr(item, "message", None)
    result = getattr(getattr(message, "root", message), "result", None)
    tools = result.get("tools") if isinstance(result, dict) else None
    if isinstance(result, dict) and isinstance(tools, list):
        result["tools"] = [tool for tool in tools if _is_sound(tool)]
    return item


def _is_sound(tool: Any) -> bool:
    schema = tool.get("inputSchema") if isinstance(tool, dict) else None
    if isinstance(schema, dict):
        schema.setdefault("type", "object")
        if schema["type"] == "object" and isinstance(tool.get("name"), str):
            return True
    name = tool.get("name") if isinstance(tool, dict) else None
    logger.warning("tool %r of an MCP server is left out: its input schema is not an object's", name)
    return False


async def list_tools(session: ClientSession, cursor: str | None) -> tuple[list[Any], str | None]:
    """Return one page of tools and the cursor of the next; a server that has none to offer has an empty page."""
    capabilities = getattr(session, "server_capabilities", None)
    if capabilities is None and hasattr(session, "get_server_capabilities"):
        capabilities = session.get_server_capabilities()
    if capabilities is not None and capabilities.tools is None:
        return [], None
    listed = await session.list_tools(**page(session.list_tools, cursor))
    following = listed.model_dump(by_alias=True).get("nextCursor")
    return list(listed.tools), str(following) if following else None


async def call_tool(
    session: ClientSession,
    name: str,
    arguments: dict[str, Any] | None,
    seconds: float | None,
    options: Mapping[str, Any],
    answers: Mapping[str, Any] | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Call a tool and return the result in its wire form.

    Args:
        session: The session.
        name: The tool.
        arguments: Its arguments.
        seconds: How long it may take.
        options: `meta` and `progress_callback`, where there are any.
        answers: What a server that needs input (protocol 2026-07-28) was answered, by the key of its request.
        state: What such a server wants back with the answers.

    Returns:
        The result, or, with `resultType` "input_required", what the server needs first.
    """
    more: dict[str, Any] = dict(options)
    if "allow_input_required" in inspect.signature(session.call_tool).parameters:
        more["allow_input_required"] = True
        if answers is not None or state is not None:
            more.update(input_responses=_responses(answers), request_state=state)
    try:
        result = await session.call_tool(name, arguments, read_timeout(seconds), **more)
    except Exception as error:
        if not _lists_headers_anew(error):
            raise
        await session.list_tools()  # learns the headers that the server wants with the arguments
        result = await session.call_tool(name, arguments, read_timeout(seconds), **more)
    found: dict[str, Any] = result.model_dump(by_alias=True, mode="json", exclude_none=True)
    return found


async def answered(session: ClientSession, wire: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of the session's own callbacks to what a server needs (protocol 2026-07-28)."""
    from mcp import types
    from mcp.client.session import ClientRequestContext

    answers = {}
    for key, request in (wire.get("inputRequests") or {}).items():
        if request.get("method") != "elicitation/create":
            raise ValueError(f"the server needs {request.get('method')!r}, which is not offered to it")
        context = ClientRequestContext(session=session, request_id=key, meta=None)
        found = await session.dispatch_input_request(context, types.ElicitRequest.model_validate(request))
        answers[key] = found.model_dump(by_alias=True, mode="json", exclude_none=True)
    return answers


def _responses(answers: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if answers is None:
        return None
    from mcp import types

    return {key: types.ElicitResult(**answer) for key, answer in answers.items()}


def _lists_headers_anew(error: Exception) -> bool:
    """Whether a server refused a call before it did anything, because of headers that its list of tools names."""
    try:
        from mcp.types import HEADER_MISMATCH
    except ImportError:
        return False
    return getattr(getattr(error, "error", None), "code", None) == HEADER_MISMATCH


def read_timeout(seconds: float | None) -> Any:
    """Return a time limit in the form that the installed SDK takes."""
    if seconds is None:
        return None
    from mcp import ClientSession

    annotation = str(inspect.signature(ClientSession.call_tool).parameters["read_timeout_seconds"].annotation)
    return timedelta(seconds=seconds) if "timedelta" in annotation else seconds


def page(method: Callable[..., Any], cursor: str | None) -> dict[str, Any]:
    """Return the arguments that ask `method` for the page at `cursor`."""
    if cursor is None:
        return {}
    if "params" not in inspect.signature(method).parameters:
        return {"cursor": cursor}
    from mcp.types import PaginatedRequestParams

    return {"params": PaginatedRequestParams(cursor=cursor)}


def uri(session: ClientSession, value: Any) -> Any:
    """Return an address in the form that the installed SDK takes."""
    if "AnyUrl" not in str(inspect.signature(session.read_resource).parameters["uri"].annotation):
        return str(value)
    from pydantic import AnyUrl

    return AnyUrl(str(value))


def is_tools_changed(message: Any) -> bool:
    """Whether a message of the server says that its list of tools has changed."""
    inner = getattr(message, "root", message)
    return getattr(inner, "method", None) == "notifications/tools/list_changed"


def is_session_gone(error: BaseException) -> bool:
    """Whether a server does not know the session any more, having begun anew: it did nothing that it was asked."""
    message = str(getattr(getattr(error, "error", None), "message", "")).lower()
    return "session" in message and any(word in message for word in _GONE)


def is_broken_off(error: BaseException) -> bool:
    """Whether the answer to a call broke off: it may have been carried out."""
    found = getattr(error, "error", None)
    words = ("Connection closed", "SSE stream")
    return getattr(found, "code", None) == CONNECTION_CLOSED and any(each in str(error) for each in words)


def said(error: BaseException) -> str:
    """Return what an error says; of a group, what its first one says."""
    nested = getattr(error, "exceptions", None)
    return said(nested[0]) if nested else f"{type(error).__name__}: {error}".rstrip(": ")
