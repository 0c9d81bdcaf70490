"""What a run shows of itself in a terminal: a spinner for what works, and none for what waits for a person."""

from __future__ import annotations

import json
from pathlib import Path

from support.console import Console

SLOW = """\
import os, time
from strands import tool

@tool
def slow() -> str:
    "Wait for a file."
    while not os.path.exists("go"):
        time.sleep(0.02)
    return "done"
"""
SPEC = """\
version: 0
name: spending
runtime: {provider: scripted, budgets: {max_steps: 2, on_exceed: ask}}
tools: {python: [{callable: "waiting:slow"}]}
agents: {a: {prompt: You work., tools: []}, b: {prompt: You wait., tools: [slow]}}
pattern:
  type: parallel
  config:
    branches:
      - {id: quick, steps: [{agent: a, input: one}, {agent: a, input: two}]}
      - {id: late, steps: [{agent: b, input: one}]}
"""
APPROVED = """\
version: 0
name: approving
runtime: {provider: scripted}
tools: {python: [{callable: "waiting:slow"}]}
agents: {b: {prompt: You wait., tools: [slow], approvals: [{tools: [slow]}]}}
pattern: {type: chain, config: {steps: [{agent: b, input: one}]}}
"""


def test_a_step_that_waits_for_a_bigger_budget_does_not_spin(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.write("waiting.py", SLOW)
    console.write("spending.yaml", SPEC)
    terminal = console.terminal("run", "spending.yaml", "--pause")
    terminal.expect("budget/steps/0").expect("branches/late/steps/0").expect("branches/late/steps/0")
    console.write("go", "")
    shown = terminal.end(19)
    _, _, after = shown.partition("budget/steps/0")
    assert "branches/quick/steps/1" not in after.partition("Paused for")[0]
    [question] = json.loads(console.run("sessions", "questions", "--json").stdout)
    assert question["kind"] == "budget"


def test_a_step_that_was_answered_spins_again(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.write("waiting.py", SLOW)
    console.write("approving.yaml", APPROVED)
    terminal = console.terminal("run", "approving.yaml")
    terminal.expect("Your response").type("approve")
    terminal.expect("answered").expect("0s  slow")
    console.write("go", "")
    terminal.end()
