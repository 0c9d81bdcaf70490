"""The shapes around an MCP client."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

if TYPE_CHECKING:
    from strands.types.tools import ToolResultContent, ToolResultStatus

MCPTransport: TypeAlias = AbstractAsyncContextManager[Any]
"""What a transport of the MCP SDK is: a context that yields the streams to read from and to write to."""

ToolMatcher: TypeAlias = "str | re.Pattern[str] | Callable[..., bool]"


class ToolFilters(TypedDict, total=False):
    """Which tools of a server are used: each by its name, a pattern of its whole name, or a function of the tool."""

    allowed: list[ToolMatcher]
    rejected: list[ToolMatcher]


class _MCPToolResultCore(TypedDict):
    toolUseId: str
    status: ToolResultStatus
    content: list[ToolResultContent]


class MCPToolResult(_MCPToolResultCore, total=False):
    """A tool result, with what an MCP server adds."""

    structuredContent: dict[str, Any]
    metadata: dict[str, Any]
    isError: bool


class _Credentials(TypedDict):
    client_id: str
    client_secret: str


class MCPClientCredentials(_Credentials, total=False):
    """OAuth client credentials of a program that talks to an MCP server.

    Attributes:
        client_id: Who asks.
        client_secret: The secret of the client.
        scopes: What it asks for; without them the server's own.
        issuer: The address of the authorization server that the secret is for; to no other it is sent.
    """

    scopes: list[str]
    issuer: str


class MCPServerConfig(TypedDict, total=False):
    """One server of an `mcpServers` configuration."""

    command: str
    args: list[str]
    env: dict[str, str]
    cwd: str
    url: str
    headers: dict[str, str]
    transport: str
    disabled: bool
    continue_on_error: bool
    prefix: str
    tool_filters: dict[str, list[str]]
    startup_timeout: float
    call_timeout: float
