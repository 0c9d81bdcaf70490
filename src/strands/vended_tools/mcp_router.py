"""MCP servers that a model connects to while it works, of those that it may."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from strands._threads import in_thread
from strands.tools.decorator import DecoratedFunctionTool, tool
from strands.types.tools import ToolContext

if TYPE_CHECKING:
    from strands.tools.mcp import MCPClient, MCPServerConfig

DEFAULT_MAX_CONNECTIONS = 10
_DESCRIPTION = (
    "Use MCP servers: connect to one under an id of your choice, list its tools, call them, disconnect. "
    "list_connections names what is connected."
)
_Connections = dict[str, "MCPClient"]


class MCPRouterToolError(RuntimeError):
    """A command lacks something, or names a server or connection that there is not."""


def make_mcp_router(
    *,
    servers: Mapping[str, MCPServerConfig],
    name: str = "mcp_router",
    description: str | None = None,
    max_connections: int = DEFAULT_MAX_CONNECTIONS,
) -> DecoratedFunctionTool[Any, Any]:
    """Return a tool by which a model connects to MCP servers; each agent has its own connections.

    A call that a server was lost in may have happened, and a server's questions go to a person, as with its own tools.
    A gate sees the calls of all servers as calls of this tool: the server's tool and its arguments are arguments of it.

    Args:
        servers: The servers it may use, by name, as in an `mcpServers` configuration.
        name: What a model calls it by.
        description: What a model is told about it; by default that and the names of the servers.
        max_connections: Connections that an agent may have at once.

    Raises:
        ValueError: There is no server, or `max_connections` is below 1.
    """
    if not servers:
        raise ValueError("servers must not be empty; name the servers that may be used")
    if max_connections < 1:
        raise ValueError(f"max_connections is {max_connections!r}; it must be 1 or more")
    told = description or f"{_DESCRIPTION} Servers: {', '.join(sorted(servers))}."
    of_agents: weakref.WeakKeyDictionary[Any, _Connections] = weakref.WeakKeyDictionary()
    lock = threading.Lock()

    def connections_of(agent: Any) -> _Connections:
        with lock:
            if agent not in of_agents:
                of_agents[agent] = {}
                weakref.finalize(agent, _close_all, of_agents[agent])
            return of_agents[agent]

    @tool(name=name, description=told, context=True)
    async def mcp_router_tool(
        command: Literal["connect", "list_connections", "list_tools", "call_tool", "disconnect"],
        tool_context: ToolContext[Any],
        connection_id: str | None = None,
        server_name: str | None = None,
        tool_name: str | None = None,
        arguments: dict[str, Any] | None = None,
    ) -> Any:
        """Use MCP servers.

        Args:
            command: What to do.
            connection_id: The connection; for all but list_connections.
            server_name: The server to connect to.
            tool_name: The tool to call.
            arguments: What to call it with.
        """
        connections = connections_of(tool_context.agent)
        if command == "list_connections":
            return ", ".join(sorted(connections)) or "none"
        id = _given("connection_id", connection_id, command)
        if command == "connect":
            server = _given("server_name", server_name, command)
            if server not in servers:
                raise MCPRouterToolError(f"{server!r} is not on the MCP server allowlist: {', '.join(sorted(servers))}")
            return await in_thread(lambda: _connect(connections, id, server, servers[server], max_connections, lock))
        client = connections.get(id)
        if client is None:
            raise MCPRouterToolError(f"there is no active connection {id!r}; there are: {', '.join(connections)}")
        if command == "list_tools":
            return await in_thread(lambda: _tools(client))
        if command == "disconnect":
            connections.pop(id, None)
            await in_thread(lambda: client.stop(None, None, None))
            return f"{id} is disconnected"
        called = _given("tool_name", tool_name, command)
        return await client.call_for_agent(tool_context.tool_use["toolUseId"], called, arguments, context=tool_context)

    return mcp_router_tool


def _given(name: str, value: str | None, command: str) -> str:
    if not value:
        raise MCPRouterToolError(f"{name} is needed to {command}")
    return value


def _connect(
    connections: _Connections, id: str, name: str, server: MCPServerConfig, most: int, lock: threading.Lock
) -> str:
    from strands.tools.mcp import MCPClient

    loaded = MCPClient.load_servers({"mcpServers": {name: cast("Any", server)}})
    if not loaded:
        raise MCPRouterToolError(f"{name!r} is disabled")
    client = loaded[0]
    with lock:
        if id in connections:
            raise MCPRouterToolError(f"the connection {id!r} already exists; disconnect it or take another id")
        if len(connections) >= most:
            raise MCPRouterToolError(
                f"the limit of {most} connections is reached; disconnect one: {sorted(connections)}"
            )
        connections[id] = client  # its place is taken while it connects
    try:
        client.start()
    except BaseException:
        connections.pop(id, None)
        raise
    return f"connected to {name} as {id}"


def _tools(client: MCPClient) -> list[dict[str, Any]]:
    """Return what the server's tools are called there, and what they take."""
    found: list[dict[str, Any]] = []
    token: str | None = None
    while True:
        page = client.list_tools_sync(token)
        found += [{**each.tool_spec, "name": each.mcp_tool.name} for each in page]
        token = page.pagination_token
        if token is None:
            return found


def _close_all(connections: _Connections) -> None:
    """Close what an agent that is gone had open, without holding up whoever collects it."""
    for client in list(connections.values()):
        threading.Thread(target=client.stop, args=(None, None, None), daemon=True).start()
    connections.clear()
