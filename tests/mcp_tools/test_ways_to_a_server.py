"""How a server is reached: what an address needs, and what is said of options that cannot be used."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

from strands.tools.mcp import MCPClient
from strands.tools.mcp.transports import MemoryTokens, client_credentials

URL = "http://127.0.0.1:1/mcp"
KEY = {"client_id": "desk", "client_secret": "s"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "either a transport, such as lambda"),
        ({"transport_callable": lambda: None, "url": URL}, "either a transport, such as lambda"),
        ({"transport_callable": lambda: None, "headers": {"a": "b"}}, "require 'url'; a transport brings its own"),
        ({"url": "desk.example/mcp"}, "must begin with http:// or https://"),
        ({"url": URL, "auth": KEY, "auth_provider": object()}, "auth= or auth_provider=, not both"),
        ({"url": URL, "auth": {"client_id": "desk"}}, "auth lacks client_secret"),
        ({"url": URL, "auth": {**KEY, "client_id": 3}}, "must be strings"),
        ({"url": URL, "auth": {**KEY, "scopes": "read"}}, "must be a list of strings"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        MCPClient(**options)


def test_client_credentials_ask_for_the_scopes_that_were_given() -> None:
    made = client_credentials(URL, "desk", "s", "read write")
    assert made.context.server_url == URL
    assert MCPClient(url=URL, auth_provider={**KEY, "scopes": ["read"]}) is not None


def test_tokens_are_kept_in_memory() -> None:
    async def kept() -> tuple[Any, Any]:
        tokens = MemoryTokens()
        assert (await tokens.get_tokens(), await tokens.get_client_info()) == (None, None)
        await tokens.set_tokens("t")
        await tokens.set_client_info("c")
        return await tokens.get_tokens(), await tokens.get_client_info()

    assert asyncio.run(kept()) == ("t", "c")
