"""Processes in which agents use agents as tools, in one session; see `session_worker`.

An order's `depth` is how many agents stand below the chief; `asks` lets tools ask and hooks want approval; `own` gives
the chief's helper a session of its own; `pause` ends the process at the first questions. Who is asked whether a call
has happened looks into `<root>/effects` and says what is true, so that every story ends like an undisturbed one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from strands import Agent, ToolContext, tool
from strands._tracking import bare
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from support.session_worker import disk_of, lines, note, serve

NAMES = ["chief", "manager", "worker"]


def tools_of(root: Path, name: str) -> list[Any]:
    """Return the tools of an agent: `pay` and `ship` act, `sign` asks first, `look` only looks."""

    @tool
    def pay() -> str:
        """Pay."""
        note(root, "effects", f"pay-{name}")
        return f"{name} paid"

    @tool
    def ship() -> str:
        """Ship."""
        note(root, "effects", f"ship-{name}")
        return f"{name} shipped"

    @tool(context=True)
    def sign(tool_context: ToolContext) -> str:
        """Sign."""
        answer = tool_context.interrupt("sign", reason={"by": name})
        note(root, "effects", f"sign-{name}")
        return f"{name} signed: {answer}"

    @tool(read_only=True)
    def look() -> str:
        """Look."""
        return f"{name} looked"

    return [pay, ship, sign, look]


def model_of(root: Path, name: str, below: str | None, asks: bool) -> ScriptedModel:
    """Pay, let the helper work, look, ship, and say so."""

    def script(messages: list[Any]) -> Any:
        turn = sum(message["role"] == "assistant" for message in messages)
        note(root, "calls", f"{name} {turn}")
        steps: list[list[ToolCall]] = [[ToolCall("pay", {}, id=f"pay-{name}"), ToolCall("look", {}, id=f"look-{name}")]]
        if below is not None:
            steps[0].append(ToolCall(below, {"input": f"work for {name}"}, id=f"use-{below}"))
        if asks:
            steps.append([ToolCall("sign", {}, id=f"sign-{name}")])
        steps.append([ToolCall("ship", {}, id=f"ship-{name}")])
        return steps[turn] if turn < len(steps) else f"done by {name}"

    return ScriptedModel(script)


def approve(event: BeforeToolCallEvent) -> None:
    if event.tool_use["name"] == "ship":
        answer = event.interrupt("approval", reason={"call": event.tool_use["toolUseId"]})
        event.cancel_tool = False if answer == "y" else "denied"


def make(root: Path, order: dict[str, Any]) -> Agent:
    """Return the chief, with the agents below."""
    names = NAMES[: 1 + order.get("depth", 1)]
    if order.get("own"):
        names = [names[0], "manager"]
    disk = disk_of(*order["disk"])
    agent: Agent | None = None
    for name in reversed(names):
        below = agent.name if agent is not None else None
        session = FileSessionManager("tree", root / "store", disk=disk) if name == "chief" else None
        if order.get("own") and name == "manager":
            session = FileSessionManager("other", root / "store", disk=disk)
        agent = Agent(
            model=model_of(root, name, below, order.get("asks", False)),
            tools=[*tools_of(root, name), *([agent] if agent is not None else [])],
            hooks=[approve] if order.get("asks") else [],
            name=name,
            agent_id=name,
            session_manager=session,
            callback_handler=None,
        )
    assert agent is not None
    return agent


def truth(root: Path, interrupt: Any) -> Any:
    """Answer a question; of a call in doubt, say whether it happened and what it came to."""
    note(root, "answers", f"{interrupt.name} {interrupt.id}")
    if interrupt.name != "ambiguous_tool_call":
        return "y"
    id = interrupt.id.split(":")[2]
    act, name = id.split("-")
    if id not in lines(root, "effects"):
        return "run again"
    return {"result": {"pay": f"{name} paid", "ship": f"{name} shipped", "sign": f"{name} signed: y"}[act]}


def go(root: Path, order: dict[str, Any]) -> None:
    """Go on from wherever the session is to the end, or to the first questions."""
    agent = make(root, order)
    for _ in range(30):
        pending = agent.pending_interrupts
        if pending and order.get("pause"):
            return
        last = agent.messages[-1] if agent.messages else None
        if pending:
            prompt: Any = [
                {"interruptResponse": {"interruptId": each.id, "response": truth(root, each)}} for each in pending
            ]
        elif last is None:
            prompt = "work"
        elif last["role"] == "assistant" and not any("toolUse" in block for block in last["content"]):
            (root / "end").write_text(json.dumps([bare(message) for message in agent.messages]), encoding="utf-8")
            return
        else:
            prompt = None
        agent(prompt)
    raise AssertionError("the agent does not come to an end")


if __name__ == "__main__":
    serve(go, rehearsed=[{"own": True, "asks": True}, {"depth": 2, "asks": True}])
