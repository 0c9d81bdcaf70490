"""Workflows for servers: every call of an agent is a line in the file CALLS."""

from __future__ import annotations

import os
import time
from typing import Any

from strands import tool
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands_cli.api import Workflow

HEAD = """
version: 0
name: {name}
runtime: {{provider: ollama, model_id: none}}
inputs: {{values: {{amount: 7}}}}
agents:
  clerk:
    prompt: You are a clerk.
"""
PAYING = """
pattern:
  type: chain
  config:
    steps:
      - {agent: clerk, input: "{{ amount }} prepared"}
      - {type: hitl, prompt: "Pay {{ amount }} EUR?", context_display: "<b>To</b> ACME", choices: ["yes", "no"]}
      - {agent: clerk, input: "{{ amount }} done"}
"""
REFUNDING = """
    tools: [refund]
    approvals: [{tools: [refund]}]
pattern:
  type: chain
  config:
    steps:
      - {agent: clerk, input: "refund {{ amount }}"}
"""


@tool
def refund(amount: int) -> str:
    """Pay money back.

    Args:
        amount: Euros.
    """
    note(f"refund {amount}")
    return f"refunded {amount}"


def note(text: str) -> None:
    with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
        file.write(f"{time.time()} {os.getpid()} {text}\n")


def play(messages: list[Any]) -> Reply:
    content = messages[-1]["content"][0]
    if "toolResult" in content:
        return Reply("it is refunded")
    note(content["text"])
    if content["text"].startswith("refund"):
        return Reply(tool_calls=[ToolCall("refund", {"amount": int(content["text"].split()[1])})])
    return Reply(f"did {content['text']}", delay=float(os.environ.get("STEP_SECONDS", "0")))


paying = Workflow.from_yaml(HEAD.format(name="paying") + PAYING, model=ScriptedModel(play))
WRITING = """
pattern:
  type: chain
  config:
    steps:
      - {agent: clerk, input: "write"}
outputs:
  artifacts: [{path: letter.txt, from: "{{ last_response }}"}]
"""
refunding = Workflow.from_yaml(HEAD.format(name="refunding") + REFUNDING, model=ScriptedModel(play), tools=[refund])
GUARDED = PAYING.replace('choices: ["yes", "no"]', 'choices: ["yes", "no"], ask: {exclude: [starter]}')
guarded = Workflow.from_yaml(HEAD.format(name="guarded") + GUARDED, model=ScriptedModel(play))
writing = Workflow.from_yaml(HEAD.format(name="writing") + WRITING, model=ScriptedModel(play))
workflows = [paying, refunding]
