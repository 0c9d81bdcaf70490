"""Calls of the tools of one MCP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from strands._threads import in_thread
from strands.interrupt import InterruptException
from strands.types.exceptions import ToolCallLostError

from . import sdk
from .connection import Connection, ConnectionLost
from .content import tool_result
from .elicitation import ServerCall
from .sending import CURRENT, Sending
from .unanswered import CONNECTION_CLOSED

if TYPE_CHECKING:
    from mcp import ClientSession

    from strands.types.tools import ToolContext

    from .mcp_types import MCPToolResult

ROUNDS = 20
"""How often one call may say that it needs more input."""
_CANCEL_POLL = 0.1
"""Seconds between two looks at whether the agent was cancelled."""
_REQUEST_TIMEOUT = -32001
_URL_NEEDED = -32042
NOT_REACHED = "the server cannot be reached, so nothing was run: check that it is up; the next call connects anew"
_MAY_HAVE_HAPPENED = "it may have been carried out all the same"


class Calls:
    """Makes the calls, and says what went wrong.

    Args:
        server: What the server is called in messages.
        seconds: How long a call may take; None for as long as it takes.
        meta: Sent along with each call, or None.
        progress: Told how far a call has come, or None.
        asks: Whether the server's questions go to a person.
    """

    def __init__(self, server: str, seconds: float | None, meta: Any, progress: Any, *, asks: bool) -> None:
        self.seconds = seconds
        self._server = server
        self._asks = asks
        self._options: dict[str, Any] = {"meta": meta} if meta is not None else {}
        if progress is not None:
            self._options["progress_callback"] = progress

    def direct(
        self, connection: Connection, id: str, name: str, arguments: dict[str, Any] | None, seconds: float | None
    ) -> Future[MCPToolResult]:
        """Call a tool outside of an agent: nobody can be asked."""
        return self._submit(connection, id, name, arguments, seconds, ServerCall(None, self._server))

    async def for_agent(
        self,
        connection: Connection,
        id: str,
        name: str,
        arguments: dict[str, Any] | None,
        seconds: float | None,
        context: ToolContext[Any] | None,
        older: Callable[[Connection], Connection],
    ) -> MCPToolResult:
        """Call a tool for an agent's call.

        `older` returns a connection of an older protocol in place of one over which a server cannot ask: a tool may be
        written for the older way to ask although its server speaks the newest protocol.

        Raises:
            InterruptException: A person has to answer first.
            ToolCallLostError: The server's side ended during the call: it may have happened.
        """
        call = ServerCall(context if self._asks else None, self._server)
        call.go_on()  # a question without an answer stops the call before the server hears of it
        result = await self._tried(connection, id, name, arguments, seconds, call, context)
        if connection.mode == "auto" and _needs_back_channel(result):
            connection = await in_thread(partial(older, connection))
            result = await self._tried(connection, id, name, arguments, seconds, call, context)
        while call.again and call.interrupt is None:
            result = await self._tried(connection, id, name, arguments, seconds, call, context)
        if call.interrupt is not None:
            raise call.interrupt
        return result

    async def _tried(
        self,
        connection: Connection,
        id: str,
        name: str,
        arguments: dict[str, Any] | None,
        seconds: float | None,
        call: ServerCall,
        context: ToolContext[Any] | None,
    ) -> MCPToolResult:
        sending = Sending()
        try:
            future = self._submit(connection, id, name, arguments, seconds, call, sending)
            return await self._until_cancelled(future, id, name, context)
        except Exception as error:
            if _is_lost(error, connection):
                connection.lost = True
                if sending.in_vain:
                    return self.failed(id, name, ConnectionError(NOT_REACHED))
                why = f"MCP server {self._server!r} ended during the call of {name!r}: {sdk.said(error)}"
                raise ToolCallLostError(why) from error
            return self.failed(id, name, error)

    def failed(self, id: str, name: str, error: BaseException) -> MCPToolResult:
        """Return what went wrong as an error result."""
        text = f"Tool {name!r} of MCP server {self._server!r} failed: {_said(error)}"
        return {"toolUseId": id, "status": "error", "content": [{"text": text}], "isError": True}

    async def _until_cancelled(
        self, future: Future[MCPToolResult], id: str, name: str, context: ToolContext[Any] | None
    ) -> MCPToolResult:
        waiting = asyncio.wrap_future(future)
        try:
            while not (await asyncio.wait({waiting}, timeout=_CANCEL_POLL))[0]:
                if context is not None and context.cancel_signal.is_set():
                    return self.failed(
                        id, name, RuntimeError(f"cancelled while it was under way; {_MAY_HAVE_HAPPENED}")
                    )
            return waiting.result()
        finally:
            waiting.cancel()

    def _submit(
        self,
        connection: Connection,
        id: str,
        name: str,
        arguments: dict[str, Any] | None,
        seconds: float | None,
        call: ServerCall,
        sending: Sending | None = None,
    ) -> Future[MCPToolResult]:
        limit = self.seconds if seconds is None else seconds

        async def work(session: ClientSession) -> MCPToolResult:
            CURRENT.set(sending)  # for this task and what it sends
            async with connection.desk.present(call):
                made = self._made(session, name, arguments, limit, call)
                wire = await (made if limit is None else asyncio.wait_for(made, limit + 1))
                return tool_result(id, wire)

        return connection.submit(work)

    async def _made(
        self, session: ClientSession, name: str, arguments: dict[str, Any] | None, limit: float | None, call: ServerCall
    ) -> dict[str, Any]:
        """Make the call, with the answers to what the server needs; every answer is a person's."""
        answers, state, number = call.answers, call.state, call.rounds
        while True:
            try:
                wire = await sdk.call_tool(session, name, arguments, limit, self._options, answers, state)
            except Exception as error:
                if number >= ROUNDS or not call.visited(_addresses(error)):
                    raise
                number += 1
                continue
            if wire.get("resultType") != "input_required":
                return wire
            number += 1
            if number > ROUNDS:
                raise RuntimeError(f"it needed more input {ROUNDS} times")
            try:
                if self._asks:
                    answers, state = call.ask_round(wire, number)
                else:
                    answers, state = await sdk.answered(session, wire), wire.get("requestState")
            except InterruptException as raised:
                call.interrupt = raised
                return {}
            if not answers:
                await asyncio.sleep(min(0.05 * 2**number, 1.0))  # it needs time, and nothing else


