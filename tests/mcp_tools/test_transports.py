"""Servers over HTTP: server-sent events, and OAuth client credentials, from Python and from a workflow."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

from strands import Agent, Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from strands.tools.mcp import MCPClient, transports
from strands.types.exceptions import MCPClientInitializationError
from strands_cli.errors import ExecutionError
from support.small_server import Answer, serving
from support.specs import solo

TESTS = Path(__file__).parent.parent
KEYS = {"client_id": "me", "client_secret": "sesame"}
Served = Callable[..., str]


@pytest.fixture
def served() -> Iterator[Served]:
    """Start servers; each returns its address."""
    running: list[subprocess.Popen[bytes]] = []

    def start(module: str, *arguments: Any, option: str | None = None) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", module, *([option] if option else []), str(port), *map(str, arguments)]
        running.append(subprocess.Popen(command, cwd=TESTS, stdout=subprocess.DEVNULL))
        for _ in range(800):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.025)
        return f"http://127.0.0.1:{port}"

    yield start
    for server in running:
        server.kill()
        server.wait()


def sum_of(client: MCPClient) -> Any:
    with client:
        return client.call_tool_sync("t", "add", {"a": 2, "b": 3})["content"]


def run(server: dict[str, Any]) -> tuple[Any, str]:
    model = ScriptedModel([ToolCall("add", {"a": 2, "b": 3}), "done"])
    result = Workflow.from_dict(solo(tools={"mcp": [{"id": "desk", **server}]}), model=model).run()
    return result, json.dumps(model.requests[-1].messages[-1])


def test_server_sent_events(served: Served) -> None:
    url = served("support.mcp_server", "--sse", option="--http") + "/sse"
    assert sum_of(MCPClient(lambda: transports.sse(url))) == [{"text": "5"}]
    [client] = MCPClient.load_servers({"desk": {"url": url, "transport": "sse"}})
    assert sum_of(client) == [{"text": "5"}]
    result, told = run({"url": url, "transport": "sse"})
    assert result.success
    assert '"text": "5"' in told


@pytest.mark.parametrize(("path", "transport"), [("/mcp", "streamable-http"), ("/sse", "sse")])
def test_a_token_is_got_by_client_credentials_and_kept(
    served: Served, tmp_path: Path, path: str, transport: str
) -> None:
    log = tmp_path / "log"
    base = served("support.guarded_mcp_server", log)
    access = transports.client_credentials(base + path, **KEYS, scope="read", issuer=base)
    reach = transports.sse if transport == "sse" else transports.http
    assert sum_of(MCPClient(lambda: reach(base + path, None, access))) == [{"text": "5"}]
    assert log.read_text() == "token client_credentials me read\n"
    auth = {**KEYS, "issuer": base}
    [client] = MCPClient.load_servers({"desk": {"url": base + path, "transport": transport, "auth": auth}})
    assert sum_of(client) == [{"text": "5"}]
    result, told = run({"url": base + path, "transport": transport, "auth": auth})
    assert result.success
    assert '"text": "5"' in told
    assert log.read_text().split("\n")[1:] == ["token client_credentials me all"] * 2 + [""]


def test_a_token_that_is_refused_is_asked_for_anew(served: Served, tmp_path: Path) -> None:
    log = tmp_path / "log"
    base = served("support.guarded_mcp_server", log, 6)
    access = transports.client_credentials(base + "/mcp", **KEYS)
    with MCPClient(url=base + "/mcp", auth_provider=access) as client:
        sums = [client.call_tool_sync("t", "add", {"a": 2, "b": n})["content"][0]["text"] for n in range(10)]
    assert sums == [str(2 + n) for n in range(10)]
    assert log.read_text().count("token") > 1


def test_who_is_refused_a_token_is_told_so(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = served("support.guarded_mcp_server", tmp_path / "log")
    wrong = {"client_id": "me", "client_secret": "${SECRET}"}
    monkeypatch.setenv("SECRET", "open-up-7f3a9")
    access = transports.client_credentials(base + "/mcp", "me", "open-up-7f3a9")
    with pytest.raises(MCPClientInitializationError, match="invalid_client"):
        MCPClient(url=base + "/mcp", auth_provider=access).start()
    secrets = {"secrets": [{"name": "SECRET", "source": "env", "key": "SECRET"}]}
    spec = solo(env=secrets, tools={"mcp": [{"id": "desk", "url": base + "/mcp", "auth": wrong}]})
    with pytest.raises(ExecutionError, match=r"'desk' cannot be used.*invalid_client") as refused:
        Workflow.from_dict(spec, model=ScriptedModel(["done"])).run()
    assert "open-up" not in str(refused.value)


def test_a_secret_goes_to_its_issuer_alone(served: Served, tmp_path: Path) -> None:
    log = tmp_path / "log"
    base = served("support.guarded_mcp_server", log)
    access = transports.client_credentials(base + "/mcp", **KEYS, issuer="https://login.example.com")
    with pytest.raises(MCPClientInitializationError, match="issuer"):
        MCPClient(url=base + "/mcp", auth_provider=access).start()
    assert not log.exists()


class Sessions:
    """An MCP server of protocol 2025-11-25 over HTTP that may forget its sessions."""

    def __init__(self, refusal: bytes) -> None:
        self.refusal = refusal
        self.known: set[str] = set()
        self.begun = 0

    def __call__(self, request: Any) -> Answer:
        if request.command != "POST":
            return 405, {}, b""
        message = json.loads(request.body)
        method, id = message["method"], message.get("id")
        if method == "initialize":
            self.begun += 1
            self.known.add(f"session-{self.begun}")
            info = {"name": "sessions", "version": "1"}
            found = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
            return self.result(id, found, {"Mcp-Session-Id": f"session-{self.begun}"})
        if method == "server/discover":
            return 400, {}, b""
        if request.headers.get("Mcp-Session-Id") not in self.known:
            return (
                404,
                {"Content-Type": "application/json"} if self.refusal else {},
                self.refusal.replace(b"ID", str(id or 0).encode()),
            )
        if id is None:
            return 202, {}, b""
        tools = [{"name": f"act_{self.begun}", "inputSchema": {"type": "object"}}]
        return self.result(id, {"tools": tools} if method == "tools/list" else {"content": [], "isError": False})

    def result(self, id: Any, found: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
        body = json.dumps({"jsonrpc": "2.0", "id": id, "result": found}).encode()
        return 200, {"Content-Type": "application/json", **(headers or {})}, body


@pytest.mark.parametrize(
    "refusal", [b"", b'{"jsonrpc": "2.0", "id": ID, "error": {"code": -32001, "message": "Session not found"}}']
)
def test_a_server_that_has_forgotten_the_session_gets_a_new_one_at_the_next_call(refusal: bytes) -> None:
    answer = Sessions(refusal)
    with serving(answer) as server, MCPClient(url=server.url) as client:
        agent = Agent(
            model=ScriptedModel([ToolCall("act_1", {}, "a"), "done", ToolCall("act_1", {}, "b"), "done"]),
            tools=[client],
            callback_handler=None,
        )
        agent("go")
        answer.known.clear()
        agent("again")
        told = agent.messages[-2]["content"][0]["toolResult"]
        assert (told["status"], "nothing was run" in told["content"][0]["text"]) == ("error", True)
        assert client.call_tool_sync("t", "act_1")["status"] == "success"
        answer.known.clear()
        assert client.call_tool_sync("t", "act_1")["status"] == "error"
        assert [tool.tool_name for tool in asyncio.run(client.load_tools())] == ["act_3"]


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        ({"client_id": "me"}, r"mcpServers\.desk\.auth: 'client_secret' is missing"),
        ({**KEYS, "user": "me"}, r"mcpServers\.desk\.auth: 'user' is not known"),
        ("me", r"mcpServers\.desk\.auth: expected an object"),
    ],
)
def test_wrong_credentials_of_a_configuration_are_named(auth: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MCPClient.load_servers({"desk": {"url": "http://127.0.0.1:1/mcp", "auth": auth}})
