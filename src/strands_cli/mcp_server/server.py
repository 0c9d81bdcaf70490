"""The MCP server itself: its tools, and the seal on what clients hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from strands_cli.callers.following import Following
from strands_cli.callers.questions import text_of, told_of
from strands_cli.callers.service import Service
from strands_cli.errors import StrandsError
from strands_cli.mcp_server import tools
from strands_cli.mcp_server.calls import WorkflowCalls
from strands_cli.mcp_server.client import name_of
from strands_cli.mcp_server.key import sealing_key
from strands_cli.mcp_server.results import error_result, result_of, text_result
from strands_cli.mcp_server.sdk import check_sdk

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel import Server
    from mcp_types import (
        CallToolRequestParams,
        CallToolResult,
        InputRequiredResult,
        ListToolsResult,
        PaginatedRequestParams,
    )

    from strands_cli.api.workflow import Workflow

NAME = "strands"
PATIENCE = 45.0
"""Seconds that a call waits for a person who answers elsewhere: clients give up after a minute."""

STATE_SECONDS = 7 * 24 * 3600.0
"""Seconds for which a client may go on with a call."""

_MOST_LISTED = 100

_INSTRUCTIONS = (
    "Each workflow is a tool. A run may stop and ask: show the user what is asked and bring the user's own answer, "
    "never one of yours. What has to be approved is decided by a person elsewhere."
)


def create_server(
    workflows: Mapping[str, Workflow],
    *,
    url: str = "",
    patience: float = PATIENCE,
    state_seconds: float = STATE_SECONDS,
    key: bytes | None = None,
) -> Server[Any]:
    """Return an MCP server, of the SDK's own kind, whose tools are workflows.

    Args:
        workflows: What it serves, by name.
        url: The address of the server at which people answer.
        patience: Seconds that a call waits for a person who answers there.
        state_seconds: Seconds for which a client may go on with a call.
        key: What seals the state that clients hold, 32 bytes or more; default: the user's own, from STRANDS_HOME.

    Raises:
        McpNotReadyError: The MCP SDK is missing or too old.
        AppError: Two workflows would be one tool.
        StorageError: The key cannot be read or written.
    """
    check_sdk()
    from mcp.server.lowlevel import Server
    from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity

    from strands._version import __version__

    desk = _Desk(tools.names_of(workflows), Service(workflows, url=url), patience)
    server: Server[Any] = Server(
        NAME,
        version=__version__,
        instructions=_INSTRUCTIONS,
        lifespan=desk.lifespan,
        on_list_tools=desk.list_tools,
        on_call_tool=desk.call_tool,
    )
    seal = RequestStateSecurity(keys=[key or sealing_key()], ttl=state_seconds, bind_principal=name_of, audience=NAME)
    server.middleware.append(RequestStateBoundary(seal, default_audience=NAME))
    return server


class _Desk:
    """Answers a server's requests."""

    def __init__(self, named: Mapping[str, Workflow], service: Service, patience: float) -> None:
        self._named = named
        self._service = service
        self._following = Following(service)
        self._calls = WorkflowCalls(service, self._following, patience=patience)

    @asynccontextmanager
    async def lifespan(self, _: Server[Any]) -> AsyncIterator[dict[str, Any]]:
        async with self._following:
            yield {}

    async def list_tools(
        self, context: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        from mcp_types import ListToolsResult

        found = [tools.workflow_tool(name, workflow) for name, workflow in self._named.items()]
        return ListToolsResult(tools=[*found, *tools.reading_tools()])

    async def call_tool(
        self, context: ServerRequestContext[Any, Any], params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        try:
            workflow = self._named.get(params.name)
            if workflow is not None:
                return await self._calls.call(context, workflow, params)
            return await self._read(params.name, params.arguments or {})
        except StrandsError as error:
            return error_result(error)

    async def _read(self, name: str, arguments: Mapping[str, Any]) -> CallToolResult:
        if name == tools.LIST_QUESTIONS:
            return await self._list_questions()
        if name == tools.SESSION_STATUS:
            report = await self._service.standing(str(arguments.get("session", "")))
            return result_of(self._service.url, report)
        if name == tools.SHOW_QUESTION:
            return await self._show_question(str(arguments.get("session", "")), str(arguments.get("question", "")))
        return text_result(f"There is no tool {name!r}.", is_error=True)

    async def _list_questions(self) -> CallToolResult:
        url = self._service.url
        found, more = await self._service.waiting(_MOST_LISTED)
        told = [
            told_of(url, report.session, each) | {"workflow": report.workflow}
            for report in found
            for each in report.questions
        ]
        first = told[:_MOST_LISTED]
        lines = [f"{each['session']} {each['id']}: {each['prompt']}" for each in first]
        more += len(told) - len(first)
        if more:
            lines.append(f"and {more} more")
        return text_result("\n".join(lines) or "No question waits for an answer.", {"questions": first})

    async def _show_question(self, session_id: str, key: str) -> CallToolResult:
        report = await self._service.standing(session_id)
        for question in report.questions:
            if question.id == key:
                return text_result(text_of(question), told_of(self._service.url, session_id, question))
        return text_result(f"Session {session_id!r} has no open question {key!r}.", is_error=True)


async def serve_stdio(server: Server[Any]) -> None:
    """Serve one client over standard input and output until it closes them."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