def _needs_back_channel(result: MCPToolResult) -> bool:
    """Whether a call stopped because its tool wanted to ask in the way of older protocols (words of the MCP SDK)."""
    texts = [str(each.get("text", "")) for each in result["content"]] if result["status"] == "error" else []
    return any("'elicitation/create'" in text and "back-channel" in text for text in texts)


def _addresses(error: Exception) -> list[dict[str, Any]]:
    """Return the addresses that a person has to visit before the call can be made, of protocol 2025-11-25."""
    found = getattr(error, "error", None)
    if getattr(found, "code", None) != _URL_NEEDED:
        return []
    data = getattr(found, "data", None)
    return list(data.get("elicitations", ())) if isinstance(data, dict) else []


def _is_lost(error: Exception, connection: Connection) -> bool:
    """Whether the server's side ended after the call was sent."""
    if isinstance(error, ConnectionLost):
        return True
    if getattr(getattr(error, "error", None), "code", None) == CONNECTION_CLOSED:
        return connection.lost or sdk.is_broken_off(error)
    return type(error).__module__.split(".")[0] in ("anyio", "httpx", "httpx2", "httpcore") and "Connect" not in repr(
        error
    )


def _said(error: BaseException) -> str:
    found = getattr(error, "error", None)
    code = getattr(found, "code", None)
    if sdk.is_session_gone(error):
        return f"{sdk.said(error)}; the server has begun anew and nothing was run: the next call begins a new session"
    if isinstance(error, asyncio.TimeoutError) or code in (_REQUEST_TIMEOUT, 408):
        return f"no answer in time; {_MAY_HAVE_HAPPENED}"
    text = sdk.said(error)
    addresses = _addresses(error) if isinstance(error, Exception) else []
    if addresses:
        text += " " + json.dumps([{key: each.get(key) for key in ("message", "url")} for each in addresses])
    return text
