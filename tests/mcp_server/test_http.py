"""The MCP server over HTTP: who is let in, several clients, a killed server, and one in another application."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

pytest.importorskip("mcp.server.request_state", reason="servers need release 2 of the MCP SDK")

import httpx2
import mcp
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitResult, Implementation

from support.mcp_clients import User, calls, environment, text
from support.served import Served, started

YES = ElicitResult(action="accept", content={"value": "yes"})
TOKEN = "a-token-of-32-characters-or-more"
TARGET = "support.mcp_workflows:workflows"
Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with started(tmp_path) as start:

        def serve_http(*options: str, port: int = 0, **variables: str) -> Served:
            address = f"127.0.0.1:{port}"
            return start("mcp", TARGET, "--http", address, *options, **{"STRANDS_MCP_TOKEN": TOKEN, **variables})

        yield serve_http


@asynccontextmanager
async def client_of(
    url: str, *, elicit: Any = None, mode: Literal["auto", "legacy"] = "auto", name: str = "desk", token: str = TOKEN
) -> Any:
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
        transport = streamable_http_client(url, http_client=http)
        info = Implementation(name=name, version="1")
        async with mcp.Client(transport, mode=mode, elicitation_callback=elicit, client_info=info) as client:
            yield client


async def result_or_error(call: Awaitable[Any]) -> Any:
    """Return what a call came to; an error would be wrapped by all that surrounds it."""
    try:
        return await call
    except MCPError as error:
        return error


def status_of(url: str, method: str = "POST", **headers: str) -> int:
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    request = urllib.request.Request(url, body if method == "POST" else None, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_several_clients_are_served_at_once(serve: Serve, mode: Any) -> None:
    server = serve()

    async def ask(name: str, order: str, value: str) -> Any:
        user = User({"value": value})
        async with client_of(server.url, elicit=user, mode=mode, name=name) as client:
            return await client.call_tool("refund", {"order": order}), user.asked[0].message

    async def main() -> Any:
        return await asyncio.gather(ask("one", "A1", "yes"), ask("two", "B2", "no"))

    (one, asked_one), (two, asked_two) = asyncio.run(main())
    assert (text(one), text(two)) == ("did say yes", "did say no")
    assert ("A1" in asked_one, "B2" in asked_two) == (True, True)


def test_a_server_that_was_killed_and_started_again_goes_on_with_the_same_state(serve: Serve, tmp_path: Path) -> None:
    first = serve()

    async def begin() -> Any:
        async with client_of(first.url, elicit=User()) as client:
            return await client.session.call_tool("refund", {"order": "A1"}, allow_input_required=True)

    async def go_on(url: str, name: str = "desk") -> Any:
        async with client_of(url, elicit=User(), name=name) as client:
            answer: Any = {"input_responses": {"steps/1": YES}, "request_state": state}
            return await result_or_error(client.session.call_tool("refund", {"order": "A1"}, **answer))

    state = asyncio.run(begin()).request_state
    first.end()
    second = serve()
    assert "Invalid or expired requestState" in str(asyncio.run(go_on(second.url, "another")))
    assert text(asyncio.run(go_on(second.url))) == "did say yes"
    assert calls(tmp_path) == ["look at A1", "say yes"]


def test_only_who_has_the_token_and_comes_from_this_machine_is_let_in(serve: Serve) -> None:
    url = serve().url
    good = {"Authorization": f"Bearer {TOKEN}"}
    assert status_of(url, **good) in (200, 400)  # what it says of a ping outside a session is the protocol's affair
    for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"}):
        assert status_of(url, **wrong) == 401
    assert status_of(url, **good, Host="evil.example.com") == 421
    assert status_of(url, **good, Origin="https://evil.example.com") == 403
    assert status_of(url, **good, Origin="null") == 403
    assert status_of(url, **{**good, "Content-Type": "text/plain"}) == 400
    assert status_of(url.replace("/mcp", "/else"), **good) == 404


def test_a_server_without_a_token_of_its_own_prints_one_and_ends_at_a_signal(serve: Serve) -> None:
    server = serve(STRANDS_MCP_TOKEN="")
    token = server.lines[1].split()[-1]
    assert len(token) > 40
    assert status_of(server.url, Authorization=f"Bearer {token}") in (200, 400)
    assert status_of(server.url, Authorization=f"Bearer {TOKEN}") == 401
    assert server.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("options", "variables", "told"),
    [
        (["--http", "0.0.0.0:0"], {}, "set STRANDS_MCP_TOKEN"),
        (["--http", "0.0.0.0:0"], {"STRANDS_MCP_TOKEN": TOKEN}, "--origin"),
        (["--http", "0.0.0.0:0", "--origin", "http://example.com"], {"STRANDS_MCP_TOKEN": TOKEN}, "--origin"),
        (["--http", "127.0.0.1:0"], {"STRANDS_MCP_TOKEN": "short"}, "16 or more"),
        (["--http", "nowhere"], {}, "is not HOST:PORT"),
        (["--http", "127.0.0.1:99999"], {}, "is not HOST:PORT"),
        (["--origin", "https://example.com"], {}, "--origin needs --http"),
        (["--http", "127.0.0.1:0", "--origin", "example.com"], {}, "is no origin"),
    ],
)
def test_what_would_let_anybody_in_is_refused(
    tmp_path: Path, options: list[str], variables: dict[str, str], told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "strands_cli", "mcp", TARGET, *options],
        env={**environment(tmp_path), **variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_it_is_mounted_into_another_application_which_knows_whose_a_token_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from strands import SessionManager, Workflow
    from strands.models.scripted import ScriptedModel
    from strands_cli.mcp_server import create_mcp_app
    from support.specs import PAUSING

    monkeypatch.setenv("STRANDS_HOME", str(tmp_path))
    workflow = Workflow.from_dict(PAUSING, model=ScriptedModel(["one"]))
    owners = {"token-of-anna": "anna", "token-of-ben": "ben"}
    app = create_mcp_app({"kept": workflow}, tokens=owners.get, origins=["https://desk.example.com"])
    outer = Starlette(routes=[Mount("/tools", app)])

    async def call(token: str, **more: Any) -> Any:
        transport = httpx2.ASGITransport(app=outer)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(transport=transport, headers=headers) as http:
            streams = streamable_http_client("https://desk.example.com/tools/", http_client=http)
            info = Implementation(name="desk", version="1")
            async with mcp.Client(streams, mode="2026-07-28", elicitation_callback=User(), client_info=info) as client:
                return await result_or_error(client.session.call_tool("kept", {}, allow_input_required=True, **more))

    async def main() -> Any:
        asked = await call("token-of-anna")
        answer = {"input_responses": {"steps/1": YES}, "request_state": asked.request_state}
        assert "Invalid or expired" in str(await call("token-of-ben", **answer))
        done = await call("token-of-anna", **answer)
        await app.aclose()
        return done

    done = asyncio.run(main())
    session = SessionManager(store=tmp_path / "workflows").get_session(done.structured_content["session"])
    entries = asyncio.run(session.entries_async())
    assert [entry.data["principal"]["id"] for entry in entries if entry.kind == "answered"] == ["mcp:anna/desk"]
