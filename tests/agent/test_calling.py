"""Calling an agent: streams, cancelling, one call at a time, executors, results, metrics."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from typing import Any

import pytest

from strands import Agent, AgentResult, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.hooks import BeforeToolCallEvent
from strands.models import Reply, ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.telemetry import Trace, metrics_to_string
from strands.tools.executors import SequentialToolExecutor
from strands.types.agent import ConcurrentInvocationMode
from strands.types.exceptions import ConcurrencyException, ModelThrottledException
from support.agents import answers, results_of


def make(script: Any, **options: Any) -> Agent:
    return Agent(model=ScriptedModel(script, chunk_size=3), callback_handler=None, **options)


@tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


async def collect(agent: Agent, prompt: Any) -> list[dict[str, Any]]:
    return [event async for event in agent.stream_async(prompt)]


def test_a_stream_has_text_tool_use_messages_and_the_result_last() -> None:
    events = asyncio.run(collect(make([ToolCall("add", {"a": 1, "b": 2}, "t1"), "Three."], tools=[add]), "go"))
    assert events[0] == {"init_event_loop": True}
    assert "".join(event["data"] for event in events if "data" in event) == "Three."
    uses = [event["current_tool_use"] for event in events if "current_tool_use" in event]
    assert uses[-1]["name"] == "add"
    assert [event["message"]["role"] for event in events if "message" in event] == ["assistant", "user", "assistant"]
    assert any("messageStart" in event.get("event", {}) for event in events)
    assert isinstance(events[-1]["result"], AgentResult)


def test_reasoning_is_streamed_and_kept() -> None:
    agent = make([Reply("Yes.", reasoning="Let me think.")])
    events = asyncio.run(collect(agent, "go"))
    assert "".join(event["reasoningText"] for event in events if "reasoningText" in event) == "Let me think."
    assert agent.messages[-1]["content"][0]["reasoningContent"]["reasoningText"]["text"] == "Let me think."


def test_a_callback_handler_hears_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    agent = make(["Hello"])
    agent.callback_handler = lambda **event: heard.append(event.get("data", ""))
    agent("hi")
    assert "".join(heard) == "Hello"
    Agent(model=ScriptedModel([ToolCall("add", {"a": 1, "b": 2}), "Printed"]), tools=[add])("hi")
    assert capsys.readouterr().out == "\nTool #1: add\nPrinted"


def test_an_error_reaches_whoever_reads_the_stream() -> None:
    heard: list[dict[str, Any]] = []

    async def listen() -> None:
        async for event in make([RuntimeError("boom")]).stream_async("hi"):
            heard.append(event)

    with pytest.raises(RuntimeError, match="boom"):
        asyncio.run(listen())
    assert heard[-1] == {"force_stop": True, "force_stop_reason": "boom"}


def test_a_reader_that_leaves_ends_the_work() -> None:
    async def main() -> None:
        agent = make([Reply("a b c d e f", chunk_delay=0.01), "again"])
        stream = agent.stream_async("hi")
        async for event in stream:
            if "data" in event:
                break
        await stream.aclose()
        assert str(await agent.invoke_async("once more")) == "again\n"

    asyncio.run(main())


def test_one_call_at_a_time() -> None:
    async def main() -> None:
        agent = make([Reply("slow", delay=0.05), "x"])
        first = asyncio.ensure_future(agent.invoke_async("one"))
        await asyncio.sleep(0.01)
        with pytest.raises(ConcurrencyException, match="at work for another caller"):
            await agent.invoke_async("two")
        assert str(await first) == "slow\n"
        assert str(await agent.invoke_async("three")) == "x\n"

    asyncio.run(main())


def test_reentrant_calls_can_be_allowed() -> None:
    async def main() -> tuple[AgentResult, AgentResult]:
        mode = ConcurrentInvocationMode.UNSAFE_REENTRANT
        agent = make([Reply("a", delay=0.02), "b"], concurrent_invocation_mode=mode)
        return await asyncio.gather(agent.invoke_async("1"), agent.invoke_async("2"))

    assert [result.stop_reason for result in asyncio.run(main())] == ["end_turn", "end_turn"]


def test_cancel_wakes_a_model_that_hangs_and_leaves_a_valid_history() -> None:
    agent = make([Reply("never", delay=math.inf), "fine"])
    threading.Timer(0.05, agent.cancel).start()
    started = time.monotonic()
    result = agent("hi")
    assert result.stop_reason == "cancelled"
    assert time.monotonic() - started < 5
    assert [message["role"] for message in agent.messages] == ["user", "assistant"]
    assert str(agent("again")) == "fine\n"


def test_cancel_ends_the_wait_for_another_try() -> None:
    agent = make([ModelThrottledException("slow down"), "fine"])
    threading.Timer(0.05, agent.cancel).start()
    started = time.monotonic()
    assert agent("hi").stop_reason == "cancelled"
    assert time.monotonic() - started < 3


def test_cancel_lets_running_tools_finish_and_starts_no_others() -> None:
    ran: list[str] = []

    @tool(context=True)
    def stop(name: str, tool_context: Any) -> str:
        """Stop."""
        ran.append(name)
        tool_context.agent.cancel()
        return "done"

    calls = [ToolCall("stop", {"name": "a"}, "t1"), ToolCall("stop", {"name": "b"}, "t2")]
    agent = make([calls, "fine"], tools=[stop], tool_executor=SequentialToolExecutor())
    assert agent("hi").stop_reason == "cancelled"
    assert ran == ["a"]
    assert [result["status"] for result in results_of(agent)] == ["success", "error"]
    assert agent("again").stop_reason == "end_turn"


@pytest.mark.parametrize("way", ["answers", "prompt"])
def test_cancel_while_questions_wait_leaves_a_valid_usable_agent(way: str) -> None:
    @tool(context=True)
    def ask(tool_context: Any) -> str:
        """Ask."""
        return str(tool_context.interrupt("q"))

    agent = make([ToolCall("ask"), "fine"], tools=[ask])
    paused = agent("hi")
    agent.cancel()
    result = agent(answers(paused, "yes") if way == "answers" else "something else")
    assert result.stop_reason == "cancelled"
    assert agent.pending_interrupts == []
    assert [result["status"] for result in results_of(agent)] == ["error"]
    assert str(agent("go on")) == "fine\n"


def test_cancelling_the_task_is_not_swallowed() -> None:
    async def main() -> None:
        agent = make([Reply("never", delay=math.inf), "fine"])
        task = asyncio.ensure_future(agent.invoke_async("hi"))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert str(await agent.invoke_async("again")) == "fine\n"

    asyncio.run(main())


def test_concurrent_tools_overlap_and_sequential_ones_do_not() -> None:
    running: list[int] = [0, 0]

    @tool
    async def work(n: int) -> int:
        """Work."""
        running[0] += 1
        running[1] = max(running)
        await asyncio.sleep(0.01)
        running[0] -= 1
        return n

    calls = [ToolCall("work", {"n": n}, f"t{n}") for n in range(4)]
    make([calls, "x"], tools=[work])("go")
    assert running[1] == 4
    running[1] = 0
    agent = make([calls, "x"], tools=[work], tool_executor=SequentialToolExecutor())
    agent("go")
    assert running[1] == 1
    assert [result["toolUseId"] for result in results_of(agent)] == ["t0", "t1", "t2", "t3"]


def test_a_sync_tool_does_not_block_the_loop() -> None:
    @tool
    def sleep() -> str:
        """Sleep."""
        time.sleep(0.1)
        return "ok"

    async def main() -> int:
        ticks = 0
        task = asyncio.ensure_future(make([ToolCall("sleep"), "x"], tools=[sleep]).invoke_async("go"))
        while not task.done():
            await asyncio.sleep(0.005)
            ticks += 1
        return ticks

    assert asyncio.run(main()) >= 5


def test_a_result_shows_its_text_and_survives_a_dictionary() -> None:
    result = make([Reply("Hi", usage={"inputTokens": 3, "outputTokens": 4})])("x")
    assert str(result) == "Hi\n"
    again = AgentResult.from_dict(result.to_dict())
    assert (again.stop_reason, str(again)) == ("end_turn", "Hi\n")
    assert result.context_size == 3
    with pytest.raises(TypeError, match="agent_result"):
        AgentResult.from_dict({"type": "other"})


def test_metrics_count_tokens_cycles_and_tools_over_the_agents_life() -> None:
    usage = {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}
    script = [Reply(tool_calls=[ToolCall("add", {"a": 1, "b": 2})], usage=usage), Reply("x", usage=usage)]
    agent = make([*script, Reply("y", usage=usage)], tools=[add])
    agent("one")
    metrics = agent("two").metrics
    assert metrics is agent.event_loop_metrics
    assert metrics.accumulated_usage == {"inputTokens": 9, "outputTokens": 12, "totalTokens": 21}
    assert metrics.cycle_count == 3
    assert [invocation.usage["totalTokens"] for invocation in metrics.agent_invocations] == [14, 7]
    summary = metrics.get_summary()
    stats = summary["tool_usage"]["add"]["execution_stats"]
    assert (stats["call_count"], stats["success_count"], stats["success_rate"]) == (1, 1, 1.0)
    assert summary["total_cycles"] == 3
    names = [child["name"] for child in summary["traces"][0]["children"]]
    assert names == ["stream_messages", "Tool: add"]
    assert summary["traces"][0]["children"][0]["parent_id"] == summary["traces"][0]["id"]
    assert "Tool add: 1 calls" in metrics_to_string(metrics)


def test_direct_calls_return_the_result_and_are_recorded_unless_told_not_to() -> None:
    agent = make([], tools=[add])
    result = agent.tool.add(a=1, b=2)
    assert (result["status"], result["content"]) == ("success", [{"text": "3"}])
    assert [message["role"] for message in agent.messages] == ["user", "assistant", "user", "assistant"]
    agent.tool.add(a=1, b=2, record_direct_tool_call=False)
    assert len(agent.messages) == 4
    with pytest.raises(AttributeError, match="there is no tool 'nope'"):
        agent.tool.nope()


def test_direct_calls_are_let_go_of_like_all_that_is_old(tmp_path: Any) -> None:
    def window() -> SlidingWindowConversationManager:
        return SlidingWindowConversationManager(window_size=8)

    def kept(*replies: str) -> Agent:
        manager = FileSessionManager(session_id="s", storage_dir=str(tmp_path))
        return make(list(replies), tools=[add], conversation_manager=window(), session_manager=manager)

    agent = kept()
    for number in range(5):
        agent.tool.add(a=number, b=1)
    assert len(agent.messages) == 8
    assert agent.messages == kept().messages
    assert str(kept("fine")("hi")) == "fine\n"


def test_a_direct_call_that_asks_is_refused_and_the_agent_stays_usable() -> None:
    @tool(context=True)
    def ask(tool_context: Any) -> str:
        """Ask."""
        return str(tool_context.interrupt("q"))

    agent = make(["fine"], tools=[ask])
    with pytest.raises(RuntimeError, match="nobody can answer"):
        agent.tool.ask()
    assert str(agent("hi")) == "fine\n"


def test_the_state_holds_json_and_hands_out_copies() -> None:
    agent = make(["x"], state={"a": [1]})
    agent.state.get("a").append(2)
    assert agent.state.get() == {"a": [1]}
    agent.state.set("b", 2)
    agent.state.delete("a")
    assert agent.state.get() == {"b": 2}
    with pytest.raises(ValueError, match="not JSON serializable"):
        agent.state.set("c", object())


def test_an_agent_id_cannot_leave_its_directory() -> None:
    for bad in ("a/b", "..", "a\\b"):
        with pytest.raises(ValueError, match="path separators"):
            make(["x"], agent_id=bad)


def test_a_result_that_asks_reads_as_its_questions() -> None:
    def approve(event: BeforeToolCallEvent) -> None:
        event.interrupt("approval", reason={"of": event.tool_use["name"]})

    result = make([ToolCall("add", {"a": 1, "b": 2})], tools=[add], hooks=[approve])("go")
    [question] = result.interrupts or ()
    shown = {"id": question.id, "name": "approval", "reason": {"of": "add"}, "response": None}
    assert str(result) == str([shown]), "what binds the answer to the call is for the session"


def test_a_trace_has_a_list_of_what_happened_within_it() -> None:
    trace = Trace("cycle")
    assert trace.children == []
    first = trace.begin("first")
    trace.add_child(second := Trace("second"))
    assert trace.children == [first, second] and first.parent_id == trace.id
    alone = Trace("cycle")
    only = alone.begin("only")
    alone.children.append(second)
    alone.add_child(first)
    assert alone.children == [only, second, first]
