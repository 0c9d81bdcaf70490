"""While a run waits for a person it costs nothing: no process, no thread, no connection, no open file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.console import Console, environment
from support.stub_openai import StubOpenAI

SPEC = """
version: 0
name: waiting
runtime: {provider: openai, model_id: gpt-4o-mini}
agents: {writer: {prompt: Write.}}
pattern:
  type: chain
  config:
    steps:
      - {agent: writer, input: "A line."}
      - {type: hitl, prompt: "Good?"}
      - {agent: writer, input: "{{ hitl_response }}"}
"""
PAUSE = """
import json, os, threading, time
from strands import Workflow

def held():
    descriptors = (os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd"))
    files = [path for path in descriptors if "socket:" in path or "session" in path or "eventpoll" in path]
    names = {thread.name.partition("_")[0] for thread in threading.enumerate()}
    return {"threads": sorted(names), "files": files}

from strands import SessionManager
SessionManager().list_sessions()
before = held()["files"]  # the thread's event loop, which all its sync calls share

def paused():
    assert Workflow.from_file("waiting.yaml").run().status == "paused"
    until = time.monotonic() + 5  # a thread may be about to close the last of them
    while True:
        now = held()
        files = [file for file in now["files"] if file not in before]
        if not files or time.monotonic() > until:
            return {**now, "files": files}
        time.sleep(0.01)

print(json.dumps([paused() for _ in range(10)]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see what a process holds")
def test_a_program_that_paused_runs_holds_no_thread_connection_or_file_of_them(tmp_path: Path) -> None:
    (tmp_path / "waiting.yaml").write_text(SPEC, encoding="utf-8")
    with StubOpenAI() as stub:
        env = environment(tmp_path / "home", {"OPENAI_BASE_URL": stub.url, "OPENAI_API_KEY": "none"})
        command = [sys.executable, "-c", PAUSE]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True)
    for held in json.loads(done.stdout):
        assert held["files"] == []
        assert {"MainThread"} <= set(held["threads"]) <= {"MainThread", "asyncio", "strands-disk"}, (
            "only the idle threads of the one event loop and those that wait for the disk, for all runs"
        )


def test_the_command_that_paused_has_ended_and_another_one_goes_on(tmp_path: Path) -> None:
    with StubOpenAI() as stub:
        console = Console(tmp_path, {"OPENAI_BASE_URL": stub.url, "OPENAI_API_KEY": "none"})
        console.write("waiting.yaml", SPEC)
        console.run("run", "waiting.yaml", code=19)
        (session,) = json.loads(console.run("sessions", "list", "--json").stdout)
        assert session["status"] == "paused"
        console.run("resume", session["id"], "--response", "yes")
        assert [request.prompt for request in stub.requests] == ["A line.", "yes"]
