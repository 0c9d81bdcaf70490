"""However a call of a graph or swarm ends: what finished is looked up, and what was cut off is a question."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Graph, GraphBuilder, Status, Swarm
from strands.multiagent.graph import GraphResult
from strands.session import FileSessionManager
from support.disks import WatchedDisk
from support.nodes import agent, graph

KINDS = ["graph", "swarm", "nested", "twice nested"]


class World:
    """One graph or swarm whose first agent pays, and what is to happen after that, or while it does."""

    def __init__(self, root: Path, kind: str, *, session: bool = True) -> None:
        self.root, self.kind, self.session = root, kind, session
        self.paid = 0
        self.then: Callable[[], Any] = lambda: None
        self.meanwhile: Callable[[], Any] = lambda: None
        self.disk: Any = None
        self.limits: dict[str, Any] = {}
        self.made: Any = None
        self.happening = asyncio.Event()

    def agents(self) -> list[Agent]:
        @tool
        async def pay() -> str:
            """Pay."""
            self.paid += 1
            waiting = self.meanwhile()
            if waiting is not None:
                self.happening.set()
                await waiting
            return "paid"

        async def script(messages: list[Any]) -> Any:
            if not any("toolResult" in block for message in messages for block in message["content"]):
                return ToolCall("pay", {})
            waiting = self.then()
            if waiting is not None:
                self.happening.set()
                await waiting
            return "done"

        first = Agent(
            model=ScriptedModel(script),
            name="a",
            agent_id="a",
            tools=[pay],
            callback_handler=None,
            retry_strategy=None,
        )
        second = Agent(model=ScriptedModel(["fine"] * 9), name="b", agent_id="b", callback_handler=None)
        return [first, second]

    def make(self) -> Graph | Swarm:
        manager = FileSessionManager("s", self.root, disk=self.disk) if self.session else None
        first, second = self.agents()
        if self.kind == "swarm":
            swarm = self.made = Swarm([first, second], session_manager=manager, **self.limits)
            return swarm
        inner: Any = first
        for depth in range(["graph", "nested", "twice nested"].index(self.kind)):
            inner = chain(inner, id=f"inner-{depth}").build()
        builder = chain(inner, second, id="outer")
        if manager is not None:
            builder.set_session_manager(manager)
        for name, value in self.limits.items():
            getattr(builder, f"set_{name}")(value)
        graph = self.made = builder.build()
        return graph

    def calm(self) -> None:
        """From now on nothing happens."""
        self.then = self.meanwhile = lambda: None
        self.disk, self.limits = None, {}
        if self.made is not None:
            self.made.node_timeout = None if self.kind != "swarm" else 300.0


def chain(*executors: Any, id: str) -> GraphBuilder:
    builder = GraphBuilder().set_graph_id(id)
    for number, executor in enumerate(executors):
        builder.add_node(executor, f"n{number}")
        if number:
            builder.add_edge(f"n{number - 1}", f"n{number}")
    return builder


def answers(result: Any, response: Any) -> list[Any]:
    return [{"interruptResponse": {"interruptId": each.id, "response": response}} for each in result.interrupts]


async def forever() -> None:
    await asyncio.sleep(60)


def set_up(world: World, ending: str, where: str) -> None:
    """Let `ending` come in the model call after the payment, or while the payment is made."""

    def fails() -> Any:
        raise ConnectionError("network down")

    def breaks_off() -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return forever()

    def stops_the_agent() -> Any:
        find_agent(world.made).cancel()

    happens = {"model error": fails, "Ctrl-C": breaks_off, "agent stopped": stops_the_agent}.get(ending, forever)
    if where == "after":
        world.then = happens
    else:
        world.meanwhile = happens
    if ending == "time-out":
        world.limits = {"node_timeout": 0.4}


def find_agent(executor: Any) -> Agent:
    while not isinstance(executor, Agent):
        executor = next(iter(executor.nodes.values())).executor
    return executor


def end(world: World, ending: str) -> None:
    """Call the graph or swarm, and let the call end."""
    made = world.make()
    if ending == "call cancelled":

        async def cancelled() -> None:
            call = asyncio.ensure_future(made.invoke_async("bills"))
            await world.happening.wait()
            call.cancel()
            await asyncio.wait([call])

        asyncio.run(cancelled())
    elif ending == "stream left":

        async def left() -> None:
            stream = made.stream_async("bills")
            happening = asyncio.ensure_future(world.happening.wait())
            while not happening.done():
                following = asyncio.ensure_future(anext(stream))
                await asyncio.wait([following, happening], return_when=asyncio.FIRST_COMPLETED)
            following.cancel()
            await asyncio.wait([following])
            await stream.aclose()

        asyncio.run(left())
    else:
        with contextlib.suppress(Exception, KeyboardInterrupt):
            made("bills")


ENDINGS = ["model error", "Ctrl-C", "time-out", "call cancelled", "stream left", "agent stopped"]
PLACES = ["in process", "in process without a session", "afresh"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_finished_tool_is_looked_up(tmp_path: Path, ending: str, kind: str, place: str) -> None:
    world = World(tmp_path, kind, session=place != "in process without a session")
    set_up(world, ending, "after")
    end(world, ending)
    assert world.paid == 1
    world.calm()
    again = world.make() if place == "afresh" else world.made
    assert again.is_under_way
    assert again("bills").status is Status.COMPLETED
    assert world.paid == 1
    assert not again.is_under_way


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["Ctrl-C", "time-out", "call cancelled", "stream left"])
def test_a_tool_that_was_cut_off_is_a_question(tmp_path: Path, ending: str, kind: str, place: str) -> None:
    world = World(tmp_path, kind, session=place != "in process without a session")
    set_up(world, ending, "meanwhile")
    end(world, ending)
    world.calm()
    again = world.make() if place == "afresh" else world.made
    result = again(None)
    assert result.status is Status.INTERRUPTED
    assert [each.name for each in result.interrupts] == ["ambiguous_tool_call"]
    assert [each.id for each in again.pending_interrupts] == [each.id for each in result.interrupts]
    assert again(answers(result, "skip")).status is Status.COMPLETED
    assert world.paid == 1


@pytest.mark.parametrize("place", ["in process", "afresh"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_at_any_write_loses_no_payment_and_makes_none_twice(tmp_path: Path, kind: str, place: str) -> None:
    number, failed = 0, True
    while failed:
        number += 1
        assert number < 60
        failed = False

        full = [number]

        def fill(call: int, name: str, full: list[int] = full) -> None:
            nonlocal failed
            if name in ("replace", "write_all", "replace_synced") and full and call >= full[0]:
                failed = True
                raise OSError(errno.ENOSPC, "No space left on device")

        world = World(tmp_path / f"{number}", kind)
        world.disk = WatchedDisk(before=fill)
        done = False
        with contextlib.suppress(Exception):
            world.make()("bills")
            done = True  # the journal has it, even if the file beside it could not be written
        paid = world.paid
        if failed and not done and world.made is not None:
            world.calm()
            if place == "in process":
                world.made.session_manager._disk._before = lambda number, name: None
            again = world.make() if place == "afresh" else world.made
            result = again("bills") if not again.pending_interrupts else again(None)
            while result.status is Status.INTERRUPTED:
                assert {each.name for each in result.interrupts} == {"ambiguous_tool_call"}
                result = again(answers(result, "skip"))
            assert result.status is Status.COMPLETED
        assert world.paid == max(paid, world.paid) <= 1
        full.clear()
    assert number > 5


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("nested", [False, True])
def test_a_siblings_failure(tmp_path: Path, nested: bool, place: str) -> None:
    world = World(tmp_path, "graph", session=place != "in process without a session")
    down = [True]

    def broken(messages: list[Any]) -> Any:
        if down:
            raise ConnectionError("network down")
        return "fine"

    def make() -> Graph:
        first, _ = world.agents()
        last = Agent(model=ScriptedModel(["end"]), name="c", agent_id="c", callback_handler=None)
        other = Agent(model=ScriptedModel(broken), name="b", callback_handler=None, retry_strategy=None)
        builder = GraphBuilder()
        builder.add_node(chain(first, id="inner").build() if nested else first, "a")
        builder.add_node(other, "b")
        builder.add_node(last, "c")
        for name in "ab":
            builder.add_edge(name, "c", condition=lambda state: len(state.completed_nodes) == 2)
        if world.session:
            builder.set_session_manager(FileSessionManager("s", tmp_path))
        return builder.build()

    graph = make()
    with pytest.raises(ConnectionError):
        graph("bills")
    down.clear()
    again = make() if place == "afresh" else graph
    result = again(None)
    assert result.status is Status.COMPLETED
    assert [node.node_id for node in result.execution_order] == ["a", "b", "c"]
    assert world.paid == 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["graph", "nested", "swarm"])
def test_a_limit_keeps_what_is_finished(tmp_path: Path, kind: str, place: str) -> None:
    world = World(tmp_path, kind, session=place != "in process without a session")
    made = world.make()
    if isinstance(made, Swarm):
        made.execution_timeout, limit = -1.0, "execution_timeout"
    else:
        made.max_node_executions, limit = 1, "max_node_executions"
    assert made("bills").status is Status.FAILED
    again = world.make() if place == "afresh" else made
    setattr(again, limit, 900)
    result = again("bills")
    assert result.status is Status.COMPLETED
    assert world.paid == 1
    if kind != "swarm":
        assert isinstance(result, GraphResult)
        assert [node.node_id for node in result.execution_order] == ["n0", "n1"]


@pytest.mark.parametrize("place", PLACES)
def test_a_limit_of_a_nested_graph_keeps_what_is_finished(tmp_path: Path, place: str) -> None:
    world = World(tmp_path, "graph", session=place != "in process without a session")

    def make(limit: int) -> Graph:
        first, second = world.agents()
        inner = chain(first, second, id="inner").set_max_node_executions(limit).build()
        outer = chain(inner, id="outer")
        if world.session:
            outer.set_session_manager(FileSessionManager("s", tmp_path))
        return outer.build()

    graph = make(1)
    assert graph("bills").status is Status.FAILED
    graph.nodes["n0"].executor.max_node_executions = 5  # type: ignore[union-attr]
    again = make(5) if place == "afresh" else graph
    assert again(None).status is Status.COMPLETED
    assert world.paid == 1


@pytest.mark.parametrize("kind", [graph, lambda nodes: Swarm([*nodes.values()])], ids=["graph", "swarm"])
def test_whoever_closes_a_stream_may_call_again_at_once(kind: Any) -> None:
    async def story() -> None:
        made = kind({"a": agent("a"), "b": agent("b")})
        stream = made.stream_async("go")
        await anext(stream)
        await stream.aclose()
        assert (await made.invoke_async(None)).status is Status.COMPLETED

    asyncio.run(story())
