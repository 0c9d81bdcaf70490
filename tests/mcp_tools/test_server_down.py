"""A server over HTTP that is down: what was never sent did not happen, and what was sent may have."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")
from mcp.client.streamable_http import streamable_http_client

from strands import Agent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.tools.mcp import MCPClient
from support.agents import results_of, texts_of
from support.small_server import Answer, serving

TESTS = Path(__file__).parent.parent


class Server:
    """A server that can be killed and started again at its address."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        if self._process is not None:
            self.kill()
        command = [sys.executable, "-m", "support.mcp_server", "--http", str(self.port)]
        self._process = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(800):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.025)
        raise AssertionError("the server does not start")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.kill()


def sum_call(number: int) -> list[ToolCall]:
    return [ToolCall("add", {"a": number, "b": 1}, f"t{number}")]


def test_a_call_that_no_server_can_have_heard_of_did_not_happen(server: Server) -> None:
    client = MCPClient(url=server.url, name="desk")
    model = ScriptedModel([sum_call(1), "one", sum_call(2), "two", sum_call(3), "three", sum_call(4), "four"])
    agent = Agent(model=model, tools=[client], callback_handler=None)
    assert str(agent("go")) == "one\n"
    server.kill()
    for word in ("two", "three"):  # the second time there is not even a connection to lose
        result = agent("go")
        assert (result.stop_reason, str(result)) == ("end_turn", f"{word}\n")
    first, second = (texts_of(results_of(agent))[number] for number in (-2, -1))
    assert "nothing was run" in first
    assert "could not connect" in second
    server.start()
    assert str(agent("go")) == "four\n"
    assert texts_of(results_of(agent))[-1] == "5"
    agent.cleanup()


@pytest.mark.parametrize("own", [False, True], ids=["address", "transport of the SDK"])
def test_a_call_that_a_server_died_in_may_have_happened(server: Server, own: bool) -> None:
    client = MCPClient(lambda: streamable_http_client(server.url)) if own else MCPClient(url=server.url)
    model = ScriptedModel([[ToolCall("vanish", {}, "t1")], "done"])
    agent = Agent(model=model, tools=[client], callback_handler=None)
    result = agent("go")
    assert [each.name for each in result.interrupts or ()] == ["ambiguous_tool_call"]
    agent.cleanup()


def test_a_direct_call_that_a_server_died_in_is_an_error_and_the_next_one_connects_anew(server: Server) -> None:
    with MCPClient(url=server.url) as client:
        assert client.call_tool_sync("t", "vanish")["status"] == "error"
        server.start()
        assert client.call_tool_sync("t", "add", {"a": 2, "b": 3})["content"] == [{"text": "5"}]


class BreaksOff:
    """A server that breaks its answer to the first call off, and may or may not let it be taken up again."""

    def __init__(self, resumable: bool) -> None:
        self.resumable = resumable
        self.sent = 0

    def __call__(self, request: Any) -> Answer:
        stream = {"Content-Type": "text/event-stream"}
        if request.command == "GET" and request.headers.get("Last-Event-ID") == "e1":
            done = {"jsonrpc": "2.0", "id": self.sent, "result": {"content": [{"type": "text", "text": "paid"}]}}
            return 200, stream, f"id: e2\ndata: {json.dumps(done)}\n\n".encode()
        if request.command != "POST":
            return 405, {}, b""
        message = json.loads(request.body)
        method, id = message["method"], message.get("id")
        if method == "tools/call":
            self.sent = id
            return 200, stream, b"id: e1\nretry: 1\ndata:\n\n" if self.resumable else b": wait\n\n"
        info = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "odd", "version": "1"}}
        found = {"initialize": info, "tools/list": {"tools": []}}.get(method)
        if found is not None:
            body = json.dumps({"jsonrpc": "2.0", "id": id, "result": found}).encode()
            return 200, {"Content-Type": "application/json"}, body
        return (400 if id is not None else 202), {}, b""


def test_an_answer_that_broke_off_is_taken_up_again_where_the_server_lets_it_be() -> None:
    with serving(BreaksOff(resumable=True)) as server, MCPClient(url=server.url) as client:
        assert client.call_tool_sync("t", "pay")["content"] == [{"text": "paid"}]
    with serving(BreaksOff(resumable=False)) as server, MCPClient(url=server.url) as client:
        assert "without a" in str(client.call_tool_sync("t", "pay")["content"])
