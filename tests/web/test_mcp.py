"""`strands serve --mcp`: the workflows are tools for who has an API token, and people decide in the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("mcp.server.request_state", reason="servers need release 2 of the MCP SDK")

import httpx2
import mcp
from mcp.client.streamable_http import streamable_http_client
from mcp.types import Implementation

from support.mcp_clients import User, text
from support.web_server import Server


def secret(server: Server, *scopes: str, more: tuple[str, ...] = ()) -> str:
    made = server.command("token", "create", "--for", "anna", *(["--scope", ",".join(scopes)] if scopes else []), *more)
    assert made.returncode == 0, made.stderr
    return next(word for word in made.stdout.split() if word.startswith("strands_"))


@asynccontextmanager
async def client_of(server: Server, token: str, elicit: Any = None) -> Any:
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        streams = streamable_http_client(f"{server.url}/mcp", http_client=http)
        info = Implementation(name="desk", version="1")
        async with mcp.Client(streams, mode="2026-07-28", elicitation_callback=elicit, client_info=info) as client:
            yield client


def test_a_client_asks_its_user_and_sends_them_to_the_inbox_for_an_approval(serve: Callable[..., Server]) -> None:
    server = serve("--mcp")
    token, person = secret(server, "sessions:start"), server.program()

    async def decide(params: Any) -> Any:
        from mcp.types import ElicitResult

        [question] = person.get("/api/v1/questions", params={"workflow": "refunding"}).json()["items"]
        assert params.url == f"{server.url}/q/{question['ref']}"
        shown = {"If-Match": f'"{question["shown"]}"'}
        given = person.post(f"/api/v1/questions/{question['ref']}/answer", json={"value": "approve"}, headers=shown)
        assert given.status_code in (200, 202), given.text
        return ElicitResult(action="accept")

    async def main() -> tuple[Any, Any]:
        async with client_of(server, token, User({"value": "yes"}, decide)) as client:
            return await client.call_tool("paying", {}), await client.call_tool("refunding", {})

    paid, refunded = asyncio.run(main())
    assert (paid.structured_content["status"], "done" in text(paid)) == ("completed", True)
    assert refunded.structured_content["status"] == "completed"
    events = person.get(f"/api/v1/sessions/{paid.structured_content['session']}/timeline").json()
    assert "anna/desk" in str(events)


def test_a_token_that_may_start_nothing_is_refused(serve: Callable[..., Server]) -> None:
    server = serve("--mcp")
    reading = secret(server, "sessions:read")
    elsewhere = secret(server, "sessions:start", more=("--workflow", "paying"))
    for token in (reading, elsewhere, "strands_made_up"):
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
        body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert server.client().post("/mcp", json=body, headers=headers).status_code == 401
    assert server.end() == 0


def test_without_the_option_there_is_no_such_server(server: Server) -> None:
    assert server.client().post("/mcp", json={}).status_code == 404


def test_whoever_starts_a_run_by_a_program_of_theirs_is_who_started_it(serve: Callable[..., Server]) -> None:
    server = serve("--mcp", targets=("support.web_app:guarded",))
    anna, ben = server.program(), server.program(person="ben")

    async def main() -> Any:
        async with client_of(server, secret(server, "sessions:start")) as client:
            return await client.call_tool("guarded", {})

    asyncio.run(main())
    [question] = anna.get("/api/v1/questions").json()["items"]
    path = f"/api/v1/questions/{question['ref']}/answer"
    refused = anna.post(path, json={"value": "yes"})
    assert (refused.status_code, refused.json()["code"]) == (403, "excluded")
    assert ben.post(path, json={"value": "yes"}).status_code == 202
