"""What runs in a simulation: a workflow of each pattern, with people in every place and tools that have effects."""

from __future__ import annotations

import contextvars
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from simulation.machine import CLOCK, PROCESS
from strands import ToolContext, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.exceptions import ModelThrottledException
from strands_cli.api import Workflow
from support import pattern_stories
from support.cast import hitl
from support.cast import spec as spec_of
from support.pattern_stories import ANSWERS, PARTS, step

if TYPE_CHECKING:
    from simulation.world import World
    from strands_cli.spec.root import Spec

STORIES: dict[str, dict[str, Any]] = {
    **pattern_stories.STORIES,
    "chain": spec_of(
        "chain",
        {
            "steps": [
                step("a", "one {{ topic }}"),
                hitl("One good?", context_display="{{ last_response }}"),
                step("b", "two {{ hitl_response }} {{ steps[0].response }}"),
                step("c", "three {{ last_response }}"),
                hitl("All good?", context_display="{{ last_response }}"),
                step("a", "four {{ hitl_response }}"),
            ]
        },
    ),
    "parallel": spec_of(
        "parallel",
        {
            "branches": [
                {"id": "left", "steps": [step("a", "left {{ topic }}"), hitl("Left good?")]},
                {"id": "middle", "steps": [step("b", "middle"), step("c", "middle {{ last_response }}")]},
                {"id": "right", "steps": [hitl("Begin right?"), step("c", "right {{ hitl_response }}")]},
            ],
            "reduce": step("b", "all of {{ branches.left.response }}"),
        },
    ),
}

WORLD: contextvars.ContextVar[World] = contextvars.ContextVar("world")
KNOWN: contextvars.ContextVar[int] = contextvars.ContextVar("known")
"""How many entries there were when this drive began."""


async def _ran(name: str, order: str, *, again_at_will: bool) -> str:
    world, process = WORLD.get(), PROCESS.get()
    assert process is not None
    await process.reach()
    world.note(process.name, f"runs {name} {order}")
    session = order.partition("-")[0]
    if name == "pay" and session in world.agents and world.plan.approvals:
        world.ledger.needs_approval(session, order)
    world.ledger.ran(session, name, order, CLOCK.now, again_at_will=again_at_will)
    if not again_at_will and world.faults.now("kill at tool") is not None:
        world.note(process.name, f"dies as it runs {name}")
        world.kill(process)
    await process.reach(0.3 * process.chance.random())
    return f"{name} {order}: done"


@tool
async def pay(order: str) -> str:
    """Pay for an order."""
    return await _ran("pay", order, again_at_will=False)


@tool(idempotent=True)
async def book(order: str) -> str:
    """Book an order."""
    return await _ran("book", order, again_at_will=True)


@tool(read_only=True)
async def look(order: str) -> str:
    """Look an order up."""
    return await _ran("look", order, again_at_will=True)


@tool(context=True)
async def transfer(order: str, tool_context: ToolContext) -> str:
    """Transfer what an order costs, if somebody says so."""
    if tool_context.interrupt("transfer", reason={"order": order}) == "no":
        return "nothing was transferred"
    return await _ran("transfer", order, again_at_will=False)


TOOLS = [pay, book, look, transfer]
CALLS = [["pay"], ["pay", "look"], ["book"], [], ["look", "book"], [], ["transfer"], ["pay", "transfer"]]
"""Which tools an agent calls: by what it is told."""


def model(world: World, session: str) -> ScriptedModel:
    """Return the model of a session: what it says follows from what it is told."""

    async def answer(messages: list[Any], tools: Any, system: str | None) -> Any:
        process = PROCESS.get()
        assert process is not None
        who = re.match(r"You are (\w+)\.", system or "")
        assert who is not None
        at, prompt = _prompt(messages)
        said = messages[at + 1 :]
        world.note(process.name, f"asks the model for {who[1]}: {prompt!r}{f', {len(said)} on' if said else ''}")
        world.asked_model(session, who[1], prompt, KNOWN.get(0))
        if world.faults.now("throttle") is not None:
            raise ModelThrottledException("too many requests")
        await process.reach(0.5 * process.chance.random())
        part = PARTS.get(who[1])
        if part is not None:
            return part(prompt)
        order = f"{session}-{crc32(f'{who[1]} {prompt}'.encode()):08x}"
        calls = CALLS[crc32(f"{world.plan.seed} {order}".encode()) % len(CALLS)] if not said else []
        return [ToolCall(name, {"order": order}, id=f"{name}-{order}") for name in calls] or f"<{prompt}>"

    return ScriptedModel(answer)


def _prompt(messages: list[Any]) -> tuple[int, str]:
    """Return where the newest message of a user is, and its text."""
    for at in range(len(messages) - 1, -1, -1):
        if messages[at]["role"] == "user" and "text" in messages[at]["content"][-1]:
            return at, str(messages[at]["content"][-1]["text"])
    raise AssertionError("nobody has said anything")


@lru_cache(maxsize=64)
def spec(pattern: str, deadlines: float, reminders: bool, approvals: bool) -> Spec:
    """Return the workflow of a pattern."""
    times = ({"timeout_seconds": deadlines} if deadlines else {}) | (REMINDERS if reminders else {})
    story = _with_times(STORIES[pattern], times | ({"default": "yes"} if deadlines else {}))
    story["runtime"] = {**story["runtime"], "failure_policy": {"retries": 1, "wait_min": 0.2, "wait_max": 1}}
    if approvals:
        rule: dict[str, Any] = {"tools": ["pay"], "prompt": "Pay?"}
        rule |= times | ({"default": "reject"} if deadlines else {})
        story["agents"] = {name: {**agent, "approvals": [rule]} for name, agent in story["agents"].items()}
    return Workflow.from_dict(story, tools=TOOLS).spec


REMINDERS: dict[str, Any] = {"remind": [1, 4], "escalate": [{"after": 2, "notify": "cfo"}]}


def _with_times(value: Any, times: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_with_times(each, times) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _with_times(each, times) for name, each in value.items()}
    return found | times if found.get("type") == "hitl" else found


def workflow(world: World, session: str, pattern: str, repository: Any) -> Workflow:
    """Return the workflow of a session, as one process has it."""
    given = spec(pattern, world.plan.deadlines, world.plan.reminders, world.plan.approvals)
    return Workflow(given, tools=TOOLS, model=model(world, session), repository=repository)


def variables(pattern: str) -> dict[str, Any]:
    """Return what a workflow of a pattern begins with."""
    return {"topic": "bees"} if pattern != "evaluator_optimizer" else {}


def answer(pattern: str, key: str, kind: str, chance: float) -> Any:
    """Return what people say to a question."""
    if kind == "ambiguous_tool":
        return "run again" if chance < 0.5 else "skip"
    if kind == "approval":
        return "approve" if chance < 0.8 else "reject"
    return ANSWERS.get(pattern, {}).get(key, "approved")
