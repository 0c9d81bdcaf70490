"""Tools of MCP servers, through the official SDK. Needs the extra `mcp`: `pip install "strands-cli[mcp]"`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .mcp_agent_tool import MCPAgentTool as MCPAgentTool
    from .mcp_client import MCPClient as MCPClient
    from .mcp_types import MCPClientCredentials as MCPClientCredentials
    from .mcp_types import MCPServerConfig as MCPServerConfig
    from .mcp_types import MCPToolResult as MCPToolResult
    from .mcp_types import MCPTransport as MCPTransport
    from .mcp_types import ToolFilters as ToolFilters

_HOMES = {
    "MCPAgentTool": "mcp_agent_tool",
    "MCPClient": "mcp_client",
    "MCPClientCredentials": "mcp_types",
    "MCPServerConfig": "mcp_types",
    "MCPToolResult": "mcp_types",
    "MCPTransport": "mcp_types",
    "ToolFilters": "mcp_types",
}
__all__ = [
    "MCPAgentTool",
    "MCPClient",
    "MCPClientCredentials",
    "MCPServerConfig",
    "MCPToolResult",
    "MCPTransport",
    "ToolFilters",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
