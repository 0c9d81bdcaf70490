"""Agents that work for others stop at every moment, too: as tools, in graphs, swarms and workflows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, Workflow, tool
from strands.hooks import (
    AfterInvocationEvent,
    AfterModelCallEvent,
    AfterToolCallEvent,
    AfterToolsEvent,
    BeforeInvocationEvent,
    BeforeModelCallEvent,
    HookProvider,
    HookRegistry,
    MessageAddedEvent,
)
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder, Status, Swarm
from strands.session import FileSessionManager

MOMENTS = [
    BeforeInvocationEvent,
    MessageAddedEvent,
    BeforeModelCallEvent,
    AfterModelCallEvent,
    AfterToolCallEvent,
    AfterToolsEvent,
    AfterInvocationEvent,
]


class Asks(HookProvider):
    """Asks at one moment, whenever it comes."""

    def __init__(self, event_type: Any) -> None:
        self.event_type = event_type
        self.pauses = 0

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(self.event_type, self.ask)

    def ask(self, event: Any) -> None:
        assert event.interrupt("ok", reason={"at": self.event_type.__name__}) == "y"


class World:
    """What outlives processes: the models, and what tools did."""

    def __init__(self, path: Path, event_type: Any) -> None:
        self.path = path
        self.inner = ScriptedModel([ToolCall("add", {"a": 2, "b": 3}, "t1"), "five"])
        self.outer = ScriptedModel([ToolCall("worker", {"input": "Add"}, "w1"), "It is five."])
        self.added: list[int] = []
        self.hook = Asks(event_type)

        @tool
        def add(a: int, b: int) -> int:
            """Add."""
            self.added.append(a + b)
            return a + b

        self.add = add

    def session(self) -> Any:
        return FileSessionManager("s", storage_dir=self.path)

    def worker(self, **options: Any) -> Agent:
        return Agent(
            model=self.inner,
            tools=[self.add],
            hooks=[self.hook],
            name="worker",
            agent_id="worker",
            callback_handler=None,
            **options,
        )

    def check(self) -> None:
        assert self.added == [5]
        assert len(self.inner.requests) == 2


def answers(result: Any) -> Any:
    return [{"interruptResponse": {"interruptId": each.id, "response": "y"}} for each in result.interrupts]


def until_done(make: Callable[[], Any], *, anew: bool) -> tuple[Any, int]:
    """Answer until nothing is open, each time in a new process or in the same."""
    executor, pauses = make(), 0
    result = executor("Add")
    while result.interrupts:
        pauses += 1
        assert pauses < 10
        executor = make() if anew else executor
        result = executor(answers(result))
    return result, pauses


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("event_type", MOMENTS)
def test_an_agent_used_as_a_tool(event_type: Any, anew: bool, tmp_path: Path) -> None:
    world = World(tmp_path, event_type)

    def make() -> Agent:
        return Agent(model=world.outer, tools=[world.worker()], session_manager=world.session(), callback_handler=None)

    result, pauses = until_done(make, anew=anew)
    assert (str(result), pauses > 0) == ("It is five.\n", True)
    assert len(world.outer.requests) == 2
    world.check()


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("event_type", MOMENTS)
def test_an_agent_in_a_graph(event_type: Any, anew: bool, tmp_path: Path) -> None:
    world = World(tmp_path, event_type)

    def make() -> Any:
        builder = GraphBuilder()
        builder.add_node(world.worker(), "worker")
        builder.set_session_manager(world.session())
        return builder.build()

    result, pauses = until_done(make, anew=anew)
    assert (result.status, pauses > 0) == (Status.COMPLETED, True)
    assert str(result.results["worker"].result) == "five\n"
    world.check()


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("event_type", MOMENTS)
def test_an_agent_in_a_swarm(event_type: Any, anew: bool, tmp_path: Path) -> None:
    world = World(tmp_path, event_type)
    result, pauses = until_done(lambda: Swarm([world.worker()], session_manager=world.session()), anew=anew)
    assert (result.status, pauses > 0) == (Status.COMPLETED, True)
    world.check()


def test_nodes_that_ask_at_the_same_moment_ask_each_for_itself(tmp_path: Path) -> None:
    answered: dict[str, Any] = {}

    def node(name: str) -> Agent:
        def ask(event: BeforeInvocationEvent) -> None:
            answered[name] = event.interrupt("ok", reason=name)

        return Agent(model=ScriptedModel([name]), name=name, agent_id=name, hooks=[ask], callback_handler=None)

    builder = GraphBuilder()
    builder.add_node(node("a"), "a")
    builder.add_node(node("b"), "b")
    graph = builder.build()
    asked = graph("go").interrupts
    assert len({each.id for each in asked}) == 2
    response = [{"interruptResponse": {"interruptId": each.id, "response": f"for {each.reason}"}} for each in asked]
    assert graph(response).status is Status.COMPLETED
    assert answered == {"a": "for a", "b": "for b"}


def test_an_agent_and_the_one_that_works_for_it_ask_each_for_itself(tmp_path: Path) -> None:
    answered: list[Any] = []

    def asking(who: str) -> Callable[[Any], None]:
        def ask(event: BeforeModelCallEvent) -> None:
            answered.append((who, event.interrupt("ok", reason=who)))

        return ask

    inner = Agent(model=ScriptedModel(["five"]), name="worker", hooks=[asking("inner")], callback_handler=None)
    outer = Agent(
        model=ScriptedModel([ToolCall("worker", {"input": "Add"}), "done"]),
        tools=[inner],
        hooks=[asking("outer")],
        callback_handler=None,
    )
    result = outer("go")
    reasons: list[Any] = []
    while result.interrupts:
        (question,) = result.interrupts
        reasons.append(question.reason)
        answer = {"interruptId": question.id, "response": f"{question.reason} {len(reasons)}"}
        result = outer([{"interruptResponse": answer}])
    assert reasons == ["outer", "inner", "outer"]
    assert answered == [("outer", "outer 1"), ("inner", "inner 2"), ("outer", "outer 3")]


SPEC = {
    "version": 0,
    "name": "adds",
    "runtime": {"provider": "scripted"},
    "agents": {"worker": {"prompt": "You add."}},
    "pattern": {"type": "chain", "config": {"steps": [{"agent": "worker", "input": "Add"}]}},
}


@pytest.mark.parametrize("event_type", MOMENTS)
def test_an_agent_in_a_workflow(event_type: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path))
    world = World(tmp_path, event_type)

    def workflow() -> Workflow:
        return Workflow.from_dict(SPEC, tools=[world.add], hooks=[world.hook], model=world.inner)

    result, pauses = workflow().run(), 0
    while result.status == "paused":
        pauses += 1
        assert pauses < 10
        result = workflow().resume(result.session_id, "y")
    assert (result.status, result.last_response, pauses > 0) == ("completed", "five", True)
    world.check()
