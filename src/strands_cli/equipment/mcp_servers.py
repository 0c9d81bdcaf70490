"""MCP servers of a spec: started before the run, their tools handed to agents, stopped after it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError, ProviderNotReadyError

if TYPE_CHECKING:
    from strands.tools.mcp import MCPClient
    from strands_cli.equipment.vault import Vault
    from strands_cli.spec.root import Spec
    from strands_cli.spec.tools import McpServer


async def connect(server: McpServer, spec: Spec, vault: Vault) -> tuple[MCPClient, list[Any]]:
    """Start or reach a server.

    Returns:
        The connection, for `disconnect`, and its tools.

    Raises:
        ProviderNotReadyError: MCP is not installed.
        ExecutionError: The server cannot be used.
    """
    _refuse_network(server, spec)
    try:
        client = _client(server, spec, vault)
    except ImportError as error:
        raise ProviderNotReadyError(
            f"mcp server {server.id!r} needs a package that is not installed",
            hint="Install it: pip install 'strands-cli[mcp]'; or rehearse without: --offline.",
        ) from error
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


async def disconnect(client: MCPClient) -> None:
    """Stop a server."""
    await asyncio.to_thread(client.stop)


def _refuse_network(server: McpServer, spec: Spec) -> None:
    guardrails = spec.security.guardrails if spec.security is not None else None
    if server.url and guardrails is not None and guardrails.deny_network:
        raise ExecutionError(
            f"mcp server {server.id!r} is not contacted: security.guardrails.deny_network forbids it",
            hint="Remove the server, or the guardrail.",
        )


def _client(server: McpServer, spec: Spec, vault: Vault) -> MCPClient:
    from strands.tools.mcp import MCPClient, transports

    seconds = int(server.startup_timeout or 30)
    if server.url:
        headers = vault.expanded(server.headers)
        return MCPClient(
            url=server.url, headers=headers, startup_timeout=seconds, prefix=server.prefix, application_name=server.id
        )
    base = spec._base_dir or Path.cwd()
    environment = {**_environment(), **vault.expanded(server.env)}
    cwd = str(base / server.cwd) if server.cwd else None
    return MCPClient(
        lambda: transports.stdio(server.command or "", list(server.args), environment, cwd),
        startup_timeout=seconds,
        prefix=server.prefix,
        application_name=server.id,
    )


def _environment() -> dict[str, str]:
    """A server gets what a program needs to start, and the variables that the spec gives it: no keys of ours."""
    kept = ("PATH", "HOME", "LANG", "USER", "SHELL", "TERM", "TMPDIR", "LOGNAME", "SYSTEMROOT", "APPDATA", "TEMP")
    return {name: os.environ[name] for name in kept if name in os.environ}
