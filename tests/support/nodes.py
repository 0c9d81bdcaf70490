"""Agents, graphs and swarms whose nodes, hooks and tools ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from strands import Agent, tool
from strands.hooks import AfterNodeCallEvent, BeforeNodeCallEvent, BeforeToolCallEvent, HookProvider, HookRegistry
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Graph, GraphBuilder, Swarm
from strands.session import FileSessionManager


class Gate(HookProvider):
    """Asks before node `name`, and counts the nodes that ran."""

    def __init__(self, name: str, who: str = "", ran: list[str] | None = None) -> None:
        self.name, self.who = name, who
        self.ran = ran if ran is not None else []

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeNodeCallEvent, self.ask)
        registry.add_callback(AfterNodeCallEvent, lambda event: self.ran.append(event.node_id))

    def ask(self, event: BeforeNodeCallEvent) -> None:
        if event.node_id == self.name and event.interrupt("ok", reason=self.who) != "y":
            event.cancel_node = "not today"


def agent(name: str, script: Any = "done", **kwargs: Any) -> Agent:
    model = ScriptedModel(script if callable(script) else lambda messages: script)
    return Agent(model=model, name=name, agent_id=name, callback_handler=None, retry_strategy=None, **kwargs)


def clerk(name: str, effects: list[Any], amount: int = 1, id: str = "call_0") -> Agent:
    """Return an agent that wires money after its hook has asked, always under one tool use id."""

    @tool
    def wire(amount: int) -> str:
        """Wire money."""
        effects.append(amount)
        return "sent"

    def gate(event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] == "wire" and event.interrupt("ok", reason=event.tool_use["input"]["amount"]) != "y":
            event.cancel_tool = "no"

    def script(messages: list[Any]) -> Any:
        if any("toolResult" in block for block in messages[-1]["content"]):
            return "done"
        return ToolCall("wire", {"amount": amount}, id=id)

    return agent(name, script, tools=[wire], hooks=[gate])


def graph(
    nodes: dict[str, Any],
    *,
    id: str = "g",
    root: Path | None = None,
    hooks: list[Any] | None = None,
    edges: tuple[tuple[str, str], ...] = (),
) -> Graph:
    builder = GraphBuilder().set_graph_id(id).set_hook_providers(hooks or [])
    if root is not None:
        builder.set_session_manager(FileSessionManager("s", root))
    for name, executor in nodes.items():
        builder.add_node(executor, name)
    for edge in edges:
        builder.add_edge(*edge)
    return builder.build()


def answer(interrupt: Any, response: Any = "y") -> list[Any]:
    return [{"interruptResponse": {"interruptId": interrupt.id, "response": response}}]


def answers(result: Any, response: Any = "y") -> list[Any]:
    return [block for each in result.interrupts for block in answer(each, response)]


def make_swarm(root: Path | None, *agents: Agent, hooks: Any = None) -> Swarm:
    manager = FileSessionManager("s", root) if root is not None else None
    return Swarm(list(agents), session_manager=manager, hooks=hooks)


def paying(effects: list[Any], down: list[Any]) -> Agent:
    @tool
    def pay() -> str:
        """Pay."""
        effects.append("paid")
        return "paid"

    def script(messages: list[Any]) -> Any:
        if len(messages) == 1:
            return ToolCall("pay", {})
        if down:
            down.pop()
            raise ConnectionError("network down")
        return "done"

    return agent("payer", script, tools=[pay])
