"""Tools that are not functions: classes, modules, files, providers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import AfterToolCallEvent
from strands.models import ScriptedModel, ToolCall
from strands.tools import DecoratedFunctionTool, ToolProvider
from strands.types._events import ToolResultEvent
from strands.types.tools import AgentTool, ToolGenerator, ToolSpec, ToolUse
from support.agents import answers, results_of, texts_of


class Echo(AgentTool):
    """A tool as the SDK's interface has it: a generator that yields its result last."""

    def __init__(self, wrapped: bool = False) -> None:
        self._wrapped = wrapped

    @property
    def tool_name(self) -> str:
        return "echo"

    @property
    def tool_spec(self) -> ToolSpec:
        return {"name": "echo", "description": "Echo.", "inputSchema": {"json": {"type": "object", "properties": {}}}}

    @property
    def tool_type(self) -> str:
        return "custom"

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        yield "half way"
        name = invocation_state["agent"].name
        result: Any = {
            "toolUseId": tool_use["toolUseId"],
            "status": "success",
            "content": [{"text": f"{name} {tool_use['input']}"}],
        }
        yield ToolResultEvent(result) if self._wrapped else result


class OpenQuestions(Echo):
    takes_context = True

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        yield kwargs["tool_context"].interrupt("sure", reason={"server": "files"})


def run(*tools: Any, name: str = "echo") -> Agent:
    agent = Agent(model=ScriptedModel([ToolCall(name, {"x": 1}), "ok"]), tools=list(tools), callback_handler=None)
    agent("go")
    return agent


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_class_may_be_a_tool(wrapped: bool) -> None:
    assert texts_of(results_of(run(Echo(wrapped)))) == ["Strands Agents {'x': 1}"]


def test_a_class_may_ask() -> None:
    agent = Agent(model=ScriptedModel([ToolCall("echo"), "ok"]), tools=[OpenQuestions()], callback_handler=None)
    result = agent("go")
    assert [each.reason for each in result.interrupts or ()] == [{"server": "files"}]
    agent(answers(result, "yes"))
    assert texts_of(results_of(agent)) == ["yes"]


SOURCE = """
TOOL_SPEC = {"name": "shout", "description": "Shout.", "inputSchema": {"json": {"type": "object"}}}

def shout(tool, **kwargs):
    return {"toolUseId": tool["toolUseId"], "status": "success", "content": [{"text": str(tool["input"]).upper()}]}
"""


def test_a_module_a_file_and_a_path_in_a_dict_are_tools(tmp_path: Path) -> None:
    module = ModuleType("shouting")
    exec(SOURCE, module.__dict__)
    file = tmp_path / "shout.py"
    file.write_text(SOURCE)
    for source in (module, str(file), {"path": str(file)}, [[str(file)]]):
        assert texts_of(results_of(run(source, name="shout"))) == ["{'X': 1}"]


def test_what_has_no_tool_is_named(tmp_path: Path) -> None:
    file = tmp_path / "empty.py"
    file.write_text("x = 1")
    with pytest.raises(ValueError, match="has no tool"):
        run(str(file))
    with pytest.raises(ValueError, match=r"gone\.py"):
        run("gone.py")
    with pytest.raises(ValueError, match="neither a file nor an importable module"):
        run("no_such_module_at_all")


class Source(ToolProvider):
    def __init__(self) -> None:
        self.users: set[Any] = set()

    async def load_tools(self, **kwargs: Any) -> Sequence[AgentTool]:
        return [Echo()]

    def add_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        self.users.add(consumer_id)

    def remove_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        self.users.remove(consumer_id)


def test_a_provider_is_opened_for_an_agent_and_let_go() -> None:
    source = Source()
    agent = run(source)
    assert len(source.users) == 1
    agent.cleanup()
    assert source.users == set()


class Silent(Echo):
    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        nothing: list[Any] = []
        for each in nothing:
            yield each


def test_a_tool_that_yields_nothing_has_failed() -> None:
    (result,) = results_of(run(Silent()))
    assert result["status"] == "error"
    assert "'echo' ended without a result" in result["content"][0]["text"]


def shouted(stream: Any) -> Any:
    async def around(*asked: Any, **more: Any) -> Any:
        async for event in stream(*asked, **more):
            if isinstance(event, ToolResultEvent):
                event.tool_result["content"] = [{"text": event.tool_result["content"][0]["text"].upper()}]
            yield event

    return around


def saying() -> Any:
    @tool
    def say(x: int) -> str:
        """Say."""
        if x < 0:
            raise ValueError("too small")
        return f"said {x}"

    return say


def test_what_is_put_around_the_stream_of_a_tool_runs() -> None:
    say = saying()
    say.stream = shouted(say.stream)
    assert texts_of(results_of(run(say, name="say"))) == ["SAID 1"]


def test_what_is_put_around_the_stream_of_all_tools_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert texts_of(results_of(run(saying(), name="say"))) == ["said 1"]
    monkeypatch.setattr(DecoratedFunctionTool, "stream", shouted(DecoratedFunctionTool.stream))
    assert texts_of(results_of(run(saying(), name="say"))) == ["SAID 1"]


def test_hooks_see_what_a_tool_raised_behind_what_is_put_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DecoratedFunctionTool, "stream", shouted(DecoratedFunctionTool.stream))
    raised: list[Any] = []
    model = ScriptedModel([ToolCall("say", {"x": -1}), "ok"])
    agent = Agent(model=model, tools=[saying()], callback_handler=None)
    agent.add_hook(lambda event: raised.append(event.exception), AfterToolCallEvent)
    agent("go")
    assert [type(each) for each in raised] == [ValueError]
