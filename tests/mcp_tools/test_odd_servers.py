"""Servers that misbehave: whatever they do or leave undone, it is the error of one call, and nothing hangs."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

from strands import Agent
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.tools.mcp import MCPClient, transports
from strands.types.exceptions import MCPClientInitializationError, ToolProviderException

TESTS = Path(__file__).parent.parent


def odd(kind: str, log: Path | None = None, **options: Any) -> MCPClient:
    arguments = ["-m", "support.odd_mcp_server", kind, *([str(log)] if log else [])]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS)}
    return MCPClient(
        lambda: transports.stdio(sys.executable, arguments, environment, str(TESTS), kind), name=kind, **options
    )


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
    pairs = zip(agent.pending_interrupts, responses, strict=True)
    return agent([{"interruptResponse": {"interruptId": i.id, "response": response}} for i, response in pairs])


def results(agent: Agent) -> list[str]:
    found: list[Any] = agent.messages[2]["content"]
    return [str(block["toolResult"]["content"][0]["text"]) for block in found]


def processes(log: Path) -> list[int]:
    return [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("process")]


def ends(process: int) -> bool:
    """Whether a process ends, within ten seconds."""
    for _ in range(100):
        if not Path(f"/proc/{process}").exists():
            return True
        time.sleep(0.1)
    return False


def test_a_server_that_serves_one_call_at_a_time_may_ask(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with odd("asks", log) as client:
        agent = agent_with(client, tmp_path, ToolCall("act", {}, id="a"), ToolCall("other", {}, id="b"))
        result = agent("go")
        for _ in range(3):
            if result.stop_reason == "interrupt":
                result = answer(agent, *[True] * len(agent.pending_interrupts))
        assert result.stop_reason == "end_turn"
        assert results(agent) == ["act: accept", "other: accept"]


def test_a_direct_call_does_not_get_the_question_of_another(tmp_path: Path) -> None:
    with odd("asks") as client:
        assert client.call_tool_sync("t", "act")["content"] == [{"text": "act: cancel"}]


def test_one_bad_byte_spoils_one_message(tmp_path: Path) -> None:
    with odd("bad-byte") as client:
        assert "�" in str(client.call_tool_sync("t", "act")["content"])
        assert client.call_tool_sync("t", "other")["content"] == [{"text": "other done"}]


def test_after_its_death_the_next_call_starts_it_anew(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with odd("dies", log) as client:
        assert client.call_tool_sync("t", "act")["status"] == "error"
        assert client.call_tool_sync("t", "other")["content"] == [{"text": "other done"}]
    assert len(processes(log)) == 2
    assert log.read_text().count("call act") == 1


@pytest.mark.parametrize(("said", "outcome"), [("skip", "Skipped"), ("result: paid", "paid")])
def test_a_call_that_its_death_cut_off_may_have_happened(tmp_path: Path, said: str, outcome: str) -> None:
    log = tmp_path / "log"
    with odd("dies", log) as client:
        agent = agent_with(client, tmp_path, ToolCall("act", {}, id="t"))
        result = agent("go")
        assert result.stop_reason == "interrupt"
        assert [each.name for each in result.interrupts or ()] == ["ambiguous_tool_call"]
        assert answer(agent, said).stop_reason == "end_turn"
        assert outcome in results(agent)[0]
    assert log.read_text().count("call act") == 1


def test_a_call_that_its_death_cut_off_is_a_question_in_another_process_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with odd("dies", log) as client:
        agent_with(client, tmp_path, ToolCall("act", {}, id="t"))("go")
    with odd("fine", log) as client:
        agent = agent_with(client, tmp_path, ToolCall("act", {}, id="t"))
        assert [each.name for each in agent.pending_interrupts] == ["ambiguous_tool_call"]
        assert answer(agent, "run again").stop_reason == "end_turn"
        assert results(agent) == ["act done"]
    assert log.read_text().count("call act") == 2


def gate(event: BeforeToolCallEvent) -> None:
    if event.interrupt("ok", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "denied"


def test_an_approval_is_not_spent_on_a_server_that_is_not_there(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with odd("fine", log) as client:
        agent_with(client, tmp_path, ToolCall("act", {}, id="t"), hooks=[gate])("go")
    command = [sys.executable]
    there = ["-m", "support.odd_mcp_server", "fine", str(log)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS)}
    client = MCPClient(lambda: transports.stdio(command[0], there, environment, str(TESTS)), name="fine")
    agent = agent_with(client, tmp_path, ToolCall("act", {}, id="t"), hooks=[gate])
    client.stop()
    command[0] = "/nowhere"
    with pytest.raises(MCPClientInitializationError, match="could not connect"):
        answer(agent, "y")
    command[0] = sys.executable
    agent = agent_with(client, tmp_path, ToolCall("act", {}, id="t"), hooks=[gate])
    result = answer(agent, "y") if agent.pending_interrupts else agent(None)
    assert result.stop_reason == "end_turn"
    assert results(agent) == ["act done"]
    client.stop()


def test_connecting_and_listing_share_one_time_out() -> None:
    with pytest.raises(MCPClientInitializationError, match=r"did not list its tools within 1\.5 seconds"):
        odd("mute", startup_timeout=1.5)._all_tools()


def test_a_list_that_does_not_come_is_said_to_whoever_asks_for_it() -> None:
    late = pytest.raises(MCPClientInitializationError, match=r"'mute' did not list its tools within 1.5 seconds")
    with odd("mute", startup_timeout=1.5) as client, late:
        client.list_tools_sync()


def test_pages_that_come_round_again_end_the_list(caplog: pytest.LogCaptureFixture) -> None:
    with odd("circle") as client, caplog.at_level(logging.WARNING):
        assert [tool.tool_name for tool in asyncio.run(client.load_tools())] == ["act"]
    assert "in a circle" in caplog.text


def test_names_that_models_may_not_have_are_mapped_and_what_cannot_be_offered_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with odd("odd-names") as client, caplog.at_level(logging.WARNING):
        names = [tool.tool_name for tool in asyncio.run(client.load_tools())]
    assert names[0] == "files_read_all"
    assert len(names[1]) == 64
    assert len(names) == 2
    for left_out in ("'no-object' of an", "'a-task' of", "'files_read_all' of"):
        assert f"tool {left_out} MCP server" in caplog.text


def test_a_server_without_tools_offers_none() -> None:
    with odd("no-tools") as client:
        assert list(asyncio.run(client.load_tools())) == []


def test_tools_that_change_reach_the_agent_at_its_next_call_of_a_model(tmp_path: Path) -> None:
    log = tmp_path / "log"
    model = ScriptedModel([ToolCall("act", {}, id="t"), "done", "more"])
    with odd("changing", log) as client:
        agent = Agent(model=model, tools=[client], callback_handler=None)
        agent("go")
        for _ in range(400):
            if client.version:
                break
            time.sleep(0.02)
        agent("again")
        assert [spec["name"] for spec in model.requests[-1].tool_specs or ()] == ["new"]


def test_an_address_that_must_be_visited_first_is_a_question_that_shows_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with odd("url", log) as client:
        agent = agent_with(client, tmp_path, ToolCall("act", {}, id="t"))
        (question,) = agent("go").interrupts or ()
        assert question.reason["url"] == "https://login.example.com/x"
        assert (question.reason["host"], question.reason["server"]) == ("login.example.com", "url")
        assert answer(agent, "yes").stop_reason == "end_turn"
        assert results(agent) == ["act done"]
    log.write_text("")
    with odd("url", log) as client:
        assert "https://login.example.com/x" in str(client.call_tool_sync("t", "act")["content"])


def test_every_kind_of_content_reaches_the_model_and_a_broken_one_spoils_no_other() -> None:
    with odd("contents") as client:
        assert client.call_tool_sync("t", "act")["content"] == [
            {"image": {"format": "jpeg", "source": {"bytes": b"ABC"}}},
            {"image": {"format": "png", "source": {"bytes": b"ABCABC"}}},
            {"text": "[image, image/png, is not shown: it is not base64]"},
            {"text": "{}"},
            {"text": "a: 1"},
            {"document": {"format": "pdf", "name": "file----x", "source": {"bytes": b"%PDF"}}},
            {"text": '{"name": "file:///x", "type": "application/zip", "bytes": 3}'},
            {"text": "[x: file:///x]"},
            {"text": "[audio content, audio/wav, is not shown]"},
            {"text": "the rest"},
        ]


def test_a_call_has_a_time_out() -> None:
    with odd("hangs", call_timeout=0.3) as client:
        assert "may have been carried out" in str(client.call_tool_sync("t", "act")["content"])


def test_cancelling_the_agent_ends_a_call(tmp_path: Path) -> None:
    with odd("hangs") as client:
        agent = agent_with(client, tmp_path, ToolCall("act", {}, id="t"))
        threading.Timer(0.5, agent.cancel).start()
        assert agent("go").stop_reason == "cancelled"


def test_what_it_writes_to_its_errors_is_escaped_and_said_whose_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    with odd("loud") as client:
        client.call_tool_sync("t", "act")
    errors = capfd.readouterr().err
    assert "[loud] \\x1b[31mred\\x1b]52;c;aGk=\\x07\n[loud] second\n" in errors
    assert "\x1b" not in errors


def test_a_server_that_will_not_end_is_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with odd("stubborn", log) as client:
        client.call_tool_sync("t", "act")
    (process,) = processes(log)
    assert ends(process)


def _call_in_child(client: MCPClient, results: Any) -> None:
    results.put(client.call_tool_sync("t", "act")["content"])


def test_a_forked_child_connects_anew(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    with odd("fine", log) as client:
        found: Any = context.Queue()
        child: Any = context.Process(target=_call_in_child, args=(client, found))
        child.start()
        assert found.get(timeout=60) == [{"text": "act done"}]
        child.join(30)
        assert child.exitcode == 0
        assert client.call_tool_sync("t", "act")["content"] == [{"text": "act done"}]
    assert len(processes(log)) == 2


@pytest.mark.parametrize("count", [8])
def test_one_server_runs_however_many_threads_begin_at_once(tmp_path: Path, count: int) -> None:
    log = tmp_path / "log"
    client = odd("fine", log)
    barrier = threading.Barrier(count)

    def use() -> None:
        barrier.wait()
        agents.append(Agent(model=ScriptedModel(["x"]), tools=[client], callback_handler=None))

    agents: list[Agent] = []
    threads = [threading.Thread(target=use) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(agents) == count
    assert len(processes(log)) == 1
    client.stop()


def test_the_servers_of_an_agent_start_side_by_side(tmp_path: Path) -> None:
    """Each of them answers only when all ten have started."""
    log = tmp_path / "log"
    agent = Agent(model=ScriptedModel(["done"]), tools=[[odd("meets", log) for _ in range(10)]], callback_handler=None)
    assert len(agent.tool_names) == len(processes(log)) == 10
    agent.cleanup()


def test_servers_that_are_still_starting_are_ended_when_one_fails(tmp_path: Path) -> None:
    logs = [tmp_path / name for name in "ab"]
    gone = MCPClient(lambda: transports.stdio("no-such-command", [], None, None))
    with pytest.raises(ToolProviderException, match="no-such-command"):
        Agent(model=ScriptedModel(["done"]), tools=[*(odd("mute", log) for log in logs), gone], callback_handler=None)
    for pid in (pid for log in logs if log.exists() for pid in processes(log)):
        assert ends(pid)


def test_a_question_of_protocol_2026_07_28_outlives_a_restart_without_a_second_call(tmp_path: Path) -> None:
    pytest.importorskip("mcp.server.mcpserver", reason="protocol 2026-07-28 needs the MCP SDK 2")
    log = tmp_path / "log"
    command = [str(TESTS / "support" / "modern_mcp_server.py"), str(log)]

    def client() -> MCPClient:
        return MCPClient(lambda: transports.stdio(sys.executable, command, None, None), name="modern")

    with client() as first:
        (question,) = agent_with(first, tmp_path, ToolCall("act", {}, id="t"))("go").interrupts or ()
    assert (question.reason["message"], question.reason["server"]) == ("Sure?", "modern")
    with client() as second:
        agent = agent_with(second, tmp_path, ToolCall("act", {}, id="t"))
        assert answer(agent, "perhaps").stop_reason == "interrupt"
        assert "not taken" in agent.pending_interrupts[0].reason["problem"]
        assert answer(agent, "yes").stop_reason == "end_turn"
        assert results(agent) == ["accept sealed"]
    accepted = {"q": {"action": "accept", "content": {"sure": True}}}
    assert [json.loads(line) for line in log.read_text().splitlines()] == [[None, None], [accepted, "sealed"]]
