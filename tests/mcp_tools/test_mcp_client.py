"""An MCP client against a real server, over standard streams and over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

from mcp.types import TextContent, TextResourceContents

from strands import Agent
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.tools.mcp import MCPClient
from strands.types.exceptions import MCPClientInitializationError, ToolProviderException

TESTS = Path(__file__).parent.parent


def stdio(*arguments: str, **options: Any) -> MCPClient:
    from mcp import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "support.mcp_server", *arguments], cwd=str(TESTS)
    )
    return MCPClient(lambda: stdio_client(parameters), **options)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mcp") / "log"


@pytest.fixture(scope="module")
def address(log: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "support.mcp_server", "--http", str(port), "--log", str(log)]
    server = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.025)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module", params=["stdio", "http"])
def client(request: pytest.FixtureRequest) -> Iterator[MCPClient]:
    made = stdio() if request.param == "stdio" else MCPClient(url=request.getfixturevalue("address"))
    with made:
        yield made


def test_tools_are_listed_and_called(client: MCPClient) -> None:
    tools = {tool.tool_name: tool for tool in client.list_tools_sync()}
    assert tools["add"].tool_spec["description"] == "Add two numbers."
    assert tools["add"].tool_spec["inputSchema"]["json"]["required"] == ["a", "b"]
    result = client.call_tool_sync("t1", "add", {"a": 1, "b": 2})
    assert result["status"] == "success"
    assert result["toolUseId"] == "t1"
    assert result["content"] == [{"text": "3"}]
    assert result["structuredContent"] == {"result": 3}


def test_what_goes_wrong_is_an_error_result(client: MCPClient) -> None:
    assert client.call_tool_sync("t", "broken")["status"] == "error"
    assert client.call_tool_sync("t", "nope")["status"] == "error"
    late = client.call_tool_sync("t", "slow", {"seconds": 5}, read_timeout_seconds=timedelta(seconds=0.2))
    assert late["status"] == "error"
    assert "'slow'" in late["content"][0]["text"]


def test_images_and_resources_become_content(client: MCPClient) -> None:
    content = client.call_tool_sync("t", "picture")["content"]
    assert content[0] == {"text": "here"}
    assert content[1]["image"] == {"format": "png", "source": {"bytes": b"\x89PNG"}}
    assert content[2] == {"text": "a note"}


def test_prompts_and_resources(client: MCPClient) -> None:
    assert [prompt.name for prompt in client.list_prompts_sync().prompts] == ["greet"]
    greeting = client.get_prompt_sync("greet", {"name": "Ada"}).messages[0].content
    assert isinstance(greeting, TextContent) and greeting.text == "Hello Ada"
    assert [str(resource.uri) for resource in client.list_resources_sync().resources] == ["memo://today"]
    memo = client.read_resource_sync("memo://today").contents[0]
    assert isinstance(memo, TextResourceContents) and memo.text == "nothing"
    assert client.list_resource_templates_sync() is not None


def test_calls_of_one_message_run_at_the_same_time(client: MCPClient) -> None:
    async def main() -> float:
        began = time.monotonic()
        await asyncio.gather(*(client.call_tool_async(str(n), "slow", {"seconds": 0.3}) for n in range(4)))
        return time.monotonic() - began

    assert asyncio.run(main()) < 0.9


def test_an_agent_opens_the_client_and_closes_it_when_it_is_done(address: str) -> None:
    client = MCPClient(
        url=address, prefix="files", tool_filters={"allowed": ["add", re.compile("wi.*")], "rejected": ["wipe"]}
    )
    agent = Agent(
        model=ScriptedModel([ToolCall("files_add", {"a": 2, "b": 3}, id="t"), "five"]),
        tools=[client],
        callback_handler=None,
    )
    assert agent.tool_names == ["files_add"]
    assert str(agent("add")) == "five\n"
    result: Any = agent.messages[2]["content"][0]["toolResult"]
    assert result["content"] == [{"text": "5"}]
    assert result["structuredContent"] == {"result": 5}
    agent.cleanup()
    with pytest.raises(MCPClientInitializationError, match="not connected"):
        client.list_tools_sync()


def test_a_client_that_nobody_connected_says_so(address: str) -> None:
    client = MCPClient(url=address, application_name="shop")
    assert (client.client_name, client.name) == ("shop", "shop")
    assert MCPClient(url=address, name="files").client_name is None
    with pytest.raises(MCPClientInitializationError, match="'shop' is not connected; use `with client:`"):
        client.call_tool_sync("t", "add", {"a": 1, "b": 2})
    with pytest.raises(MCPClientInitializationError, match="not connected"):
        asyncio.run(client.call_tool_async("t", "add", {"a": 1, "b": 2}))


def test_hooks_and_sessions_have_the_structure_of_a_result(address: str, tmp_path: Path) -> None:
    seen: list[Any] = []

    def look(event: AfterToolCallEvent) -> None:
        seen.append(event.result.get("structuredContent"))

    def make(*replies: Any) -> Agent:
        return Agent(
            model=ScriptedModel(list(replies)),
            tools=[MCPClient(url=address)],
            hooks=[look],
            session_manager=FileSessionManager("s", storage_dir=tmp_path),
            callback_handler=None,
        )

    with make(ToolCall("add", {"a": 2, "b": 3}, id="t"), "five") as agent:
        agent("add")
    with make() as restored:
        result: Any = restored.messages[2]["content"][0]["toolResult"]
    assert seen == [{"result": 5}]
    assert result["structuredContent"] == {"result": 5}


def test_a_filter_may_be_a_function_and_a_prefix_may_be_changed(address: str) -> None:
    with MCPClient(url=address, tool_filters={"allowed": [lambda tool: tool.mcp_tool.name.startswith("a")]}) as client:
        assert [tool.tool_name for tool in client.list_tools_sync(prefix="x")] == ["x_add"]
        assert len(client.list_tools_sync(tool_filters={})) > 5


def test_a_server_that_cannot_be_reached_is_named() -> None:
    from mcp import StdioServerParameters, stdio_client

    nowhere = StdioServerParameters(command="/nowhere/server")
    client = MCPClient(lambda: stdio_client(nowhere), application_name="the server")
    with pytest.raises(MCPClientInitializationError, match="could not connect to MCP server 'the server'"):
        client.start()
    with pytest.raises(ToolProviderException, match="the server"):
        Agent(model=ScriptedModel(["x"]), tools=[client], callback_handler=None)
    lenient = MCPClient(lambda: stdio_client(nowhere), continue_on_error=True)
    agent = Agent(model=ScriptedModel(["x"]), tools=[lenient], callback_handler=None)
    assert agent.tool_names == []
    assert lenient.connection_failed


def test_a_server_that_says_nothing_is_given_up() -> None:
    from mcp import StdioServerParameters, stdio_client

    mute = StdioServerParameters(command=sys.executable, args=["-c", "import time; time.sleep(30)"])
    began = time.monotonic()
    with pytest.raises(MCPClientInitializationError, match="no answer within 1 seconds"):
        MCPClient(lambda: stdio_client(mute), startup_timeout=1).start()
    assert time.monotonic() - began < 10


def test_a_server_that_dies_in_a_call_is_an_error_result() -> None:
    with stdio() as client:
        assert client.call_tool_sync("t", "vanish")["status"] == "error"


def test_what_a_client_needs_is_said() -> None:
    with pytest.raises(ValueError, match="either a transport"):
        MCPClient()
    with pytest.raises(ValueError, match="require 'url'"):
        MCPClient(lambda: None, headers={})  # type: ignore[arg-type, return-value]


def gate(event: BeforeToolCallEvent) -> None:
    if event.tool_use["name"] == "delete" and event.interrupt("ok", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "denied"


def agent_with(client: MCPClient, storage: Path, *calls: ToolCall, **kwargs: Any) -> Agent:
    def script(messages: list[Any]) -> Any:
        return list(calls) if len(messages) == 1 else "done"

    return Agent(
        model=ScriptedModel(script),
        tools=[client],
        session_manager=FileSessionManager("s", storage),
        callback_handler=None,
        **kwargs,
    )


def answer(agent: Agent, *responses: Any) -> Any:
    pending = agent.pending_interrupts
    assert len(pending) == len(responses), pending
    pairs = zip(pending, responses, strict=True)
    return agent([{"interruptResponse": {"interruptId": i.id, "response": response}} for i, response in pairs])


def result_of(agent: Agent, number: int = 0) -> str:
    result: Any = agent.messages[2]["content"][number]
    return str(result["toolResult"]["content"][0]["text"])


@pytest.mark.parametrize("wording", ["Delete a file.", "Delete everything."])
def test_a_description_that_changed_after_the_approval_asks_anew(
    tmp_path: Path, address: str, log: Path, wording: str
) -> None:
    call = ToolCall("delete", {"path": wording}, id="t")
    with MCPClient(url=address) as client:
        client.call_tool_sync("t", "reword", {"description": "Delete a file."})
        agent_with(client, tmp_path, call, hooks=[gate])("go")
        client.call_tool_sync("t", "reword", {"description": wording})
    with MCPClient(url=address) as client:
        agent = agent_with(client, tmp_path, call, hooks=[gate])
        result = answer(agent, "y")
        done = f"delete {wording}" in (log.read_text() if log.exists() else "")
        same = wording == "Delete a file."
        assert (result.stop_reason, done) == (("end_turn", True) if same else ("interrupt", False))


LOCAL = {"command": sys.executable, "args": ["-m", "support.mcp_server"], "cwd": str(TESTS)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (LOCAL, {**LOCAL, "args": [*LOCAL["args"], "--log", os.devnull]}),
        ({**LOCAL, "env": {"ACCOUNT": "test"}}, {**LOCAL, "env": {"ACCOUNT": "real"}}),
        ({"url": "http://127.0.0.1:PORT/mcp"}, {"url": "http://localhost:PORT/mcp"}),
        ({"url": "http://127.0.0.1:PORT/mcp"}, {"url": "http://127.0.0.1:PORT/mcp", "headers": {"X-Account": "real"}}),
    ],
)
def test_another_server_of_the_same_name_asks_anew(
    first: dict[str, Any], second: dict[str, Any], tmp_path: Path, address: str
) -> None:
    def client(server: dict[str, Any]) -> MCPClient:
        found = json.loads(json.dumps(server).replace("PORT", address.split(":")[2].partition("/")[0]))
        (made,) = MCPClient.load_servers({"mcpServers": {"files": found}})
        return made

    call = ToolCall("delete", {"path": str(tmp_path)}, id="t")
    with client(first) as test:
        agent_with(test, tmp_path, call, hooks=[gate])("go")
    for server, reason in ((second, "interrupt"), (second, "end_turn")):
        with client(server) as production:
            assert answer(agent_with(production, tmp_path, call, hooks=[gate]), "y").stop_reason == reason


def test_a_description_that_changes_while_the_person_thinks_asks_anew(
    tmp_path: Path, client: MCPClient, log: Path
) -> None:
    agent = agent_with(client, tmp_path, ToolCall("delete", {"path": "while"}, id="t"), hooks=[gate])
    agent("go")
    client.call_tool_sync("t", "reword", {"description": "Delete all of it."})
    assert answer(agent, "y").stop_reason == "interrupt"
    assert answer(agent, "y").stop_reason == "end_turn"
    assert result_of(agent) == "deleted while"


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        ({"sure": True}, "wiped x"),
        (True, "wiped x"),
        ("y", "wiped x"),
        ({"sure": False}, "x is kept: accept"),
        ("n", "x is kept: decline"),
        ({"action": "cancel"}, "x is kept: cancel"),
    ],
)
def test_a_question_of_the_server_is_an_interrupt(
    client: MCPClient, tmp_path: Path, response: Any, outcome: str
) -> None:
    agent = agent_with(client, tmp_path, ToolCall("wipe", {"path": "x"}, id="t"))
    result = agent("go")
    assert result.stop_reason == "interrupt"
    (interrupt,) = result.interrupts or ()
    assert interrupt.reason["message"] == "Really wipe x?"
    assert interrupt.reason["requestedSchema"]["required"] == ["sure"]
    assert answer(agent, response).stop_reason == "end_turn"
    assert result_of(agent) == outcome


def test_a_question_of_the_server_survives_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "log"
    call = ToolCall("wipe", {"path": "x"}, id="t")
    with stdio("--log", str(log)) as client:
        assert agent_with(client, tmp_path, call)("go").stop_reason == "interrupt"
    with stdio("--log", str(log)) as client:
        agent = agent_with(client, tmp_path, call)
        assert answer(agent, {"sure": True}).stop_reason == "end_turn"
        assert result_of(agent) == "wiped x"
    assert log.read_text().count("wiped x") == 1


def test_questions_of_several_calls_find_their_calls(client: MCPClient, tmp_path: Path) -> None:
    calls = [ToolCall("wipe", {"path": name}, id=name) for name in "abc"]
    agent = agent_with(client, tmp_path, *calls, ToolCall("add", {"a": 1, "b": 1}, id="d"))
    result = agent("go")
    assert [i.reason["message"] for i in result.interrupts or ()] == [f"Really wipe {name}?" for name in "abc"]
    assert answer(agent, True, False, True).stop_reason == "end_turn"
    assert [result_of(agent, n) for n in range(4)] == ["wiped a", "b is kept: decline", "wiped c", "2"]


def test_questions_of_one_call_are_asked_one_after_another(client: MCPClient, tmp_path: Path) -> None:
    agent = agent_with(client, tmp_path, ToolCall("tag", {"path": "x"}, id="t"))
    agent("go")
    assert answer(agent, {"label": "one"}).stop_reason == "interrupt"
    assert answer(agent, {"label": "two", "color": "blue"}).stop_reason == "end_turn"
    assert result_of(agent) == "one/red two/blue"


def test_a_callback_answers_in_place_of_a_person(tmp_path: Path, address: str) -> None:
    from mcp import types

    async def accept(context: Any, params: Any) -> Any:
        return types.ElicitResult(action="accept", content={"sure": True})

    with MCPClient(url=address, elicitation_callback=accept) as client:
        agent = agent_with(client, tmp_path, ToolCall("wipe", {"path": "x"}, id="t"))
        assert agent("go").stop_reason == "end_turn"
        assert result_of(agent) == "wiped x"


def test_servers_from_a_configuration(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON", sys.executable)
    local = {"command": "${PYTHON}", "args": ["-m", "support.mcp_server"], "cwd": str(TESTS)}
    servers = {
        "local files": {**local, "tool_filters": {"allowed": ["add"]}},
        "remote": {
            "url": address,
            "transport": "streamable-http",
            "prefix": "far",
            "tool_filters": {"allowed": ["add"]},
        },
        "off": {"command": "x", "disabled": True},
    }
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    clients = MCPClient.load_servers(str(path), prefix_with_server_name=True)
    agent = Agent(model=ScriptedModel(["x"]), tools=clients, callback_handler=None)
    try:
        assert agent.tool_names == ["local_files_add", "far_add"]
    finally:
        agent.cleanup()


@pytest.mark.parametrize(
    ("servers", "message"),
    [
        ({"a": {}}, "mcpServers.a: expected either 'command' or 'url'"),
        ({"a": {"url": "x", "transport": "pigeon"}}, "transport 'pigeon'"),
        ({"a": 1}, "mcpServers.a: expected an object"),
        ({"a": {"command": "${NOT_SET_ANYWHERE}"}}, "'NOT_SET_ANYWHERE' is not set"),
        ({"a": {"command": "x", "tool_filters": {"only": []}}}, "'only' is not 'allowed' or 'rejected'"),
    ],
)
def test_a_wrong_configuration_is_named(servers: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        MCPClient.load_servers({"mcpServers": servers})
