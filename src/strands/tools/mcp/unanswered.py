"""Requests over HTTP whose answer broke off, with release 1 of the MCP SDK: it says so to nobody, so they would wait.

Newer releases answer such a request with an error themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from .sending import CURRENT, Sending

CONNECTION_CLOSED = -32000
BROKE_OFF = "the server's SSE stream or response ended without a result"


@contextlib.asynccontextmanager
async def always_answered(read: Any, write: Any) -> AsyncIterator[tuple[Any, Any]]:
    """Yield the two streams of a transport such that each request gets an answer or an error.

    Args:
        read: What the server sends.
        write: What is sent to it.
    """
    import anyio

    sender, receiver = anyio.create_memory_object_stream[Any](0)
    requests = _Requests(write, sender)
    passing = asyncio.ensure_future(requests.pass_on(read))
    try:
        yield receiver, requests
    finally:
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
        await sender.aclose()
        await receiver.aclose()


class _Requests:
    """The stream to write to; it knows which requests have no answer yet.

    The SDK sends each HTTP request in a task of its own, which also takes an interrupted answer up again. When that
    task has ended, nothing more will come.
    """

    def __init__(self, write: Any, sender: Any) -> None:
        self._write = write
        self._sender = sender
        self._open: set[Any] = set()
        self._telling: set[asyncio.Future[None]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._write, name)

    async def __aenter__(self) -> _Requests:
        await self._write.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._write.__aexit__(*error)

    async def send(self, item: Any) -> None:
        """Send a message; a request is followed."""
        request = item.message.root
        if getattr(request, "method", None) is not None and getattr(request, "id", None) is not None:
            self._open.add(request.id)
            item.message = _Followed(item.message, self, CURRENT.get())
        await self._write.send(item)

    async def pass_on(self, read: Any) -> None:
        """Hand on what the server sends, until it ends."""
        async with read, self._sender:
            async for item in read:
                answer = getattr(getattr(item, "message", None), "root", None)
                if getattr(answer, "method", None) is None:
                    self._open.discard(_number(getattr(answer, "id", None)))
                await self._sender.send(item)

    def ended(self, id: Any) -> None:
        """Answer a request with an error, unless the server has answered it."""
        if id in self._open:
            self._open.discard(id)
            telling = asyncio.ensure_future(self._tell(id))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)

    async def _tell(self, id: Any) -> None:
        import anyio
        from mcp import types
        from mcp.shared.message import SessionMessage

        wrong = types.ErrorData(code=CONNECTION_CLOSED, message=BROKE_OFF)
        make: Any = types.JSONRPCMessage
        message = SessionMessage(make(types.JSONRPCError(jsonrpc="2.0", id=id, error=wrong)))
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await self._sender.send(message)


class _Followed:
    """A request that notes which task sends it: over HTTP, the one that turns it into data."""

    def __init__(self, message: Any, requests: _Requests, sending: Sending | None) -> None:
        self.root = message.root
        self._message = message
        self._requests = requests
        self._sending = sending

    def __getattr__(self, name: str) -> Any:
        return getattr(self._message, name)

    def model_dump(self, **options: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        CURRENT.set(self._sending)
        id = self.root.id
        task.add_done_callback(lambda ended: self._requests.ended(id))
        return self._message.model_dump(**options)


def _number(id: Any) -> Any:
    """Return an id as the SDK reads it: it sends numbers, and takes their digits for them."""
    return int(id) if isinstance(id, str) and id.isdecimal() else id
