"""An agent, a graph, a swarm and a workflow that pay once somebody has approved, as processes that die.

Each keeps its session in a journal below `<root>/store`, so one suite holds for all. Of a call that may have happened
they are told to skip it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Graph, GraphBuilder, Status, Swarm
from strands.session import Disk, FileSessionManager
from strands_cli.api import Workflow
from strands_cli.errors import SessionNotFoundError
from strands_cli.kernel.state import State
from strands_cli.session.repository import FileSessionRepository
from support.session_worker import disk_of, lines, note, serve
from support.specs import solo

SUBJECTS = ("agent", "graph", "swarm", "workflow")
SPEC = solo(2, {"approvals": [{"tools": ["pay"], "options": ["approve", "reject"]}]})


class Way:
    """How paying goes; an object, as a tool that closes over other values is another tool than the approved one."""

    def __init__(self, root: Path, meanwhile: Callable[[], object] | None = None) -> None:
        self.root = root
        self.meanwhile = meanwhile

    def pay(self) -> str:
        note(self.root, "effects", "pay")
        if self.meanwhile is not None:
            self.meanwhile()
        return "paid"


def reply(messages: list[Any]) -> Any:
    last = messages[-1]["content"][0]
    return "done" if "toolResult" in last or "task 2" in last.get("text", "") else ToolCall("pay", {"amount": 10}, "t1")


def tools(way: Way) -> list[Any]:
    @tool
    def pay(amount: int) -> str:
        """Pay it."""
        return way.pay()

    return [pay]


def approve(event: BeforeToolCallEvent) -> None:
    if event.interrupt("approval") != "approve":
        event.cancel_tool = "denied"


def agent(way: Way, disk: Disk | None = None) -> Agent:
    return payer(way, session_manager=FileSessionManager("s", way.root / "store", disk=disk))


def payer(way: Way, **kwargs: Any) -> Agent:
    return Agent(
        model=ScriptedModel(reply), name="payer", tools=tools(way), hooks=[approve], callback_handler=None, **kwargs
    )


def orchestration(subject: str, way: Way, disk: Disk | None = None) -> Graph | Swarm:
    manager = FileSessionManager("s", way.root / "store", disk=disk)
    if subject == "swarm":
        return Swarm([payer(way)], session_manager=manager)
    clerk = Agent(model=ScriptedModel(lambda messages: "looked up"), name="clerk", callback_handler=None)
    builder = GraphBuilder().set_session_manager(manager)
    builder.add_node(clerk, "clerk")
    builder.add_node(payer(way), "payer")
    builder.add_edge("clerk", "payer")
    return builder.build()


def workflow(way: Way, disk: Disk | None = None) -> Workflow:
    store = FileSessionRepository(way.root / "store", disk=disk)
    return Workflow.from_dict(SPEC, repository=store, model=ScriptedModel(reply), tools=tools(way))


def start(subject: str, way: Way, disk: Disk | None = None) -> None:
    """Begin, to the question whether to pay."""
    if subject == "agent":
        assert agent(way, disk)("pay").stop_reason == "interrupt"
    elif subject in ("graph", "swarm"):
        assert orchestration(subject, way, disk)("pay").status is Status.INTERRUPTED
    else:
        assert workflow(way, disk).run(session_id="s").status == "paused"
    note(way.root, "acks", "asked")


def finish(subject: str, way: Way, disk: Disk | None = None) -> None:
    """Answer what is open and go on, from wherever the session is to its end."""
    if subject == "agent":
        _finish_agent(way, disk)
    elif subject in ("graph", "swarm"):
        _finish_orchestration(subject, way, disk)
    else:
        asyncio.run(_finish_workflow(way, disk))
    note(way.root, "acks", "end")


def _finish_agent(way: Way, disk: Disk | None) -> None:
    payer = agent(way, disk)
    for _ in range(10):
        prompt: Any = None
        if payer.pending_interrupts:
            given = {
                each.id: _answer(way.root, each.name == "ambiguous_tool_call") for each in payer.pending_interrupts
            }
            prompt = [{"interruptResponse": {"interruptId": id, "response": value}} for id, value in given.items()]
        elif not payer.messages:
            prompt = "pay"
        elif payer.messages[-1]["role"] == "assistant" and "text" in payer.messages[-1]["content"][0]:
            return
        if payer(prompt).stop_reason == "end_turn":
            return
    raise AssertionError("the agent does not come to an end")


def _finish_orchestration(subject: str, way: Way, disk: Disk | None) -> None:
    made = orchestration(subject, way, disk)
    for _ in range(10):
        if made.state.results and not made.is_under_way:
            return
        pending = made.pending_interrupts
        given = {each.id: _answer(way.root, each.name == "ambiguous_tool_call") for each in pending}
        blocks = [{"interruptResponse": {"interruptId": id, "response": value}} for id, value in given.items()]
        if made(blocks or ("pay" if not made.is_under_way else None)).status is Status.COMPLETED:
            return
    raise AssertionError("it does not come to an end")


async def _finish_workflow(way: Way, disk: Disk | None) -> None:
    flow, store = workflow(way, disk), FileSessionRepository(way.root / "store")
    for _ in range(10):
        state = State(await (await store.open("s")).load()) if await _begun(store) else None
        if state is None:
            result = await flow.run_async(session_id="s")
        elif state.status == "completed":
            return
        else:
            asked = {entry.key: entry.data.get("type") == "ambiguous_tool" for entry in state.open_questions()}
            given = {key: _answer(way.root, in_doubt) for key, in_doubt in asked.items()}
            result = await flow.resume_async("s", answers=given)
        if result.status == "completed":
            return
    raise AssertionError("the workflow does not come to an end")


async def _begun(store: FileSessionRepository) -> bool:
    try:
        return bool(await (await store.open("s")).load())
    except SessionNotFoundError:
        return False


def _answer(root: Path, in_doubt: bool) -> str:
    note(root, "answers", "skip" if in_doubt else "approve")
    return "skip" if in_doubt else "approve"


def journal(root: Path) -> Path:
    """Return the journal of the session."""
    (path,) = (root / "store").rglob("journal.jsonl")
    return path


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.001)


def _work(root: Path, order: dict[str, Any]) -> None:
    way = Way(root, {"die": _die, "linger": lambda: _wait_for(root / "release")}.get(order.get("meanwhile", "")))
    if "go" in order:
        note(root, "ready", "")
        _wait_for(Path(order["go"]))
    {"start": start, "finish": finish}[order["do"]](order["subject"], way, disk_of(*order["disk"]))


__all__ = ["SUBJECTS", "Way", "finish", "journal", "lines", "start"]

if __name__ == "__main__":
    serve(_work)
