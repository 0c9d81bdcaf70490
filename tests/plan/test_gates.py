"""Where a run may stop for a person outside its steps."""

from __future__ import annotations

from strands_cli.loader import load_text
from strands_cli.plan.gates import gates

SPEC = """
version: 0
name: janitor
runtime: {provider: scripted, budgets: {max_steps: 3, on_exceed: ask}}
tools: {python: [file_write]}
agents:
  janitor:
    prompt: You tidy up.
    tools: [file_write]
    approvals: [{tools: ["file_*"], when: "{{ args.path == 'x' }}"}]
pattern: {type: chain, config: {steps: [{agent: janitor, input: "Tidy up."}]}}
"""


def test_approvals_and_budgets_are_named() -> None:
    assert gates(load_text(SPEC, source="t")) == [
        "before janitor calls file_*, when {{ args.path == 'x' }}",
        "when a budget is used up",
    ]
