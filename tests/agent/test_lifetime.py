"""An agent from its making to its end: its session's name, and what it lets go of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, Workflow, tool
from strands.agent import AgentMetadata
from strands.hooks import AfterInvocationEvent, BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder, Swarm
from strands.session import FileSessionManager
from strands.tools import ToolProvider
from strands.types.tools import AgentTool


class Provider(ToolProvider):
    """Offers one tool, and counts who uses it."""

    def __init__(self) -> None:
        self.consumers: set[Any] = set()

    async def load_tools(self, **kwargs: Any) -> Sequence[AgentTool]:
        @tool
        def look() -> str:
            """Look."""
            return "seen"

        return [look]

    def add_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        self.consumers.add(consumer_id)

    def remove_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        self.consumers.discard(consumer_id)


def make(*replies: Any, **options: Any) -> Agent:
    return Agent(model=ScriptedModel(list(replies)), callback_handler=None, **options)


def test_an_agent_lets_go_of_its_tools_when_its_block_ends() -> None:
    provider = Provider()
    with make(ToolCall("look", {}), "ok", tools=[provider]) as agent:
        assert len(provider.consumers) == 1
        assert str(agent("go")) == "ok\n"
    assert provider.consumers == set()
    agent.shutdown()


def test_an_async_block_ends_so_too_and_errors_pass() -> None:
    provider = Provider()

    async def main() -> None:
        async with make("ok", tools=[provider]) as agent:
            await agent.invoke_async("go")
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        asyncio.run(main())
    assert provider.consumers == set()


def test_of_a_shared_provider_the_others_keep_their_part() -> None:
    provider = Provider()
    with make(tools=[provider]), make(tools=[provider]) as other:
        other.cleanup()
        assert len(provider.consumers) == 1


def test_a_model_that_was_given_is_not_closed() -> None:
    class Kept(ScriptedModel):
        closed = 0

        async def aclose(self) -> None:
            type(self).closed += 1

    with Agent(model=Kept(["a"]), callback_handler=None) as agent:
        agent("go")
    assert Kept.closed == 0


def test_without_a_session_an_agent_has_a_name_of_its_own() -> None:
    one, two = make("a"), make("b")
    assert one.session_id == one.session_id != two.session_id
    assert one("go").session_id == one.session_id
    assert AgentMetadata().session_id is None


def seen_in(*replies: Any, **options: Any) -> tuple[Agent, list[str]]:
    """Return an agent whose tool and hooks note the session that they are told of."""
    seen: list[str] = []

    @tool(context=True)
    def look(tool_context: ToolContext) -> str:
        """Look."""
        seen.append(tool_context.session_id)
        return "seen"

    agent = make(*(replies or (ToolCall("look", {}), "ok")), tools=[look], **options)
    agent.add_hook(lambda event: seen.append(event.session_id), [BeforeToolCallEvent, AfterInvocationEvent])
    return agent, seen


def test_hooks_tools_and_results_are_told_the_session(tmp_path: Path) -> None:
    agent, seen = seen_in(session_manager=FileSessionManager("s1", storage_dir=tmp_path))
    assert agent("go").session_id == agent.session_id == "s1"
    assert seen == ["s1"] * 3


def test_an_agent_that_works_for_another_is_in_that_ones_session(tmp_path: Path) -> None:
    inner, seen = seen_in(name="inner")
    outer = make(
        ToolCall("inner", {"input": "x"}),
        "done",
        tools=[inner],
        session_manager=FileSessionManager("s2", storage_dir=tmp_path),
    )
    outer("go")
    assert seen == ["s2"] * 3


def test_nodes_are_in_the_session_of_their_graph_however_deep(tmp_path: Path) -> None:
    deep, seen = seen_in(name="deep", agent_id="deep")
    builder = GraphBuilder()
    builder.add_node(Swarm([deep]), "inner")
    builder.set_session_manager(FileSessionManager("s3", storage_dir=tmp_path))
    builder.build()("go")
    assert seen == ["s3"] * 3


def test_agents_of_a_workflow_are_in_its_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path))
    seen: list[str] = []

    @tool(context=True)
    def look(tool_context: ToolContext) -> str:
        """Look."""
        seen.append(tool_context.session_id)
        return "seen"

    spec = {
        "version": 0,
        "name": "looks",
        "runtime": {"provider": "scripted"},
        "agents": {"a": {"prompt": "You look."}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "Look"}]}},
    }
    result = Workflow.from_dict(spec, tools=[look], model=ScriptedModel([ToolCall("look", {}), "ok"])).run()
    assert seen == [result.session_id]
