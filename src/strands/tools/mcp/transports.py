"""Ways to reach an MCP server, with the MCP SDK that is installed."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from .mcp_types import MCPTransport
from .sending import watched
from .server_errors import relayed

if TYPE_CHECKING:
    from .mcp_types import MCPClientCredentials


def chosen(
    transport: Callable[[], MCPTransport] | None,
    url: str | None,
    headers: dict[str, str] | None,
    credentials: MCPClientCredentials | None,
    auth: Any,
) -> Callable[[], MCPTransport]:
    """Return what makes the transport.

    Raises:
        ImportError: The MCP SDK is not installed.
        ValueError: Neither or both are given, HTTP options without a URL, or options that cannot be used.
    """
    try:
        from mcp.client.streamable_http import streamable_http_client  # noqa: F401
    except ImportError as error:
        raise ImportError(f'MCPClient needs {_needed()}: pip install -U "strands-cli[mcp]"') from error
    if (transport is None) == (not url):
        raise ValueError("MCPClient needs either a transport, such as lambda: stdio_client(...), or a url=")
    if transport is not None:
        if headers is not None or auth is not None or credentials is not None:
            raise ValueError("headers, auth and auth_provider require 'url'; a transport brings its own")
        return transport
    assert url is not None
    address = url
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"url is {address!r}; it must begin with http:// or https://")
    if credentials is not None:
        if auth is not None:
            raise ValueError("give auth= or auth_provider=, not both")
        auth = _of_credentials(address, credentials)
    return at(lambda: http(address, headers, auth), address)


def at(transport: Callable[[], MCPTransport], *place: str) -> Callable[[], MCPTransport]:
    """Note what a transport leads to: an address, or a command with its arguments."""
    transport.place = list(place)  # type: ignore[attr-defined]
    return transport


def _of_credentials(url: str, given: MCPClientCredentials) -> Any:
    """Return an authentication by OAuth client credentials.

    Raises:
        ValueError: Something is missing or of another type.
    """
    missing = [name for name in ("client_id", "client_secret") if name not in given]
    if missing:
        raise ValueError(f"auth lacks {' and '.join(missing)}")
    if not isinstance(given["client_id"], str) or not isinstance(given["client_secret"], str):
        raise ValueError("client_id and client_secret of auth must be strings")
    scopes: Any = given.get("scopes")
    if scopes is not None and not (isinstance(scopes, list) and all(isinstance(each, str) for each in scopes)):
        raise ValueError(f"scopes of auth is {scopes!r}; it must be a list of strings")
    scope = None if scopes is None else " ".join(scopes)
    return client_credentials(url, given["client_id"], given["client_secret"], scope, given.get("issuer"))


def _needed() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"the MCP SDK 1.24 or newer (mcp {version('mcp')} is installed)"
    except PackageNotFoundError:
        return "the MCP SDK"


@contextlib.asynccontextmanager
async def http(url: str, headers: dict[str, str] | None = None, auth: Any = None) -> AsyncIterator[Any]:
    """Connect to a streamable HTTP server."""
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    made = create_mcp_http_client(headers=headers, auth=auth)
    async with watched(made) as client, streamable_http_client(url, http_client=client) as streams:
        yield streams


@contextlib.asynccontextmanager
async def sse(url: str, headers: dict[str, str] | None = None, auth: Any = None) -> AsyncIterator[Any]:
    """Connect to a server of the older HTTP transport."""
    from mcp.client.sse import sse_client

    async with sse_client(url, headers=headers, auth=auth) as streams:
        yield streams


@contextlib.asynccontextmanager
async def stdio(
    command: str, args: list[str], env: dict[str, str] | None, cwd: str | None, name: str = "server"
) -> AsyncIterator[Any]:
    """Start a server as a process of its own and talk to it over its standard streams.

    A byte that is not UTF-8 spoils the message it stands in, and no other.
    """
    from mcp import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=command, args=args, env=env, cwd=cwd, encoding_error_handler="replace")
    with relayed(name) as errors:
        async with stdio_client(parameters, errlog=errors) as streams:
            yield streams


def client_credentials(
    url: str, client_id: str, client_secret: str, scope: str | None = None, issuer: str | None = None
) -> Any:
    """Return an authentication by OAuth client credentials; its tokens are kept in memory.

    Args:
        url: The address of the MCP server; it says where its authorization server is.
        client_id: Who asks.
        client_secret: The secret of the client.
        scope: The scopes to ask for, separated by spaces; None for the server's own.
        issuer: The address of the authorization server that the secret is for; to no other it is sent. With None the
            MCP server decides who gets it.

    Raises:
        ImportError: The installed MCP SDK cannot hold to an issuer.
    """
    from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider as Provider

    known = inspect.signature(Provider.__init__).parameters
    more: dict[str, Any] = {"scope" if "scope" in known else "scopes": scope}
    if issuer is not None:
        if "issuer" not in known:
            raise ImportError('issuer needs a newer MCP SDK: pip install -U "strands-cli[mcp]"')
        more["issuer"] = issuer

    class ForScope(Provider):
        """Asks for the scopes that were given; the SDK would ask for those that the server lists."""

        async def _perform_authorization(self) -> Any:
            if scope is not None:
                self.context.client_metadata.scope = scope
            return await super()._perform_authorization()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the SDK, that an issuer should be named
        return ForScope(
            server_url=url, storage=MemoryTokens(), client_id=client_id, client_secret=client_secret, **more
        )


class MemoryTokens:
    """Keeps the tokens of one server for as long as the client lives."""

    def __init__(self) -> None:
        self._tokens: Any = None
        self.client: Any = None

    async def get_tokens(self) -> Any:
        return self._tokens

    async def set_tokens(self, tokens: Any) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        self.client = client_info
