"""Processes that work on one graph or swarm of a session; see `session_worker`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from strands import Agent, ToolContext, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Graph, GraphBuilder, Status, Swarm
from strands.session import FileSessionManager
from strands.types.exceptions import EventLoopException
from support.session_worker import disk_of, lines, note, serve


def agent(root: Path, name: str, below: bool, flaky: bool) -> Agent:
    """Return an agent that mails, pays and signs, the last one after asking; or one with a helper that does.

    A flaky one's model fails once after the payment, and once after the signature.
    """

    @tool(idempotent=True, context=True)
    def mail(tool_context: ToolContext) -> str:
        """Mail it."""
        note(root, "effects", f"mail-{name} {tool_context.idempotency_key}")
        return "mailed"

    @tool
    def pay() -> str:
        """Pay it."""
        note(root, "effects", f"pay-{name}")
        return "paid"

    @tool(context=True)
    def sign(tool_context: ToolContext) -> str:
        """Sign it."""
        tool_context.interrupt("sign", reason={"by": name})
        note(root, "effects", f"sign-{name}")
        return "signed"

    def script(messages: list[Any]) -> Any:
        turn = sum(message["role"] == "assistant" for message in messages)
        calls = [[ToolCall("mail", {}, id=f"m-{name}"), ToolCall("pay", {}, id=f"p-{name}")]]
        calls.append([ToolCall("sign", {}, id=f"s-{name}")])
        if flaky and turn and f"{name} {turn}" not in lines(root, "failures"):
            note(root, "failures", f"{name} {turn}")
            raise ConnectionError("network down")
        return calls[turn] if turn < len(calls) else end(turn - len(calls))

    def hand_over(messages: list[Any]) -> Any:
        turn = sum(message["role"] == "assistant" for message in messages)
        return ToolCall("helper", {"input": "the bills"}, id=f"u-{name}") if turn == 0 else end(turn - 1)

    def end(turn: int) -> Any:
        if name == "x" and turn == 0:
            return ToolCall("handoff_to_agent", {"agent_name": "y", "message": "go on"}, id="h")
        return f"done by {name}"

    tools: list[Any] = [mail, pay, sign]
    if below:
        helper = ScriptedModel(lambda messages: script(messages) if len(messages) < 5 else "done")
        tools = [Agent(model=helper, name="helper", tools=tools, callback_handler=None)]
    model = ScriptedModel(hand_over if below else script)
    more: dict[str, Any] = {"callback_handler": None, "retry_strategy": None}
    return Agent(model=model, name=name, agent_id=name, tools=tools, **more)


def make(root: Path, order: dict[str, Any], manager: Any = None) -> Graph | Swarm:
    """Return a graph of `a` and `b` side by side and `c` after them, or a swarm of `x` and `y`."""
    below, flaky = order.get("below", False), order.get("flaky", False)
    if manager is None:
        manager = FileSessionManager("s", root / "store", disk=disk_of(*order["disk"]))
    if order["kind"] == "swarm":
        return Swarm([agent(root, name, below, flaky) for name in "xy"], session_manager=manager)
    inner = GraphBuilder().set_graph_id("inner")
    inner.add_node(agent(root, "c", below, flaky), "c")
    builder = GraphBuilder().set_session_manager(manager)
    for name in "ab":
        builder.add_node(agent(root, name, below, flaky), name)
    builder.add_node(inner.build(), "c")
    builder.add_edge("a", "c", condition=lambda state: len(state.completed_nodes) == 2)
    return builder.build()


def finish(root: Path, order: dict[str, Any], manager: Any = None) -> None:
    """Go on from wherever the session is to the end, or with `pause` to the next questions."""
    graph = make(root, order, manager)
    if graph._status is Status.COMPLETED:  # its process died before it could say so
        note(root, "acks", Status.COMPLETED.value)
        return
    task: Any = "the bills"
    while True:
        pending = graph._interrupt_state.pending
        if pending:
            task = []
            for interrupt in pending:
                response = "skip" if interrupt.name == "ambiguous_tool_call" else "y"
                note(root, "answers", f"{interrupt.name} {interrupt.id}")
                task.append({"interruptResponse": {"interruptId": interrupt.id, "response": response}})
        try:
            result = graph(task)
        except EventLoopException:
            task = None
            continue
        if order.get("flaky") and result.status is Status.FAILED:
            task = None
            continue
        if result.status is not Status.INTERRUPTED:
            note(root, "acks", result.status.value)
            return
        if order.get("pause"):
            return


if __name__ == "__main__":
    serve(finish, rehearsed=[{"kind": "graph"}, {"kind": "swarm"}])
