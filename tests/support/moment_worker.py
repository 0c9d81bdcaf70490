"""Agent processes that ask at one moment of their work, and die at one write: orders as `support.session_worker` takes.

`<root>/log` has a line for each question that a person is shown, and one for each answer that the hook got.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from strands import Agent, hooks, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import Disk, FileSessionManager
from support.session_worker import disk_of, lines, note, serve


def script(messages: list[Any]) -> Any:
    replied = any(message["role"] == "assistant" for message in messages)
    return "done" if replied else [ToolCall("pay", {"amount": 10}, id="t1")]


class Asks:
    """Asks at every event of a type.

    Args:
        root: Where it is noted.
        event_type: The type.
    """

    def __init__(self, root: Path, event_type: type[Any]) -> None:
        self._root = root
        self._event_type = event_type

    def register_hooks(self, registry: hooks.HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(self._event_type, self.ask)

    def ask(self, event: Any) -> None:
        answer = event.interrupt("ok", reason={"at": self._event_type.__name__})
        assert answer == "y", answer
        for interrupt in event.consulted:
            note(self._root, "log", f"answered {interrupt.id}")


def make_agent(root: Path, moment: str, disk: Disk) -> Agent:
    @tool
    def pay(amount: int) -> str:
        """Pay it."""
        note(root, "effects", "pay")
        return "paid"

    return Agent(
        model=ScriptedModel(script),
        tools=[pay],
        hooks=[Asks(root, getattr(hooks, moment))],
        callback_handler=None,
        session_manager=FileSessionManager(session_id="s", storage_dir=root / "store", disk=disk),
    )


def work(root: Path, order: dict[str, Any]) -> None:
    """Go on from wherever the session is; "one" takes one step, "all" goes on until the agent is done."""
    agent = make_agent(root, order["moment"], disk_of(*order["disk"]))
    for _ in range(1 if order["do"] == "one" else 20):
        if step(agent, root):
            note(root, "log", "done")
            return
    assert order["do"] == "one", "the agent does not come to an end"


def step(agent: Agent, root: Path) -> bool:
    """Answer what is open, or let the agent go on; return whether it is done."""
    prompt: Any = None
    if agent.pending_interrupts:
        prompt = []
        for interrupt in agent.pending_interrupts:
            doubt = interrupt.name == "ambiguous_tool_call"
            note(root, "log", f"{'doubt' if doubt else 'asked'} {interrupt.id}")
            response = "skip" if doubt else "y"
            prompt.append({"interruptResponse": {"interruptId": interrupt.id, "response": response}})
    elif not agent.messages and not lines(root, "log"):  # else the answer to its first question is on record
        prompt = "pay the bill"
    elif (
        agent.messages
        and agent.messages[-1]["role"] == "assistant"
        and "text" in agent.messages[-1]["content"][0]
        and not cut_off(root)
    ):
        return True
    return agent(prompt).stop_reason == "end_turn"


def cut_off(root: Path) -> bool:
    """Return whether the process that was to act on the latest answer died before it did."""
    latest: dict[str, str] = {}
    for kind, _, id in (line.partition(" ") for line in lines(root, "log")):
        latest[id] = kind
    return "asked" in latest.values()


if __name__ == "__main__":
    serve(work, rehearsed=[{"moment": "BeforeToolCallEvent"}])
