"""A server over HTTP that is down: what was never sent did not happen, and what was sent may have."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")
from strands import Agent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.tools.mcp import MCPClient
from strands.tools.mcp.sdk import modes
from support.agents import results_of, texts_of

pytestmark = pytest.mark.skipif(
    "auto" not in modes(),
    reason="release 1 of the MCP SDK does not tell that an answer broke off: a call waits until its time is over",
)
TESTS = Path(__file__).parent.parent


class Server:
    """A server that can be killed and started again at its address."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "support.mcp_server", "--http", str(self.port)]
        self._process = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(800):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.025)
        raise AssertionError("the server does not start")

    def kill(self) -> None:
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


def test_a_call_that_a_server_died_in_may_have_happened(server: Server) -> None:
    client = MCPClient(url=server.url, name="desk")
    model = ScriptedModel([[ToolCall("vanish", {}, "t1")], "done"])
    agent = Agent(model=model, tools=[client], callback_handler=None)
    result = agent("go")
    assert [each.name for each in result.interrupts or ()] == ["ambiguous_tool_call"]
    agent.cleanup()
