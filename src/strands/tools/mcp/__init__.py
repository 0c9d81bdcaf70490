"""Tools of MCP servers, through the official SDK. Needs the extra `mcp`: `pip install "strands-cli[mcp]"`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from .mcp_agent_tool import MCPAgentTool as MCPAgentTool
    from .mcp_client import MCPClient as MCPClient
    from .mcp_types import MCPClientCredentials as MCPClientCredentials
    from .mcp_types import MCPServerConfig as MCPServerConfig
    from .mcp_types import MCPToolResult as MCPToolResult
    from .mcp_types import MCPTransport as MCPTransport
    from .mcp_types import ToolFilters as ToolFilters
else:
    __getattr__, __dir__ = lazy(__name__)
