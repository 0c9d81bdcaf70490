"""Clients from an `mcpServers` configuration, as other MCP hosts have it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from strands._regular import input_file

from . import transports

if TYPE_CHECKING:
    from .mcp_types import MCPTransport, ToolFilters

_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}")


C = TypeVar("C")


def clients(
    config: str | dict[str, Any], continue_on_error: bool, prefix_with_server_name: bool, make: Callable[..., C]
) -> list[C]:
    """Return a client for each server that is not disabled.

    Args:
        config: The configuration, or the path of a JSON file that holds it.
        continue_on_error: Whether agents do without a server that cannot be reached, where it does not say.
        prefix_with_server_name: Whether tools are called after their server, where it has no prefix.
        make: Makes a client: the class `MCPClient`.

    Raises:
        ValueError: The configuration is not of the known form; the message names the place.
    """
    servers = _servers(config)
    return [
        _client(name, _mapping(server, f"mcpServers.{name}"), continue_on_error, prefix_with_server_name, make)
        for name, server in servers.items()
        if not (isinstance(server, Mapping) and server.get("disabled"))
    ]


def _client(name: str, server: Mapping[str, Any], continue_on_error: bool, prefixed: bool, make: Callable[..., C]) -> C:
    resolved = cast("dict[str, Any]", _with_variables(dict(server), f"mcpServers.{name}"))
    prefix = resolved.get("prefix") or (re.sub(r"[^a-zA-Z0-9_-]", "_", name) if prefixed else None)
    return make(
        transports.at(_transport(name, resolved), *_place(name, resolved, server)),
        startup_timeout=resolved.get("startup_timeout", 30),
        call_timeout=resolved.get("call_timeout", 300),
        tool_filters=_filters(name, resolved.get("tool_filters")),
        prefix=prefix,
        application_name=resolved.get("application_name", name),
        application_version=resolved.get("application_version"),
        continue_on_error=resolved.get("continue_on_error", continue_on_error),
    )


def _transport(name: str, server: Mapping[str, Any]) -> Callable[[], MCPTransport]:
    if ("command" in server) == ("url" in server):
        raise ValueError(f"mcpServers.{name}: expected either 'command' or 'url'")
    if "command" in server:
        command, args = server["command"], list(server.get("args", []))
        return lambda: transports.stdio(command, args, server.get("env"), server.get("cwd"), name)
    kind = server.get("transport") or server.get("type") or "streamable-http"
    access = _access(name, server)
    if kind == "sse":
        return lambda: transports.sse(server["url"], server.get("headers"), access)
    if kind in ("http", "streamable-http", "streamable_http", "streamableHttp"):
        return lambda: transports.http(server["url"], server.get("headers"), access)
    raise ValueError(f"mcpServers.{name}: transport {kind!r} is not one of 'stdio', 'streamable-http', 'sse'")


def _place(name: str, server: Mapping[str, Any], written: Mapping[str, Any]) -> list[str]:
    """Return what a server is and what it is given; variables and headers as written, where secrets stand by name."""
    is_local = "command" in server
    address = [server["command"], *server.get("args", [])] if is_local else [server["url"]]
    kind = "env" if is_local else "headers"
    given = _mapping(written.get(kind) or {}, f"mcpServers.{name}.{kind}")
    return [str(each) for each in address] + [f"{key}={given[key]}" for key in sorted(given)]


def _access(name: str, server: Mapping[str, Any]) -> Any:
    if "auth" not in server:
        return None
    place = f"mcpServers.{name}.auth"
    auth = {key: value for key, value in _mapping(server["auth"], place).items() if key != "type"}
    wrong = sorted(auth.keys() - {"client_id", "client_secret", "scope", "scopes", "issuer"})
    missing = sorted({"client_id", "client_secret"} - auth.keys())
    if wrong or missing:
        said = f"{wrong[0]!r} is not known" if wrong else f"{missing[0]!r} is missing"
        raise ValueError(f"{place}: {said}; expected client_id, client_secret, and perhaps scope and issuer")
    if "scopes" in auth:
        auth["scope"] = " ".join(auth.pop("scopes"))
    return transports.client_credentials(server["url"], **auth)


def _filters(name: str, data: Any) -> ToolFilters | None:
    if data is None:
        return None
    found = _mapping(data, f"mcpServers.{name}.tool_filters")
    unknown = found.keys() - {"allowed", "rejected"}
    if unknown:
        raise ValueError(f"mcpServers.{name}.tool_filters: {sorted(unknown)[0]!r} is not 'allowed' or 'rejected'")
    return cast("ToolFilters", {key: [re.compile(pattern) for pattern in found[key]] for key in found})


def _servers(config: str | dict[str, Any]) -> Mapping[str, Any]:
    data: Any = config
    if isinstance(config, str):
        try:
            with open(config, encoding="utf-8", opener=input_file) as file:
                data = json.load(file)
        except (OSError, ValueError) as error:
            raise ValueError(f"MCP configuration {config!r} cannot be read: {error}") from error
    found = _mapping(data, "the MCP configuration")
    return _mapping(found.get("mcpServers", found), "mcpServers")


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{place}: expected an object, not {value!r}")
    return value


def _with_variables(value: Any, place: str) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match[1], match[2], place), value)
    if isinstance(value, Mapping):
        return {key: _with_variables(item, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_with_variables(item, place) for item in value]
    return value


def _variable(name: str, default: str | None, place: str) -> str:
    """Return an environment variable; with `:-default` behind its name, the default where it is not set or empty."""
    value = os.environ.get(name)
    if default is not None:
        return value or default[2:]
    if value is None:
        raise ValueError(f"{place}: the environment variable {name!r} is not set")
    return value
