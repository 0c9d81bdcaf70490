"""What callers expect of an agent besides its answer: printed results, counted tokens, refusals, clean-up."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent, ToolContext, tool
from strands.hooks import AfterInvocationEvent, AfterModelCallEvent, BeforeInvocationEvent, BeforeToolCallEvent
from strands.models import Reply, ScriptedModel, ToolCall
from strands.session.file_session_manager import FileSessionManager
from strands.tools import ToolProvider
from strands.types.exceptions import ConcurrencyException
from strands.types.tools import AgentTool
from support.agents import answers, results_of, texts_of


class City(BaseModel):
    """A city."""

    name: str


def make(script: Any, **options: Any) -> Agent:
    return Agent(model=ScriptedModel(script), callback_handler=None, **options)


def test_a_result_with_a_structure_prints_the_structure() -> None:
    agent = make([Reply("Here it is.", tool_calls=[ToolCall("City", {"name": "Bonn"})])])
    result = agent("Where?", structured_output_model=City)
    assert json.loads(str(result)) == {"name": "Bonn"}


def test_bytes_of_a_message_come_back_from_the_dictionary_of_a_result() -> None:
    image: Any = {"image": {"format": "png", "source": {"bytes": b"\x00\x01"}}}
    result = make(["A picture."])("Look.")
    result.message["content"].append(image)
    back = type(result).from_dict(json.loads(json.dumps(result.to_dict())))
    assert back.message["content"][-1] == image


def test_a_history_that_ends_in_a_tool_use_goes_on_with_that_tool() -> None:
    calls: list[int] = []

    @tool
    def double(x: int) -> int:
        """Double."""
        calls.append(x)
        return 2 * x

    asked: Any = [
        {"role": "user", "content": [{"text": "Double 4."}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "double", "input": {"x": 4}}}]},
    ]
    agent = make(["Eight."], tools=[double], messages=asked)
    assert str(agent()) == "Eight.\n"
    assert calls == [4]
    assert texts_of(results_of(agent)) == ["8"]


def test_with_a_new_prompt_that_tool_is_not_run() -> None:
    @tool
    def never() -> str:
        """Never."""
        raise AssertionError("it ran")

    asked: Any = [{"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "never", "input": {}}}]}]
    agent = make(["Fine."], tools=[never], messages=asked)
    agent("Something else.")
    assert results_of(agent)[0]["status"] == "error"


def test_tokens_of_a_reply_that_a_hook_asked_anew_are_counted() -> None:
    def once_more(event: AfterModelCallEvent) -> None:
        event.retry = event.stop_response is not None and "bad" in str(event.stop_response.message)

    plain = make(["good"])
    plain("go")
    agent = make(["bad", "good"], hooks=[once_more])
    result = agent("go")
    one = plain.event_loop_metrics.accumulated_usage["outputTokens"]
    assert one > 0
    assert result.metrics.accumulated_usage["outputTokens"] == 2 * one
    assert len(agent.messages) == 2


def test_asking_for_a_structure_runs_the_hooks_of_a_call() -> None:
    heard: list[str] = []
    agent = make([ToolCall("City", {"name": "Bonn"})])
    agent.add_hook(lambda event: heard.append("before"), BeforeInvocationEvent)
    agent.add_hook(lambda event: heard.append("after"), AfterInvocationEvent)
    assert agent.structured_output(City, "Where?") == City(name="Bonn")
    assert heard == ["before", "after"]
    assert agent.messages == []


def test_a_structure_asked_for_within_a_session_leaves_the_session_usable(tmp_path: Any) -> None:
    agent = make([ToolCall("City", {"name": "Bonn"}), "Hello."], session_manager=FileSessionManager("s", str(tmp_path)))
    agent.structured_output(City, "Where?")
    agent("Hi.")
    assert [
        message["role"] for message in make([], session_manager=FileSessionManager("s", str(tmp_path))).messages
    ] == [
        "user",
        "assistant",
    ]


def test_a_structure_cannot_be_asked_for_while_questions_are_open() -> None:
    @tool(context=True)
    def ask(tool_context: ToolContext) -> str:
        """Ask."""
        return str(tool_context.interrupt("sure"))

    agent = make([ToolCall("ask", {}), "Done."], tools=[ask])
    result = agent("go")
    with pytest.raises(RuntimeError, match="abandon_interrupts"):
        agent.structured_output(City, "Where?")
    assert agent(answers(result, "yes")).stop_reason == "end_turn"


def test_two_callers_at_once_are_told_so() -> None:
    entered, leave = threading.Event(), threading.Event()

    @tool
    def wait() -> str:
        """Wait."""
        entered.set()
        leave.wait(10)
        return "ok"

    agent = make([ToolCall("wait", {}), "Done."], tools=[wait])

    async def main() -> None:
        first = asyncio.ensure_future(agent.invoke_async("go"))
        await asyncio.to_thread(entered.wait, 10)
        with pytest.raises(ConcurrencyException, match="concurrent"):
            await agent.invoke_async("again")
        with pytest.raises(ConcurrencyException, match="concurrent"):
            await agent.structured_output_async(City, "again")
        leave.set()
        await first

    asyncio.run(main())


def test_a_tool_that_calls_another_directly_must_not_write_into_the_turn_it_is_in() -> None:
    called: list[str] = []

    @tool
    def inner() -> str:
        """Inner."""
        called.append("inner")
        return "inner"

    @tool(context=True)
    def outer(loudly: bool, tool_context: ToolContext) -> str:
        """Outer."""
        tool_context.agent.tool.inner(record_direct_tool_call=loudly)
        return "outer"

    agent = make(
        [ToolCall("outer", {"loudly": True}), ToolCall("outer", {"loudly": False}), "Done."], tools=[inner, outer]
    )
    agent("go")
    loud, quiet = results_of(agent)
    assert loud["status"] == "error"
    assert "record_direct_tool_call=False" in loud["content"][0]["text"]
    assert quiet["status"] == "success"
    assert called == ["inner"]
    assert len(agent.messages) == 6


@pytest.mark.parametrize(
    "prompt", [[{"invalid": "x"}], [{"role": "user", "content": []}, {"text": "x"}], {"text": "x"}]
)
def test_a_prompt_of_no_known_form_is_refused(prompt: Any) -> None:
    with pytest.raises(ValueError, match="prompt"):
        make(["never"])(prompt)


@pytest.mark.parametrize("limits", [{"turns": 0}, {"turns": True}, {"total_tokens": 1.5}, {"rounds": 3}])
def test_limits_that_mean_nothing_are_refused(limits: Any) -> None:
    with pytest.raises(TypeError, match="limits"):
        make(["never"])("go", limits=limits)


def test_a_retry_strategy_of_another_kind_is_refused() -> None:
    strategy: Any = object()
    with pytest.raises(ValueError, match="retry_strategy"):
        make([], retry_strategy=strategy)


def test_spans_get_only_the_attributes_they_can_hold() -> None:
    given: Any = {"text": "x", "list": [1, 2], "nested": {"a": 1}, "mixed": [1, {"a": 1}]}
    assert make([], trace_attributes=given).trace_attributes == {"text": "x", "list": [1, 2]}


class Source(ToolProvider):
    def __init__(self, fails: bool = False) -> None:
        self.users: set[Any] = set()
        self.fails = fails

    async def load_tools(self, **kwargs: Any) -> Sequence[AgentTool]:
        return []

    def add_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        self.users.add(consumer_id)

    def remove_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        self.users.discard(consumer_id)
        if self.fails:
            raise RuntimeError("cannot let go")


def test_providers_of_tools_are_let_go_of_with_the_agent() -> None:
    source = Source()
    agent = make([], tools=[source])
    assert len(source.users) == 1
    del agent
    gc.collect()
    assert source.users == set()


def test_clean_up_lets_go_of_all_providers_and_tells_the_first_error() -> None:
    first, second = Source(fails=True), Source()
    agent = make([], tools=[first, second])
    with pytest.raises(RuntimeError, match="cannot let go"):
        agent.cleanup()
    assert second.users == set()


def test_a_tool_replaced_by_a_hook_runs_in_place_of_the_other() -> None:
    @tool
    def real() -> str:
        """Real."""
        return "real"

    @tool
    def fake() -> str:
        """Fake."""
        return "fake"

    def swap(event: BeforeToolCallEvent) -> None:
        event.selected_tool = fake

    agent = make([ToolCall("real", {}), "Done."], tools=[real], hooks=[swap])
    agent("go")
    assert texts_of(results_of(agent)) == ["fake"]
