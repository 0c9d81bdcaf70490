"""What stands behind an inbox of LangGraph: threads that wait are listed by their checkpoints, and one goes on.

python benchmarks/inbox_langgraph.py, with langgraph and langgraph-checkpoint-sqlite installed
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, TypedDict

REPEATS = 30


class Decision(TypedDict, total=False):
    ok: str


def asking(saver: Any) -> Any:
    """Return a graph that asks once."""
    graph, types = import_module("langgraph.graph"), import_module("langgraph.types")
    made = graph.StateGraph(Decision)
    made.add_node("ask", lambda state: {"ok": types.interrupt({"prompt": "Pay 7?", "choices": ["yes", "no"]})})
    made.add_edge(graph.START, "ask")
    made.add_edge("ask", graph.END)
    return made.compile(checkpointer=saver)


def thread(number: object) -> dict[str, Any]:
    return {"configurable": {"thread_id": str(number)}}


async def waiting(saver: Any, graph: Any, limit: int = 50) -> int:
    """Read the newest threads with what they ask; return how many wait."""
    found: dict[str, None] = {}
    async for checkpoint in saver.alist(None):
        found[checkpoint.config["configurable"]["thread_id"]] = None
        if len(found) > limit:
            break
    states = [await graph.aget_state(thread(each)) for each in list(found)[:limit]]
    return sum(bool(state.interrupts) for state in states)


async def least(work: Callable[[int], Awaitable[Any]]) -> str:
    times = []
    for number in range(REPEATS):
        began = time.perf_counter()
        await work(number)
        times.append((time.perf_counter() - began) * 1000)
    return f"{min(times):8.1f} ms"


async def costs(count: int, directory: str) -> None:
    savers: Any = import_module("langgraph.checkpoint.sqlite.aio").AsyncSqliteSaver
    command: Any = import_module("langgraph.types").Command
    async with savers.from_conn_string(f"{directory}/{count}.db") as saver:
        graph = asking(saver)
        for number in range(count):
            await graph.ainvoke({}, thread(number))
        assert await waiting(saver, graph) == 50
        print(f"{count:6} open, 50 that wait   {await least(lambda number: waiting(saver, graph))}")
        going_on = await least(lambda number: graph.ainvoke(command(resume="yes"), thread(number)))
        print(f"{count:6} open, one goes on    {going_on}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for many in (100, 10_000):
            asyncio.run(costs(many, place))
