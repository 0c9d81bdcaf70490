"""Ways to reach an MCP server, with the MCP SDK that is installed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from .mcp_types import MCPTransport


def chosen(
    transport: Callable[[], MCPTransport] | None, url: str | None, headers: dict[str, str] | None, auth: Any
) -> Callable[[], MCPTransport]:
    """Return what makes the transport.

    Raises:
        ImportError: The MCP SDK is not installed.
        ValueError: Neither or both are given, or HTTP options without a URL.
    """
    try:
        import mcp  # noqa: F401
    except ImportError as error:
        raise ImportError('MCPClient needs the MCP SDK: pip install "strands-cli[mcp]"') from error
    if (transport is None) == (url is None):
        raise ValueError("MCPClient needs either a transport, such as lambda: stdio_client(...), or a url=")
    if transport is not None:
        if headers is not None or auth is not None:
            raise ValueError("headers and auth_provider go with url=; a transport brings its own")
        return transport
    assert url is not None
    address = url
    return lambda: http(address, headers, auth)


@contextlib.asynccontextmanager
async def http(url: str, headers: dict[str, str] | None = None, auth: Any = None) -> AsyncIterator[Any]:
    """Connect to a streamable HTTP server."""
    from mcp.client import streamable_http as sdk

    if hasattr(sdk, "streamable_http_client"):
        make: Any = getattr(sdk, "create_mcp_http_client")  # noqa: B009
        async with make(headers=headers, auth=auth) as client, sdk.streamable_http_client(url, http_client=client) as s:
            yield s
    else:
        connect: Any = getattr(sdk, "streamablehttp_client")  # noqa: B009
        async with connect(url, headers=headers, auth=auth) as s:
            yield s


@contextlib.asynccontextmanager
async def sse(url: str, headers: dict[str, str] | None = None) -> AsyncIterator[Any]:
    """Connect to a server of the older HTTP transport."""
    from mcp.client.sse import sse_client

    async with sse_client(url, headers=headers) as streams:
        yield streams


def stdio(command: str, args: list[str], env: dict[str, str] | None, cwd: str | None) -> MCPTransport:
    """Start a server as a process of its own and talk to it over its standard streams."""
    from mcp import StdioServerParameters, stdio_client

    return stdio_client(StdioServerParameters(command=command, args=args, env=env, cwd=cwd))
