"""Tools as callers write and test them: fields as defaults, contexts, wrappers around tools, modules by name."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from strands import Agent, ToolContext, tool
from strands.models import ScriptedModel, ToolCall
from strands.tools.registry import ToolRegistry
from strands.types.tools import AgentTool, ToolGenerator, ToolSpec, ToolUse
from support.agents import answers, results_of, texts_of


def make(script: Any, **options: Any) -> Agent:
    return Agent(model=ScriptedModel(script), callback_handler=None, **options)


@tool
def search(
    query: str = Field(description="What to look for."),
    limit: int = Field(default=5, ge=1, le=10),
    tags: list[str] = Field(default_factory=list),  # noqa: B008
) -> str:
    """Search.

    Args:
        limit: How many at most.
    """
    return f"{query} {limit} {tags}"


def test_fields_as_defaults_tell_the_model_what_they_say() -> None:
    schema = search.tool_spec["inputSchema"]["json"]
    assert schema["required"] == ["query"]
    assert schema["properties"]["query"] == {"type": "string", "description": "What to look for."}
    limit = schema["properties"]["limit"]
    assert (limit["default"], limit["minimum"], limit["maximum"]) == (5, 1, 10)
    assert limit["description"] == "How many at most."
    assert schema["properties"]["tags"]["description"] == "Parameter tags"


def test_fields_as_defaults_are_the_defaults_and_are_checked() -> None:
    agent = make([[ToolCall("search", {"query": "x"}), ToolCall("search", {"query": "x", "limit": 99})], "."])
    agent.tool_registry.register_tool(search)
    agent("go")
    fine, wrong = results_of(agent)
    assert fine["content"] == [{"text": "x 5 []"}]
    assert wrong["status"] == "error"


def _default_name() -> None:
    @tool(context=True)
    def f(x: int, other: ToolContext) -> None:
        """F."""


def _other_name() -> None:
    @tool(context="ctx")
    def f(x: int, tool_context: ToolContext) -> None:
        """F."""


def _not_asked_for() -> None:
    @tool
    def f(x: int, tool_context: ToolContext[Any]) -> None:
        """F."""


@pytest.mark.parametrize("define", [_default_name, _other_name, _not_asked_for])
def test_a_context_that_would_never_come_is_refused_where_it_is_written(define: Any) -> None:
    with pytest.raises(ValueError, match=r"tool 'f'.*@tool\(context="):
        define()


def test_a_tool_is_tested_by_its_stream() -> None:
    @tool
    async def count(n: int) -> AsyncIterator[Any]:
        """Count."""
        for number in range(n):
            yield {"at": number}
        yield "done" if n else 1 / 0

    async def run(use: Any) -> list[Any]:
        return [event async for event in count.stream(use, {})]

    *steps, last = asyncio.run(run({"toolUseId": "t", "name": "count", "input": {"n": 2}}))
    assert [step["tool_stream_event"]["data"] for step in steps][:2] == [{"at": 0}, {"at": 1}]
    assert last["tool_result"] == {"toolUseId": "t", "status": "success", "content": [{"text": "done"}]}
    failed = asyncio.run(run({"toolUseId": "t", "name": "count", "input": {"n": 0}}))[-1]
    assert failed["tool_result"]["status"] == "error"
    assert isinstance(failed.exception, ZeroDivisionError)
    assert asyncio.run(run({"toolUseId": "t"}))[-1]["tool_result"]["status"] == "error"


class Logged(AgentTool):
    """A caller's wrapper: passes everything on to another tool."""

    def __init__(self, inner: AgentTool) -> None:
        super().__init__()
        self.inner = inner
        self.seen: list[Any] = []

    @property
    def tool_name(self) -> str:
        return self.inner.tool_name

    @property
    def tool_spec(self) -> ToolSpec:
        return self.inner.tool_spec

    @property
    def tool_type(self) -> str:
        return "logged"

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        async for event in self.inner.stream(tool_use, invocation_state, **kwargs):
            self.seen.append(event)
            yield event


def test_a_wrapper_around_a_tool_streams_and_answers_as_the_tool_does() -> None:
    @tool
    async def count(n: int) -> AsyncIterator[Any]:
        """Count."""
        for number in range(n):
            yield number
        yield "done"

    async def heard(agent: Agent) -> list[Any]:
        events = [event async for event in agent.stream_async("go")]
        return [event["tool_stream_event"]["data"] for event in events if "tool_stream_event" in event]

    bare = make([ToolCall("count", {"n": 2}), "."], tools=[count])
    wrapped = make([ToolCall("count", {"n": 2}), "."], tools=[Logged(count)])
    assert asyncio.run(heard(bare)) == asyncio.run(heard(wrapped))
    assert texts_of(results_of(wrapped)) == ["done"]


def test_a_tool_in_a_wrapper_asks_and_is_answered() -> None:
    @tool(context=True)
    def deploy(tool_context: ToolContext) -> str:
        """Deploy."""
        first = tool_context.interrupt("first")
        return f"{first} {tool_context.interrupt('second')}"

    agent = make([ToolCall("deploy", {}), "."], tools=[Logged(deploy)])
    result = agent("go")
    for answer in ("a", "b"):
        assert result.stop_reason == "interrupt"
        result = agent(answers(result, answer))
    assert texts_of(results_of(agent)) == ["a b"]


class Odd(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    value: Any


def test_a_model_that_is_no_json_is_told_as_text() -> None:
    @tool
    def odd() -> Any:
        """Odd."""
        return Odd(value=object())

    agent = make([ToolCall("odd", {}), "."], tools=[odd])
    agent("go")
    assert results_of(agent)[0]["status"] == "success"


def test_tools_of_a_module_are_named_by_a_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pair_of_tools.py").write_text(
        "from strands import tool\n@tool\ndef say() -> str:\n    'Say.'\n    return 'said'\n"
        "@tool\ndef hush() -> str:\n    'Hush.'\n    return ''\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry = ToolRegistry()
    assert sorted(registry.process_tools([{"path": "pair_of_tools"}])) == ["hush", "say"]
    assert ToolRegistry().process_tools([{"path": "pair_of_tools", "name": "say"}]) == ["say"]
    del sys.modules["pair_of_tools"]


def test_what_is_no_tool_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    def plain() -> str:
        """Forgotten."""
        return "x"

    assert make([], tools=[plain, None, search]).tool_names == ["search"]
    assert "plain" in caplog.text
    assert "is not a tool" in caplog.text


def test_a_replaced_tool_is_dynamic_if_the_new_one_is() -> None:
    @tool(name="same")
    def one() -> str:
        """One."""
        return "1"

    @tool(name="same")
    def two() -> str:
        """Two."""
        return "2"

    registry = ToolRegistry()
    registry.register_tool(one)
    two.mark_dynamic()
    registry.replace(two)
    assert registry.dynamic_tools == {"same": two}
    registry.replace(one)
    assert registry.dynamic_tools == {}
