"""A process that forks: parent and child call agents, and neither takes the other's event loop away."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from strands import Agent, tool
from strands.models import ScriptedModel, ToolCall

@tool
def work() -> str:
    '''Work in a thread.'''
    return "worked"

def call(who):
    agent = Agent(model=ScriptedModel([ToolCall("work", {}), who]), tools=[work], callback_handler=None)
    print(str(agent("go")).strip(), flush=True)

call("before")
pid = os.fork()
if pid == 0:
    if sys.argv[1] == "calls":
        call("child")
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
call("parent")
call("parent again")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("child", ["calls", "only ends"])
def test_parent_and_child_both_go_on(child: str) -> None:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, child]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    said = ["before", *(["child"] if child == "calls" else []), "parent", "parent again"]
    assert done.stdout.split("\n")[:-1] == said
    assert done.stderr == ""
