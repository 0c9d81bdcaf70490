"""Plugins: what they bring to an agent, a graph or a swarm."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import AfterInvocationEvent, AfterNodeCallEvent, BeforeInvocationEvent, BeforeNodeCallEvent
from strands.models import ScriptedModel
from strands.multiagent import GraphBuilder, Swarm
from strands.plugins import MultiAgentPlugin, Plugin, hook


class Watch(Plugin, MultiAgentPlugin):
    name = "watch"

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []

    @hook
    def on_call(self, event: BeforeInvocationEvent) -> None:
        self.log.append("call")

    @hook()
    def on_end(self, event: AfterInvocationEvent | AfterNodeCallEvent) -> None:
        self.log.append(type(event).__name__)

    @hook
    async def on_node(self, event: BeforeNodeCallEvent) -> None:
        self.log.append(f"node {event.node_id}")

    @tool
    def look(self, where: str) -> str:
        """Look."""
        return where

    def init_agent(self, agent: Agent) -> None:
        self.log.append(f"agent {agent.name}")

    def init_multi_agent(self, orchestrator: Any) -> None:
        self.log.append(f"several {orchestrator.id}")


def _agent(**more: Any) -> Agent:
    return Agent(model=ScriptedModel(["hi"]), name="n", callback_handler=None, **more)


def test_one_plugin_for_an_agent_and_for_the_graph_around_it() -> None:
    watch = Watch()
    agent = _agent(plugins=[watch])
    assert agent.tool_names == ["look"]
    builder = GraphBuilder()
    builder.add_node(agent, "n")
    builder.set_plugins([watch]).build()("go")
    assert watch.log == [
        "agent n",
        "several default_graph",
        "node n",
        "call",
        "AfterInvocationEvent",
        "AfterNodeCallEvent",
    ]


def test_a_plugin_of_a_swarm_may_begin_asynchronously() -> None:
    begun = []

    class Late(MultiAgentPlugin):
        name = "late"

        async def init_multi_agent(self, orchestrator: Any) -> None:
            begun.append(orchestrator.id)

    Swarm([_agent()], plugins=[Late()])
    assert begun == ["default_swarm"]


def test_two_plugins_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="'watch' already"):
        _agent(plugins=[Watch(), Watch()])
    with pytest.raises(ValueError, match="'watch' already"):
        Swarm([_agent()], plugins=[Watch(), Watch()])


def test_a_plugin_needs_a_name() -> None:
    class Nameless(MultiAgentPlugin): ...

    with pytest.raises(TypeError, match="name"):
        Nameless()  # type: ignore[abstract]


class Two(Plugin):
    name = "two"

    def __init__(self, keep: str | None = None) -> None:
        super().__init__()
        self.ready = True
        if keep is not None:
            self._tools = [each for each in self._tools if each.tool_name == keep]
            self.hooks.clear()

    @property
    def needs_more(self) -> bool:
        return self.ready

    @tool
    def first(self) -> str:
        """First."""
        return "1"

    @tool
    def second(self) -> str:
        """Second."""
        return "2"

    @hook
    def count(self, event: BeforeInvocationEvent) -> None:
        heard.append("heard")


heard: list[str] = []


def test_what_a_plugin_takes_out_of_its_lists_is_not_registered() -> None:
    heard.clear()
    agent = Agent(model=ScriptedModel(["a"]), plugins=[Two("second")], callback_handler=None)
    agent("go")
    assert (agent.tool_names, heard) == (["second"], [])
    agent = Agent(model=ScriptedModel(["a"]), plugins=[Two()], callback_handler=None)
    agent("go")
    assert (sorted(agent.tool_names), heard) == (["first", "second"], ["heard"])


class _Later:
    def __init__(self, done: list[str]) -> None:
        self._done = done

    def __await__(self) -> Any:
        self._done.append("waited")
        return iter(())


@pytest.mark.parametrize("returned", [None, "text", 5, object(), [1]])
def test_what_a_plugins_initialisation_returns_means_nothing(returned: Any) -> None:
    class Returns(Plugin, MultiAgentPlugin):
        name = "returns"

        def init_agent(self, agent: Agent) -> Any:
            return returned if returned is not None else agent

        async def init_multi_agent(self, orchestrator: Any) -> Any:
            return returned

    assert str(_agent(plugins=[Returns()])("go")) == "hi\n"
    Swarm([_agent()], plugins=[Returns()])


def test_an_initialisation_that_can_be_waited_for_is_waited_for() -> None:
    done: list[str] = []

    class Returns(Plugin):
        name = "returns"

        def init_agent(self, agent: Agent) -> Any:
            return _Later(done)

    _agent(plugins=[Returns()])
    assert done == ["waited"]
