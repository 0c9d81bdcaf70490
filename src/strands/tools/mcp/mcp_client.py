"""A client of one MCP server: a source of tools, prompts and resources."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strands.tools.provider import ToolProvider
from strands.types.collections import PaginatedList
from strands.types.exceptions import MCPClientInitializationError, ToolProviderException

from . import transports
from .connection import Connection, page, read_timeout
from .content import to_content, tool_result
from .elicitation import Call
from .filters import passes
from .mcp_agent_tool import MCPAgentTool
from .mcp_types import MCPToolResult, MCPTransport, ToolFilters

if TYPE_CHECKING:
    from types import TracebackType

    from mcp import ClientSession

    from strands.types.tools import AgentTool, ToolContext


class MCPClient(ToolProvider):
    """Connects to an MCP server. Give it to an agent's `tools`, or open it with `with client:`.

    Args:
        transport_callable: Returns a transport of the MCP SDK, such as `lambda: stdio_client(parameters)`.
        url: The address of a streamable HTTP server, in place of a transport.
        headers: HTTP headers for `url`.
        auth_provider: An `httpx` authentication for `url`.
        startup_timeout: Seconds to connect in.
        tool_filters: Which tools an agent gets.
        prefix: Put before the name of each tool, with an underscore.
        application_name: What the server is told of who is calling.
        application_version: The version it is told.
        continue_on_error: An agent whose server cannot be reached goes without these tools.
        elicitation_callback: Answers the server's questions; by default they become interrupts of the agent.
        progress_callback: Told how far a call has come.
        trust_annotations: Believe the server when it calls a tool read-only or idempotent; a call of such a tool that
            was cut off is made again without asking.
        meta: Sent along with each call.

    Raises:
        ImportError: The MCP SDK is not installed.
        ValueError: Neither or both of a transport and a `url` are given.
    """

    def __init__(
        self,
        transport_callable: Callable[[], MCPTransport] | None = None,
        *,
        url: str | None = None,
        headers: dict[str, str] | None = None,
        auth_provider: Any = None,
        startup_timeout: int = 30,
        tool_filters: ToolFilters | None = None,
        prefix: str | None = None,
        application_name: str | None = None,
        application_version: str | None = None,
        continue_on_error: bool = False,
        elicitation_callback: Any = None,
        progress_callback: Any = None,
        trust_annotations: bool = False,
        meta: dict[str, Any] | None = None,
    ) -> None:
        self._transport = transports.chosen(transport_callable, url, headers, auth_provider)
        self.client_name = application_name or url or "server"
        self.continue_on_error = continue_on_error
        self.trust_annotations = trust_annotations
        self.connection_failed = False
        self._version = application_version
        self._identifies = application_name is not None
        self._startup_timeout = startup_timeout
        self._tool_filters = tool_filters
        self._prefix = prefix
        self._elicitation_callback = elicitation_callback
        self._progress_callback = progress_callback
        self._meta = meta
        self._connection: Connection | None = None
        self._consumers: set[Any] = set()
        self._held = False  # opened by hand, so closed by hand
        self._tools: list[MCPAgentTool] | None = None

    @staticmethod
    def load_servers(
        config: str | dict[str, Any], *, continue_on_error: bool = False, prefix_with_server_name: bool = False
    ) -> list[MCPClient]:
        """Return a client for each server of an `mcpServers` configuration.

        Args:
            config: The configuration, or the path of a JSON file that holds it.
            continue_on_error: Used for servers that do not say.
            prefix_with_server_name: Prefix the tools of each server with its name, where it names no prefix.

        Raises:
            ValueError: The configuration is not of the known form; the message names the place.
        """
        from .config import clients

        return clients(config, continue_on_error, prefix_with_server_name)

    # Opening and closing

    def start(self) -> MCPClient:
        """Connect, unless it is connected; it stays so until `stop`, whatever agents use it meanwhile.

        Raises:
            MCPClientInitializationError: The server cannot be reached or does not answer.
        """
        self._connect()
        self._held = True
        return self

    def _connect(self) -> None:
        if self._connection is None or not self._connection.is_open:
            connection = Connection(self.client_name, self._transport, {})
            connection.set_options(self._session_options(connection))
            try:
                connection.open(self._startup_timeout)
            except MCPClientInitializationError:
                self.connection_failed = True
                raise
            self.connection_failed = False
            self._connection = connection

    def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Disconnect; harmless when it is not connected."""
        connection, self._connection = self._connection, None
        self._tools = None
        self._held = False
        if connection is not None:
            connection.close()

    def __enter__(self) -> MCPClient:
        return self.start()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.stop(exc_type, exc_val, exc_tb)

    async def load_tools(self, **kwargs: Any) -> Sequence[AgentTool]:
        """Connect if need be and return the tools that the filters let through.

        Raises:
            ToolProviderException: The server cannot be reached, and `continue_on_error` is not set.
        """
        if self._tools is None:
            try:
                self._tools = await asyncio.to_thread(self._all_tools)
            except Exception as error:
                if self.continue_on_error:
                    self.connection_failed = True
                    return []
                raise ToolProviderException(str(error)) from error
        return self._tools

    def add_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        """Note that an agent uses it."""
        self._consumers.add(consumer_id)

    def remove_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        """Note that an agent no longer uses it; the last one closes it, unless somebody else opened it."""
        self._consumers.discard(consumer_id)
        if not self._consumers and not self._held:
            self.stop()

    # What the server offers

    def list_tools_sync(
        self,
        pagination_token: str | None = None,
        prefix: str | None = None,
        tool_filters: ToolFilters | None = None,
    ) -> PaginatedList[MCPAgentTool]:
        """Return one page of tools.

        Args:
            pagination_token: The `pagination_token` of the page before; None for the first.
            prefix: In place of the client's; "" for none.
            tool_filters: In place of the client's; {} for none.
        """
        listed = self._ask(lambda session: session.list_tools(**page(session.list_tools, pagination_token)))
        effective = self._prefix if prefix is None else prefix
        filters = self._tool_filters if tool_filters is None else tool_filters
        tools = [
            MCPAgentTool(tool, self, name_override=f"{effective}_{tool.name}" if effective else None)
            for tool in listed.tools
        ]
        return PaginatedList([tool for tool in tools if passes(tool, filters)], token=_next_cursor(listed))

    def list_prompts_sync(self, pagination_token: str | None = None) -> Any:
        """Return one page of prompts, as the MCP SDK has them."""
        return self._ask(lambda session: session.list_prompts(**page(session.list_prompts, pagination_token)))

    def get_prompt_sync(self, prompt_id: str, args: dict[str, Any]) -> Any:
        """Return a prompt, as the MCP SDK has it."""
        return self._ask(lambda session: session.get_prompt(prompt_id, arguments=args))

    def list_resources_sync(self, pagination_token: str | None = None) -> Any:
        """Return one page of resources, as the MCP SDK has them."""
        return self._ask(lambda session: session.list_resources(**page(session.list_resources, pagination_token)))

    def read_resource_sync(self, uri: Any) -> Any:
        """Return a resource, as the MCP SDK has it."""
        return self._ask(lambda session: session.read_resource(transports.uri(session, uri)))

    def list_resource_templates_sync(self, pagination_token: str | None = None) -> Any:
        """Return one page of resource templates, as the MCP SDK has them."""
        return self._ask(
            lambda session: session.list_resource_templates(**page(session.list_resource_templates, pagination_token))
        )

    def call_tool_sync(
        self,
        tool_use_id: str,
        name: str,
        arguments: dict[str, Any] | None = None,
        read_timeout_seconds: timedelta | None = None,
    ) -> MCPToolResult:
        """Call a tool of the server by its name there; what goes wrong becomes an error result.

        Args:
            tool_use_id: The id that the result gets.
            name: The tool.
            arguments: Its arguments.
            read_timeout_seconds: How long it may take.
        """
        try:
            return self._submit_call(tool_use_id, name, arguments, read_timeout_seconds, None).result()
        except Exception as error:
            return self._error(tool_use_id, name, error)

    async def call_tool_async(
        self,
        tool_use_id: str,
        name: str,
        arguments: dict[str, Any] | None = None,
        read_timeout_seconds: timedelta | None = None,
    ) -> MCPToolResult:
        """Call a tool of the server; as `call_tool_sync`."""
        return await self.call_for_agent(tool_use_id, name, arguments, timeout=read_timeout_seconds)

    async def call_for_agent(
        self,
        tool_use_id: str,
        name: str,
        arguments: dict[str, Any] | None,
        *,
        timeout: timedelta | None = None,
        context: ToolContext[Any] | None = None,
    ) -> MCPToolResult:
        """Call a tool for an agent's call; a question of the server that nobody answered yet interrupts it.

        Raises:
            InterruptException: A person has to answer first.
        """
        call = Call(context, self.client_name) if context is not None and self._asks_people else None
        try:
            result = await asyncio.wrap_future(self._submit_call(tool_use_id, name, arguments, timeout, call))
            while call is not None and call.again and call.interrupt is None:
                result = await asyncio.wrap_future(self._submit_call(tool_use_id, name, arguments, timeout, call))
        except Exception as error:
            result = self._error(tool_use_id, name, error)
        if call is not None and call.interrupt is not None:
            raise call.interrupt
        return result

    async def relisted(self, name: str) -> Any:
        """Return a tool as the server lists it now, or None where it cannot be found out."""
        try:
            tools = await asyncio.to_thread(self._all_tools)
        except Exception:
            return None  # a call will say what is wrong
        return next((tool.mcp_tool for tool in tools if tool.mcp_tool.name == name), None)

    # How it is done

    @property
    def _asks_people(self) -> bool:
        return self._elicitation_callback is None

    def _submit_call(
        self,
        tool_use_id: str,
        name: str,
        arguments: dict[str, Any] | None,
        timeout: timedelta | None,
        call: Call | None,
    ) -> Future[MCPToolResult]:
        connection = self._open()
        more: dict[str, Any] = {"meta": self._meta} if self._meta is not None else {}
        if self._progress_callback is not None:
            more["progress_callback"] = self._progress_callback
        seconds = timeout.total_seconds() if timeout is not None else None

        async def work(session: ClientSession) -> MCPToolResult:
            async def made() -> MCPToolResult:
                result = await session.call_tool(name, arguments, read_timeout(seconds), **more)
                return tool_result(tool_use_id, result.model_dump(by_alias=True, mode="json"))

            if call is None:
                return await made()
            async with connection.desk.present(call):
                return await made()

        return connection.submit(work)

    def _session_options(self, connection: Connection) -> dict[str, Any]:
        from mcp import types

        async def ask(context: Any, params: Any) -> Any:
            answer = await connection.desk.ask(params.model_dump(by_alias=True, mode="json"))
            return types.ElicitResult(**answer)

        options: dict[str, Any] = {"elicitation_callback": self._elicitation_callback or ask}
        if self._identifies:
            options["client_info"] = types.Implementation(name=self.client_name, version=self._version or "0")
        return options

    def _all_tools(self) -> list[MCPAgentTool]:
        self._connect()
        tools: list[MCPAgentTool] = []
        token: str | None = None
        while True:
            found = self.list_tools_sync(token)
            tools += found
            token = found.pagination_token
            if token is None:
                return tools

    def _ask(self, work: Callable[[ClientSession], Any]) -> Any:
        return self._open().submit(work).result()

    def _open(self) -> Connection:
        if self._connection is None:
            raise MCPClientInitializationError(
                f"MCP server {self.client_name!r} is not connected; use `with client:` or give it to an agent's tools"
            )
        return self._connection

    def _error(self, tool_use_id: str, name: str, error: Exception) -> MCPToolResult:
        text = f"Tool {name!r} of MCP server {self.client_name!r} failed: {type(error).__name__}: {error}"
        return {"toolUseId": tool_use_id, "status": "error", "content": [{"text": text}], "isError": True}

    def map_mcp_content_to_tool_result_content(self, content: Any) -> Any:
        """Return one block of an MCP result as content of a tool result, or None."""
        return to_content(content.model_dump(by_alias=True, mode="json"))


def _next_cursor(listed: Any) -> str | None:
    cursor = listed.model_dump(by_alias=True).get("nextCursor")
    return str(cursor) if cursor else None
