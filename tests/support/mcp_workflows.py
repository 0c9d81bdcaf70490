"""Workflows for MCP and A2A servers in processes of their own: every call of an agent is a line in the file CALLS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from strands import Agent, tool
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands_cli.api import Workflow


def note(line: str) -> None:
    with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {line}\n")


def play(messages: list[Any]) -> Reply:
    """Say what was asked for; while the file HELD has words of it, after a long time."""
    prompt = messages[-1]["content"][0]["text"]
    held = Path(os.environ.get("HELD", "/nowhere"))
    is_held = held.exists() and held.read_text(encoding="utf-8") in prompt
    note(f"held {prompt}" if is_held else prompt)
    return Reply(f"did {prompt}", delay=float(os.environ.get("HELD_SECONDS", "60")) if is_held else 0)


def refunds(name: str, steps: list[dict[str, Any]], model: ScriptedModel | None = None, **more: Any) -> Workflow:
    spec = {
        "version": 0,
        "name": name,
        "description": "Refund an order.",
        "runtime": {"provider": "scripted", "failure_policy": {"retries": 0}},
        "inputs": {"required": {"order": {"type": "string", "description": "The order."}}},
        "agents": {"clerk": {"prompt": "You are a clerk.", **more}},
        "pattern": {"type": "chain", "config": {"steps": steps}},
    }
    return Workflow.from_dict(spec, model=model or ScriptedModel(play), tools=[pay])


@tool
def pay(amount: int) -> str:
    """Pay an amount.

    Args:
        amount: In euros.
    """
    note(f"pay {amount}")
    return f"paid {amount}"


def pay_once(messages: list[Any]) -> Any:
    if any("toolResult" in block for block in messages[-1]["content"]):
        return "paid"
    return ToolCall("pay", {"amount": 10})


FORM = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": 1, "description": "In euros."},
        "method": {"enum": ["card", "bank"]},
        "on": {"type": "string", "format": "date"},
        "urgent": {"type": "boolean", "default": False},
    },
    "required": ["amount", "method"],
}
LOOK = {"agent": "clerk", "input": "look at {{ order }}"}
ASK = {"type": "hitl", "prompt": "Refund {{ order }}?", "choices": ["yes", "no"]}
SAY = {"agent": "clerk", "input": "say {{ hitl_response }}"}

refund = refunds("refund", [LOOK, {**ASK, "context_display": "{{ steps[0].response }}"}, SAY])
twice = refunds(
    "twice", [LOOK, ASK, SAY, {"type": "hitl", "prompt": "Why?"}, {"agent": "clerk", "input": "end {{ order }}"}]
)
form = refunds("form", [{"type": "hitl", "prompt": "How?", "schema": FORM}, SAY])
guarded = refunds("guarded", [LOOK], ScriptedModel(pay_once), approvals=[{"tools": ["pay"]}])
failing = refunds("failing", [LOOK], ScriptedModel([RuntimeError("no connection")]))
workflows = [refund, twice, form, guarded, failing]
both = Workflow.from_dict(
    {
        "version": 0,
        "name": "both",
        "runtime": {"provider": "scripted"},
        "inputs": {"required": {"order": "string"}},
        "agents": {"clerk": {"prompt": "You are a clerk."}},
        "pattern": {
            "type": "parallel",
            "config": {
                "branches": [
                    {"id": "may", "steps": [LOOK, ASK]},
                    {"id": "how", "steps": [LOOK, {"type": "hitl", "prompt": "How?", "schema": FORM}]},
                ]
            },
        },
    },
    model=ScriptedModel(play),
)
workflows.append(both)
helper = Agent(model=ScriptedModel(play), name="helper", description="Helps.", callback_handler=None)
nameless = Agent(model=ScriptedModel(play), callback_handler=None)
