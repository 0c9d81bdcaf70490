"""A graph or a swarm whose agent pays, then ships, and asks before each; runs here and with the Strands Agents SDK.

Usage: python two_questions.py DIRECTORY graph|swarm|nodes|twins [ANSWER]

Without an answer it begins; with one it answers all that is open. Prints, as JSON, what ran, the status, and the ids of
the open questions. In `nodes` a hook asks before the node, too; in `twins` two nodes ask at once under one id.
"""

import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from strands import Agent, tool
from strands.hooks import BeforeNodeCallEvent, BeforeToolCallEvent
from strands.models.model import Model
from strands.multiagent import GraphBuilder, Swarm
from strands.session.file_session_manager import FileSessionManager

RAN: list[str] = []


class Steps(Model):
    """Asks for one tool after the other, then says that it is done."""

    def update_config(self, **config: Any) -> None: ...

    def get_config(self) -> Any:
        return {}

    async def structured_output(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        yield {}

    async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        turn = sum(message["role"] == "assistant" for message in messages)
        yield {"messageStart": {"role": "assistant"}}
        if turn < 2:
            use = {"name": ("pay", "ship")[turn], "toolUseId": f"t{turn}"}
            yield {"contentBlockStart": {"start": {"toolUse": use}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": "{}"}}}}
        else:
            yield {"contentBlockStart": {"start": {}}}
            yield {"contentBlockDelta": {"delta": {"text": "done"}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if turn < 2 else "end_turn"}}
        usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 1}}}


@tool
def pay() -> str:
    """Pay."""
    RAN.append("pay")
    return "paid"


@tool
def ship() -> str:
    """Ship."""
    RAN.append("ship")
    return "shipped"


def ask(event: BeforeToolCallEvent) -> None:
    if event.interrupt("approve", reason=event.tool_use["name"]) != "yes":
        event.cancel_tool = "refused"


def ask_before_node(event: BeforeNodeCallEvent) -> None:
    if event.interrupt("begin", reason=event.node_id) != "yes":
        event.cancel_node = "refused"


def agent(name: str) -> Agent:
    made = Agent(model=Steps(), tools=[pay, ship], name=name, agent_id=name, callback_handler=None)
    made.hooks.add_callback(BeforeToolCallEvent, ask)
    return made


def orchestrator(kind: str, manager: FileSessionManager) -> Any:
    if kind == "swarm":
        return Swarm([agent("one")], session_manager=manager)
    builder = GraphBuilder()
    for name in ("one", "two") if kind == "twins" else ("one",):
        builder.add_node(agent(name), name)
    builder.set_session_manager(manager)
    builder.set_execution_timeout(60)
    graph = builder.build()
    if kind == "nodes":
        graph.hooks.add_callback(BeforeNodeCallEvent, ask_before_node)
    return graph


def main(directory: str, kind: str, *answers: str) -> None:
    made = orchestrator(kind, FileSessionManager("s", storage_dir=directory))
    asked = [each.id for each in made._interrupt_state.interrupts.values() if each.response is None]
    task: Any = "go"
    if answers:
        task = [{"interruptResponse": {"interruptId": id, "response": answers[0]}} for id in asked]
    found = made(task)
    print(json.dumps({"ran": RAN, "status": found.status.value, "asked": [each.id for each in found.interrupts]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
