"""Workflows for workers in processes of their own: every call of an agent is a line in the file CALLS."""

from __future__ import annotations

import os
import time
from typing import Any

from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import Reply, ScriptedModel
from strands_cli.api import Workflow

SECONDS = float(os.environ.get("STEP_SECONDS", "0.15"))
HEAD = """
version: 0
name: {name}
runtime: {{provider: ollama, model_id: none}}
inputs: {{values: {{n: 0}}}}
agents: {{clerk: {{prompt: You are a clerk.}}}}
"""
ASKING = """
pattern:
  type: chain
  config:
    steps:
      - {agent: clerk, input: "{{ n }} one"}
      - {type: hitl, prompt: "Go on with {{ n }}?"}
      - {agent: clerk, input: "{{ n }} two"}
      - {type: hitl, prompt: "And on with {{ n }}?"}
      - {agent: clerk, input: "{{ n }} three"}
"""
LONG = """
pattern:
  type: chain
  config:
    steps:
"""


def play(messages: list[Any]) -> Reply:
    prompt = messages[-1]["content"][0]["text"]
    with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
        file.write(f"{time.time()} {os.getpid()} {prompt}\n")
    return Reply(f"did {prompt}", delay=SECONDS)


def guard(event: BeforeToolCallEvent) -> None:
    """Let everything pass; what counts is that it is there."""


def made(name: str, pattern: str, **given: Any) -> Workflow:
    return Workflow.from_yaml(HEAD.format(name=name) + pattern, model=ScriptedModel(play), **given)


asking = made("asking", ASKING)
long = made("long", LONG + "".join(f'      - {{agent: clerk, input: "{{{{ n }}}} s{step}"}}\n' for step in range(8)))
guarded = made("guarded", ASKING, hooks=[guard])
unguarded = made("guarded", ASKING)
workflows = [asking, long, guarded]
by_name = {"asking": asking}
