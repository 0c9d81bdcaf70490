"""MCP servers of a spec: started before the run, their tools handed to agents, stopped after it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from strands._threads import in_thread
from strands_cli.errors import ExecutionError, ProviderNotReadyError

if TYPE_CHECKING:
    from strands.tools.mcp import MCPClient, ToolFilters
    from strands_cli.resources.secrets import Secrets
    from strands_cli.spec.root import Spec
    from strands_cli.spec.tools import McpServer

_WITH_DEFAULT = re.compile(r"\$\{([A-Za-z_]\w*):-([^}]*)\}")


async def connect(spec: Spec, secrets: Secrets) -> dict[str, tuple[MCPClient, list[Any]]]:
    """Start or reach all servers of a spec, side by side.

    Returns:
        The id of each server to its connection, for `disconnect`, and its tools.

    Raises:
        ProviderNotReadyError: MCP is not installed.
        ExecutionError: A server cannot be used; those that could be are stopped.
    """
    servers = spec.tools.mcp if spec.tools is not None else []
    clients = {server.id: _client_of(server, spec, secrets) for server in servers}
    jobs = [asyncio.ensure_future(_tools(id, client, secrets)) for id, client in clients.items()]
    try:
        tools = await asyncio.gather(*jobs)
    except BaseException:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await asyncio.gather(*map(disconnect, clients.values()))
        raise
    return {id: (client, found) for (id, client), found in zip(clients.items(), tools, strict=True)}


async def disconnect(client: MCPClient) -> None:
    """Stop a server."""
    await in_thread(client.stop)


def check_names(servers: Mapping[str, Sequence[Any]], others: Mapping[str, str]) -> None:
    """Raise ExecutionError when two sources offer a tool of one name: which of them would run could not be told.

    Args:
        servers: The tools of each server by its id.
        others: The tools in use that come from elsewhere: name to what it is.
    """
    sources = dict(others)
    for id, tools in servers.items():
        for tool in tools:
            source = f"mcp server {id!r}"
            known = sources.setdefault(tool.tool_name, source)
            if known != source:
                raise ExecutionError(
                    f"the tool {tool.tool_name!r} is offered by {known} and by {source}",
                    hint=f"Give the server a prefix (tools.mcp: [{{id: {id}, prefix: {id}}}]), or leave one of the two "
                    f"out: tool_filters: {{rejected: [{tool.mcp_tool.name}]}}.",
                )


def _client_of(server: McpServer, spec: Spec, secrets: Secrets) -> MCPClient:
    _refuse_network(server, spec)
    try:
        return _client(server, spec, secrets)
    except ImportError as error:
        raise ProviderNotReadyError(
            f"mcp server {server.id!r} needs a package that is not installed",
            hint="Install it: pip install 'strands-cli[mcp]'; or rehearse without: --offline.",
        ) from error


async def _tools(id: str, client: MCPClient, secrets: Secrets) -> list[Any]:
    try:
        client.add_consumer("workflow")
        return list(await client.load_tools())
    except Exception as error:
        cause = secrets.scrub(str(error)) or type(error).__name__
        raise ExecutionError(
            f"mcp server {id!r} cannot be used: {cause}",
            hint="Check tools.mcp of the spec; run its command by hand to see what it says.",
        ) from None


def _refuse_network(server: McpServer, spec: Spec) -> None:
    guardrails = spec.security.guardrails if spec.security is not None else None
    if server.url and guardrails is not None and guardrails.deny_network:
        raise ExecutionError(
            f"mcp server {server.id!r} is not contacted: security.guardrails.deny_network forbids it",
            hint="Remove the server, or the guardrail.",
        )


def _client(server: McpServer, spec: Spec, secrets: Secrets) -> MCPClient:
    from strands.tools.mcp import MCPClient

    return MCPClient(
        _transport(server, spec, secrets),
        startup_timeout=server.startup_timeout or 30,
        call_timeout=server.call_timeout or 300,
        prefix=server.prefix,
        tool_filters=_filters(server),
        application_name=server.id,
    )


def _transport(server: McpServer, spec: Spec, secrets: Secrets) -> Callable[[], Any]:
    from strands.tools.mcp import transports

    if server.url:
        url, headers, auth = _expanded(server.url, secrets), _all_expanded(server.headers, secrets), server.auth
        access = None
        if auth is not None:
            secret = _expanded(auth.client_secret, secrets)
            access = transports.client_credentials(
                url, _expanded(auth.client_id, secrets), secret, auth.scope, auth.issuer
            )
        bound = _bound(server.url, secrets)
        if server.transport == "sse":
            return transports.at(lambda: transports.sse(url, headers, access), bound, *_written(server.headers))
        return transports.at(lambda: transports.http(url, headers, access), bound, *_written(server.headers))
    command, args = _expanded(server.command or "", secrets), [_expanded(each, secrets) for each in server.args]
    environment = {**_environment(), **_all_expanded(server.env, secrets)}
    from strands_cli.resources.spec_files import server_directory

    directory = server_directory(spec, server)
    cwd = str(directory) if directory is not None else None
    start = lambda: transports.stdio(command, args, environment, cwd, server.id)  # noqa: E731
    bound_to = [_bound(each, secrets) for each in (server.command or "", *server.args)]
    return transports.at(start, *bound_to, *_written(server.env))


def _bound(text: str, secrets: Secrets) -> str:
    """Return what approvals are bound to of a text: variables of the environment as they are, secrets by their names.

    A digest is in the journal, and one of a value that can be guessed tells it to who reads that.
    """
    return _WITH_DEFAULT.sub(
        lambda found: found[0] if secrets.has(found[1]) else os.environ.get(found[1]) or found[2], text
    )


def _written(values: Mapping[str, str] | None) -> list[str]:
    """Return headers or variables as the spec writes them, where secrets stand by their names."""
    return [f"{name}={value}" for name, value in sorted((values or {}).items())]


def _filters(server: McpServer) -> ToolFilters | None:
    if server.tool_filters is None:
        return None
    found: ToolFilters = {"rejected": [_glob(each) for each in server.tool_filters.rejected]}
    if server.tool_filters.allowed is not None:
        found["allowed"] = [_glob(each) for each in server.tool_filters.allowed]
    return found


def _glob(pattern: str) -> Callable[[Any], bool]:
    return lambda tool: fnmatchcase(tool.mcp_tool.name, pattern)


def _expanded(text: str, secrets: Secrets) -> str:
    """Return text with ${NAME:-default} and ${NAME} replaced: by a secret, or else by the default."""
    return _WITH_DEFAULT.sub(lambda found: _or_default(found[1], found[2], secrets), secrets.expand(text))


def _all_expanded(texts: Mapping[str, str], secrets: Secrets) -> dict[str, str]:
    return {name: _expanded(text, secrets) for name, text in texts.items()}


def _or_default(name: str, default: str, secrets: Secrets) -> str:
    from strands_cli.resources.secrets import SecretError

    try:
        return secrets.value(name)
    except SecretError:
        return os.environ.get(name) or default


def _environment() -> dict[str, str]:
    """A server gets what a program needs to start, and the variables that the spec gives it: no keys of ours."""
    kept = ("PATH", "HOME", "LANG", "USER", "SHELL", "TERM", "TMPDIR", "LOGNAME", "SYSTEMROOT", "APPDATA", "TEMP")
    return {name: os.environ[name] for name in kept if name in os.environ}


def check_gates(spec: Spec, servers: Mapping[str, Sequence[Any]], tools: Callable[[str], Sequence[Any]]) -> None:
    """What a server offers is known only now: a gate whose tool is misspelt would never close.

    Args:
        spec: The workflow.
        servers: The tools of each server that was started.
        tools: Returns the tools of an agent.

    Raises:
        ExecutionError: An approval is of no tool that its agent may have.
    """
    from strands_cli.approvals import check_covers
    from strands_cli.toolbox import tool_name

    served = [tool for found in servers.values() for tool in found]
    offered = {name for tool in served for name in (tool_name(tool), tool.qualified_name)}
    for agent_id, agent in spec.agents.items():
        names = offered | {tool_name(tool) for tool in tools(agent_id)} if agent.approvals else set()
        for rule in agent.approvals:
            check_covers(agent_id, rule, names)
