"""A signal ends a command whatever it is doing: a tool, a hook or a model that blocks, or one that will not stop."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from support.console import Console, until

PROGRAM = """\
import asyncio, sys, time
from strands import Workflow, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall

def note():
    print("BLOCKED", file=sys.stderr, flush=True)

@tool
async def thread() -> str:
    "Wait in a thread."
    note()
    await asyncio.to_thread(time.sleep, 600)

@tool
async def stubborn() -> str:
    "Never stop."
    note()
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass

@tool
def harmless() -> str:
    "Do nothing."

def gate(event: BeforeToolCallEvent):
    note()
    time.sleep(600)

def model(messages):
    note()
    time.sleep(600)

spec = {"version": 0, "name": "blocked", "runtime": {"provider": "openai", "model_id": "m"},
        "agents": {"a": {"prompt": "p"}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "x"}]}}}

def calling(name, **more):
    return Workflow.from_dict(spec, model=ScriptedModel([ToolCall(name, {}), "end"]), tools=[globals()[name]], **more)

a_thread, a_stubborn_tool = calling("thread"), calling("stubborn")
a_hook = calling("harmless", hooks=[gate])
a_model = Workflow.from_dict(spec, model=ScriptedModel(model))
"""
SPEC = """\
version: 0
name: blocked
runtime: {provider: openai, model_id: m}
agents: {a: {prompt: p}}
pattern: {type: chain, config: {steps: [{agent: a, input: x}]}}
"""


@pytest.mark.parametrize(
    ("blocked", "number"),
    [
        ("a_thread", signal.SIGINT),
        ("a_stubborn_tool", signal.SIGTERM),
        ("a_hook", signal.SIGTERM),
        ("a_model", signal.SIGINT),
    ],
)
def test_a_signal_ends_the_command(console: Console, blocked: str, number: signal.Signals) -> None:
    console.write("program.py", PROGRAM)
    console.write("blocked.yaml", SPEC)
    process = console.start("run", "blocked.yaml", "--app", f"program:{blocked}")
    assert process.stderr is not None
    while "BLOCKED" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(number)
    said = process.communicate(timeout=40)[1]
    assert process.returncode == 128 + number
    assert "keeps what was finished" in said and "Resume: strands resume blocked-" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("kind", "number"), [("mute", signal.SIGINT), ("stubborn-mute", signal.SIGTERM)])
def test_a_signal_ends_the_mcp_servers_too(console: Console, tmp_path: Path, kind: str, number: signal.Signals) -> None:
    pytest.importorskip("mcp", reason="the MCP SDK is not installed")
    log = tmp_path / "server.log"
    log.touch()
    console.env["OPENAI_API_KEY"] = "sk-test"
    server = {"id": "desk", "command": sys.executable, "args": ["-m", "support.odd_mcp_server", kind, str(log)]}
    server["cwd"] = str(Path(__file__).parent.parent)
    console.write("blocked.yaml", SPEC + f"tools: {json.dumps({'mcp': [server]})}\n")
    with console.start("run", "blocked.yaml") as process:
        until(lambda: "list" in log.read_text())
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    pid = int(log.read_text().split()[1])
    until(lambda: not Path(f"/proc/{pid}").exists())
