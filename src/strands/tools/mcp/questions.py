"""A server's questions, with release 1 of the MCP SDK: it reads nothing else while it waits for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp import ClientSession


class ServerQuestions:
    """Takes questions out of what a server sends and answers them on the side, so that other calls can end meanwhile.

    Args:
        write: The stream to the server.
        callback: Answers a question, as the SDK calls it.
    """

    def __init__(self, write: Any, callback: Callable[..., Coroutine[Any, Any, Any]]) -> None:
        self.session: ClientSession | None = None
        self._write = write
        self._callback = callback
        self._answering: set[asyncio.Task[None]] = set()

    def take(self, item: Any) -> bool:
        """Return whether `item` is a question; it is answered then."""
        request = getattr(getattr(item, "message", None), "root", None)
        if getattr(request, "method", None) != "elicitation/create" or getattr(request, "id", None) is None:
            return False
        task = asyncio.ensure_future(self._answer(request))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return True

    def close(self) -> None:
        """Leave unanswered what has no answer yet."""
        for task in self._answering:
            task.cancel()

    async def _answer(self, request: Any) -> None:
        from mcp import types
        from mcp.shared import context as sdk
        from mcp.shared.message import SessionMessage

        reply: Any
        try:
            asked = types.ElicitRequest.model_validate({"method": request.method, "params": request.params})
            make_context: Any = getattr(sdk, "RequestContext")  # noqa: B009
            context = make_context(
                request_id=request.id, meta=asked.params.meta, session=self.session, lifespan_context=None
            )
            found = await self._callback(context, asked.params)
            if isinstance(found, types.ErrorData):
                reply = types.JSONRPCError(jsonrpc="2.0", id=request.id, error=found)
            else:
                result = found.model_dump(by_alias=True, mode="json", exclude_none=True)
                reply = types.JSONRPCResponse(jsonrpc="2.0", id=request.id, result=result)
        except Exception as error:
            wrong = types.ErrorData(code=types.INTERNAL_ERROR, message=f"{type(error).__name__}: {error}")
            reply = types.JSONRPCError(jsonrpc="2.0", id=request.id, error=wrong)
        make: Any = types.JSONRPCMessage
        await self._write.send(SessionMessage(make(reply)))
