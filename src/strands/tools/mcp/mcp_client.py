"""A client of one MCP server: a source of tools, prompts and resources."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands._threads import in_thread
from strands.tools.provider import ToolProvider
from strands.types.collections import PaginatedList
from strands.types.exceptions import MCPClientInitializationError, ToolProviderException

from . import sdk, transports
from .calls import Calls
from .connection import Connection
from .content import to_content
from .filters import passes
from .listing import all_pages, offered
from .mcp_agent_tool import MCPAgentTool
from .mcp_types import MCPClientCredentials, MCPToolResult, MCPTransport, ToolFilters
from .resources import PromptsAndResources
from .shared_connection import SharedConnection

if TYPE_CHECKING:
    from types import TracebackType

    from mcp import ClientSession

    from strands.types.tools import AgentTool, ToolContext

    from .resources import T

logger: logging.Logger = logging.getLogger(__name__)


class MCPClient(PromptsAndResources, ToolProvider):
    """Connects to an MCP server. Give it to an agent's `tools`, or open it with `with client:`.

    However many threads, tasks and agents use a client, it keeps one connection. When the server's side has ended, the
    next call connects anew; a call that failed is never repeated by itself.

    Args:
        transport_callable: Returns a transport of the MCP SDK, such as `lambda: stdio_client(parameters)`.
        url: The address of a streamable HTTP server, in place of a transport.
        headers: HTTP headers for `url`.
        auth: OAuth client credentials for `url`.
        auth_provider: An `httpx` authentication for `url`.
        startup_timeout: Seconds to connect and to list the tools in.
        call_timeout: Seconds that a call may take; None for as long as it takes.
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
        name: What the server is called in messages and questions; by default `application_name` or the address.

    Raises:
        ImportError: The MCP SDK is not installed.
        ValueError: Neither or both of a transport and a `url` are given, or `url` or `auth` cannot be used.
    """

    def __init__(
        self,
        transport_callable: Callable[[], MCPTransport] | None = None,
        *,
        url: str | None = None,
        headers: dict[str, str] | None = None,
        auth: MCPClientCredentials | None = None,
        auth_provider: Any = None,
        startup_timeout: float = 30,
        call_timeout: float | None = 300,
        tool_filters: ToolFilters | None = None,
        prefix: str | None = None,
        application_name: str | None = None,
        application_version: str | None = None,
        continue_on_error: bool = False,
        elicitation_callback: Callable[[Any, Any], Awaitable[Any]] | None = None,
        progress_callback: Callable[[float, float | None, str | None], Awaitable[None]] | None = None,
        trust_annotations: bool = False,
        meta: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        self._transport = transports.chosen(transport_callable, url, headers, auth, auth_provider)
        self.name: str = name or application_name or url or "server"
        self.client_name: str | None = application_name
        self.place: list[str] = getattr(self._transport, "place", [])  # what it leads to, as far as that is known
        self.continue_on_error = continue_on_error
        self.trust_annotations = trust_annotations
        self.connection_failed: bool = False
        self.version: int = 0
        self._version = application_version
        self._application = application_name
        self._startup_timeout = startup_timeout
        self._tool_filters = tool_filters
        self._prefix = prefix
        self._elicitation_callback = elicitation_callback
        self._calls = Calls(self.name, call_timeout, meta, progress_callback, asks=elicitation_callback is None)
        self._consumers: set[Any] = set()
        self._held = False  # opened by hand, so closed by hand
        self._tools: list[MCPAgentTool] | None = None
        self._listed_over: Connection | None = None
        self._shared = SharedConnection(self.name, self._transport, self._session_options, float(startup_timeout))

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

        return clients(config, continue_on_error, prefix_with_server_name, MCPClient)

    # Opening and closing

    def start(self) -> MCPClient:
        """Connect, unless it is connected; it stays so until `stop`, whatever agents use it meanwhile.

        Raises:
            MCPClientInitializationError: The server cannot be reached or does not answer.
        """
        with self._shared.lock:
            self._connect()
            self._held = True
        return self

    def _connect(self) -> Connection:
        try:
            connection = self._shared.open()
        except MCPClientInitializationError:
            self.connection_failed = True
            raise
        self.connection_failed = False
        anew, self._listed_over = self._listed_over not in (None, connection), connection
        if anew and self._tools is not None:
            self._list_soon()  # a server that began anew may have other tools
        return connection

    def stop(self, exc_type: Any = None, exc_val: Any = None, exc_tb: Any = None) -> None:
        """Disconnect; harmless when it is not connected."""
        with self._shared.lock:
            self._tools = None
            self._held = False
            self._shared.close()

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
        try:
            return await in_thread(self._loaded)
        except asyncio.CancelledError:
            self._shared.give_up()  # the thread that connects would go on until its time-out
            raise
        except Exception as error:
            if self.continue_on_error:
                self.connection_failed = True
                logger.warning("the tools of MCP server %r are missing: %s", self.name, error)
                return []
            raise ToolProviderException(str(error)) from error

    def _loaded(self) -> list[MCPAgentTool]:
        with self._shared.lock:
            if self._tools is None or self._shared.current is not self._listed_over:
                self._tools = None
                self._tools = self._all_tools()
            return self._tools

    def add_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        """Note that an agent uses it."""
        with self._shared.lock:
            self._consumers.add(consumer_id)

    def remove_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        """Note that an agent no longer uses it; the last one closes it, unless somebody else opened it."""
        with self._shared.lock:
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
        """Return one page of tools. Tools that cannot be offered to a model are left out, with a warning in the log.

        Args:
            pagination_token: The `pagination_token` of the page before; None for the first.
            prefix: In place of the client's; "" for none.
            tool_filters: In place of the client's; {} for none.
        """
        return self._page(self._open(), pagination_token, prefix, tool_filters)

    def _page(
        self,
        connection: Connection,
        token: str | None,
        prefix: str | None = None,
        tool_filters: ToolFilters | None = None,
        seconds: float | None = None,
        taken: set[str] | None = None,
    ) -> PaginatedList[MCPAgentTool]:
        future = connection.submit(lambda session: sdk.list_tools(session, token))
        try:
            found, cursor = future.result(self._startup_timeout if seconds is None else max(seconds, 0.0))
        except FutureTimeoutError:
            raise MCPClientInitializationError(
                f"MCP server {self.name!r} did not list its tools within {self._startup_timeout:g} seconds"
            ) from None
        filters = self._tool_filters if tool_filters is None else tool_filters
        names = offered(found, self._prefix if prefix is None else prefix, self.name, taken)
        tools = [MCPAgentTool(tool, self, name_override=name) for tool, name in names]
        return PaginatedList([tool for tool in tools if passes(tool, filters)], token=cursor)

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
            read_timeout_seconds: How long it may take; by default the client's `call_timeout`.

        Raises:
            MCPClientInitializationError: The client was never connected, and no agent has it.
        """
        self._shared.check_begun(used=self._held or bool(self._consumers))
        seconds = read_timeout_seconds.total_seconds() if read_timeout_seconds is not None else None
        try:
            return self._calls.direct(self._open(), tool_use_id, name, arguments, seconds).result()
        except Exception as error:
            return self._calls.failed(tool_use_id, name, error)

    async def call_tool_async(
        self,
        tool_use_id: str,
        name: str,
        arguments: dict[str, Any] | None = None,
        read_timeout_seconds: timedelta | None = None,
    ) -> MCPToolResult:
        """Call a tool of the server; as `call_tool_sync`."""
        self._shared.check_begun(used=self._held or bool(self._consumers))
        seconds = read_timeout_seconds.total_seconds() if read_timeout_seconds is not None else None
        try:
            connection = await in_thread(self._open)
            return await asyncio.wrap_future(self._calls.direct(connection, tool_use_id, name, arguments, seconds))
        except Exception as error:
            return self._calls.failed(tool_use_id, name, error)

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
            ToolCallLostError: The server's side ended during the call: it may have happened.
        """
        try:
            known = self._shared.current
            connection = known if known is not None else await in_thread(self._open)
        except Exception as error:
            return self._calls.failed(tool_use_id, name, error)
        seconds = timeout.total_seconds() if timeout is not None else None
        return await self._calls.for_agent(
            connection, tool_use_id, name, arguments, seconds, context, self._shared.older_protocol
        )

    async def relisted(self, name: str) -> Any:
        """Return a tool as the server lists it now, or None where the server no longer has it.

        Raises:
            MCPClientInitializationError: The server cannot be reached.
        """
        tools = await in_thread(self._all_tools)
        return next((tool.mcp_tool for tool in tools if tool.mcp_tool.name == name), None)

    # How it is done

    def _session_options(self) -> dict[str, Any]:
        from mcp import types

        async def ask(context: Any, params: Any) -> Any:
            connection = self._shared.current
            if connection is None:
                return types.ElicitResult(action="cancel")
            answer = await connection.desk.ask(params.model_dump(by_alias=True, mode="json"))
            return types.ElicitResult(**answer)

        async def heard(message: Any) -> None:
            if sdk.is_tools_changed(message) and self._tools is not None:
                self._list_soon()

        options: dict[str, Any] = {"elicitation_callback": self._elicitation_callback or ask, "message_handler": heard}
        if self._application is not None:
            options["client_info"] = types.Implementation(name=self._application, version=self._version or "0")
        return options

    def _list_soon(self) -> None:
        threading.Thread(target=self._list_anew, name=f"strands-mcp-list-{self.name}", daemon=True).start()

    def _list_anew(self) -> None:
        """The server's tools have changed: agents get the new ones at their next call of a model."""
        try:
            tools = self._all_tools()
        except Exception as error:
            logger.warning("the tools of MCP server %r have changed and cannot be listed: %s", self.name, error)
            return
        with self._shared.lock:
            if self._tools is not None:
                self._tools = tools
                self.version += 1

    def current_tools(self) -> Sequence[AgentTool]:
        """Return the tools as they were listed last."""
        return self._tools or ()

    def _all_tools(self) -> list[MCPAgentTool]:
        try:
            return self._listed_by(self._connect())
        except Exception as error:
            if not sdk.is_session_gone(error):
                raise
            return self._listed_by(self._connect())

    def _listed_by(self, connection: Connection) -> list[MCPAgentTool]:
        taken = set[str]()

        def page(token: str | None, seconds: float) -> PaginatedList[MCPAgentTool]:
            return self._page(connection, token, seconds=seconds, taken=taken)

        return all_pages(page, self._startup_timeout, self.name)

    def _ask(self, work: Callable[[ClientSession], Coroutine[Any, Any, T]]) -> T:
        return self._open().submit(work).result(self._calls.seconds)

    def _open(self) -> Connection:
        """Return the connection; one whose server's side has ended is made anew, one that was never made is not."""
        known = self._shared.current
        if known is not None:
            return known
        self._shared.check_begun(used=self._held or bool(self._consumers))
        return self._connect()

    def map_mcp_content_to_tool_result_content(self, content: Any) -> Any:
        """Return one block of an MCP result as content of a tool result, or None."""
        return to_content(content.model_dump(by_alias=True, mode="json"))


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
