"""The MCP SDK, which is an extra: servers need its release 2."""

from __future__ import annotations

from importlib.util import find_spec

from strands_cli.errors import StrandsError


class McpNotReadyError(StrandsError):
    """The MCP SDK is missing or too old for a server; nothing was started."""

    exit_code = 2


def check_sdk() -> None:
    """Check that the MCP SDK is here and can serve.

    Raises:
        McpNotReadyError: It cannot.
    """
    if find_spec("mcp") is None:
        raise McpNotReadyError(
            "an MCP server needs the MCP SDK, which is not installed",
            hint="Install it: pip install 'strands-cli[mcp]'.",
        )
    if find_spec("mcp.server.request_state") is None:
        raise McpNotReadyError(
            "an MCP server needs release 2 of the MCP SDK, and an older one is installed",
            hint="Install it: pip install -U 'mcp>=2'. (Clients of MCP servers work with both.)",
        )
