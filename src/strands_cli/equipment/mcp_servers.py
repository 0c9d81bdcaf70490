"""MCP servers of a spec: started before the run, their tools handed to agents, stopped after it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError, ProviderNotReadyError

if TYPE_CHECKING:
    from strands_cli.equipment.vault import Vault
    from strands_cli.spec.root import Spec
    from strands_cli.spec.tools import McpServer


async def connect(server: McpServer, spec: Spec, vault: Vault) -> tuple[Any, list[Any]]:
    """Start or reach a server.

    Returns:
        The connection, for `disconnect`, and its tools.

    Raises:
        ProviderNotReadyError: MCP is not installed.
        ExecutionError: The server cannot be used.
    """
    _refuse_network(server, spec)
    try:
        from strands.tools.mcp import MCPClient  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ProviderNotReadyError(
            f"mcp server {server.id!r} needs a package that is not installed",
            hint="Install it: pip install 'strands-cli[mcp]'; or rehearse without: --offline.",
        ) from error
    transport = _transport(server, spec, vault)
    client = MCPClient(transport, startup_timeout=int(server.startup_timeout or 30), prefix=server.prefix)
    client.add_consumer(server.id)
    try:
        tools = list(await client.load_tools())
    except Exception as error:
        await disconnect(client)
        cause = vault.scrub(str(error)) or type(error).__name__
        raise ExecutionError(
            f"mcp server {server.id!r} cannot be used: {cause}",
            hint="Check tools.mcp of the spec; run its command by hand to see what it says.",
        ) from None
    return client, tools


async def disconnect(client: Any) -> None:
    """Stop a server."""
    import asyncio

    await asyncio.to_thread(client.stop, None, None, None)


def _refuse_network(server: McpServer, spec: Spec) -> None:
    guardrails = spec.security.guardrails if spec.security is not None else None
    if server.url and guardrails is not None and guardrails.deny_network:
        raise ExecutionError(
            f"mcp server {server.id!r} is not contacted: security.guardrails.deny_network forbids it",
            hint="Remove the server, or the guardrail.",
        )


def _transport(server: McpServer, spec: Spec, vault: Vault) -> Any:
    if server.url:
        return _http_transport(server.url, vault.expanded(server.headers))
    from mcp import StdioServerParameters
    from mcp.client.stdio import stdio_client

    base = spec._base_dir or Path.cwd()
    parameters = StdioServerParameters(
        command=server.command or "",
        args=list(server.args),
        env={**_environment(), **vault.expanded(server.env)},
        cwd=str(base / server.cwd) if server.cwd else None,
    )
    return lambda: stdio_client(parameters)


def _http_transport(url: str, headers: dict[str, str]) -> Any:
    """The name and the arguments changed between the versions of the MCP SDK."""
    from mcp.client import streamable_http

    older: Any = getattr(streamable_http, "streamablehttp_client", None)
    if older is not None:
        return lambda: older(url, headers=headers)
    newer: Any = streamable_http.streamable_http_client
    from mcp.shared import _httpx_utils

    return lambda: newer(url, http_client=_httpx_utils.create_mcp_http_client(headers=headers))


def _environment() -> dict[str, str]:
    """A server gets what a program needs to start, and the variables that the spec gives it: no keys of ours."""
    kept = ("PATH", "HOME", "LANG", "USER", "SHELL", "TERM", "TMPDIR", "LOGNAME", "SYSTEMROOT", "APPDATA", "TEMP")
    return {name: os.environ[name] for name in kept if name in os.environ}
