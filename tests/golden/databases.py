"""What the golden databases hold: workflows, an agent and a graph, each as it waits for somebody."""

from __future__ import annotations

from typing import Any

from strands import Agent, SessionManager, Workflow, tool
from strands.hooks import BeforeNodeCallEvent, BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder
from strands.session import SQLSessionManager

SPEC = {
    "version": 0,
    "name": "golden",
    "description": "A spec that is long enough to be kept apart, once for all sessions of it. " * 16,
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "Be kind. é"}},
    "pattern": {
        "type": "chain",
        "config": {
            "steps": [
                {"agent": "a", "input": "{{ topic }}"},
                {"type": "hitl", "prompt": "Send it?"},
                {"agent": "a", "input": "Send."},
            ]
        },
    },
    "inputs": {"required": {"topic": "string"}},
}
STATUSES = {"paused": "paused", "answered": "answered", "completed": "completed", "cancelled": "cancelled"}


def workflow(store: str) -> Workflow:
    """Return the workflow."""
    return Workflow.from_dict(SPEC, store=store)


def agent(store: str, paid: list[int], *replies: Any) -> Agent:
    """Return the agent, which asks before it pays."""

    @tool
    def pay(amount: int) -> str:
        """Pay it."""
        paid.append(amount)
        return "paid"

    def approve(event: BeforeToolCallEvent) -> None:
        if event.interrupt("approval", reason={"amount": 10}) != "y":
            event.cancel_tool = "denied"

    manager, model = SQLSessionManager("golden-agent", store), ScriptedModel(list(replies))
    return Agent(model=model, tools=[pay], hooks=[approve], session_manager=manager, callback_handler=None)


def graph(store: str, *replies: Any) -> Any:
    """Return the graph, which asks before its last node."""

    def ask(event: BeforeNodeCallEvent) -> None:
        if event.node_id == "last":
            event.interrupt("ok", reason="go on?")

    builder = GraphBuilder()
    for name in ("first", "last"):
        builder.add_node(Agent(name=name, model=ScriptedModel(list(replies)), callback_handler=None), name)
    builder.add_edge("first", "last")
    builder.set_graph_id("g")
    builder.set_session_manager(SQLSessionManager("golden-graph", store))
    built = builder.build()
    built.hooks.add_callback(BeforeNodeCallEvent, ask)
    return built


def fill(store: str) -> None:
    """Keep a session of each kind in a store that is empty."""
    manager = SessionManager(store=store)
    for name in STATUSES:
        workflow(store).run(topic="Ada", session_id=name)
    manager.get_session("answered").answer("steps/1", "yes", by="ann")
    manager.get_session("completed").resume("yes", by="ann")
    manager.get_session("cancelled").cancel(by="ann")
    agent(store, [], ToolCall("pay", {"amount": 10}))("pay")
    graph(store, "done")("go")
