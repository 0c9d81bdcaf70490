"""Workflows as tools of an MCP server: over standard input and output, over HTTP, or within another application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands_cli.mcp_server.app import McpApp as McpApp
    from strands_cli.mcp_server.app import create_mcp_app as create_mcp_app

__all__ = ["McpApp", "create_mcp_app"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from strands_cli.mcp_server import app

    return getattr(app, name)
