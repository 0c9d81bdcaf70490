"""Bounds on tools: how many run at once, and how long one may take."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.tools.executors import ConcurrentToolExecutor
from strands.types.exceptions import ToolTimeoutError
from strands.types.tools import AgentTool, ToolGenerator, ToolSpec, ToolUse
from support.agents import answers, results_of, texts_of

SHORT = 0.05


@pytest.fixture
def end() -> Iterator[threading.Event]:
    """What tools wait for that take too long; set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def make(*replies: Any, **options: Any) -> Agent:
    return Agent(model=ScriptedModel(list(replies)), callback_handler=None, **options)


@pytest.mark.parametrize(("most", "seen"), [(None, 5), (2, 2), (1, 1), (9, 5)])
def test_so_many_tools_run_at_once(most: int | None, seen: int) -> None:
    running, peak, order = 0, 0, []

    @tool
    async def work(number: int) -> int:
        """Work."""
        nonlocal running, peak
        running += 1
        order.append(number)
        peak = max(peak, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return number

    agent = make(
        [ToolCall("work", {"number": number}) for number in range(5)],
        "ok",
        tools=[work],
        tool_executor=ConcurrentToolExecutor(max_concurrency=most),
    )
    agent("go")
    assert peak == seen
    assert order == list(range(5))
    assert texts_of(results_of(agent)) == ["0", "1", "2", "3", "4"]


def test_a_tool_that_asks_leaves_its_slot_to_the_next() -> None:
    @tool(context=True)
    def ask(number: int, tool_context: ToolContext) -> str:
        """Ask."""
        return f"{number} {tool_context.interrupt('ok')}"

    agent = make(
        [ToolCall("ask", {"number": number}) for number in range(3)],
        "done",
        tools=[ask],
        tool_executor=ConcurrentToolExecutor(max_concurrency=1),
    )
    result = agent("go")
    assert len(result.interrupts or ()) == 3
    agent(answers(result, "y"))
    assert texts_of(results_of(agent)) == ["0 y", "1 y", "2 y"]


@pytest.mark.parametrize("bad", [0, -1, True, 1.5, "2"])
def test_a_bound_is_a_whole_number(bad: Any) -> None:
    with pytest.raises(ValueError, match="max_concurrency"):
        ConcurrentToolExecutor(max_concurrency=bad)


@pytest.mark.parametrize("bad", [0, -1, True, "2", float("inf"), float("nan")])
def test_a_time_out_is_a_number_of_seconds(bad: Any) -> None:
    with pytest.raises(ValueError, match="timeout is"):
        tool(timeout=bad)(lambda: None)


def test_the_model_is_told_that_a_call_took_too_long(end: threading.Event) -> None:
    seen: list[Any] = []

    @tool(timeout=SHORT)
    def block() -> str:
        """Block."""
        end.wait()
        return "late"

    @tool(timeout=SHORT)
    async def wait() -> str:
        """Wait."""
        await asyncio.sleep(60)
        return "late"

    @tool(timeout=60)
    def quick() -> str:
        """Answer."""
        return "in time"

    agent = make([ToolCall("block"), ToolCall("wait"), ToolCall("quick")], "I see.", tools=[block, wait, quick])
    agent.add_hook(lambda event: seen.append(event.exception), AfterToolCallEvent)
    assert str(agent("go")) == "I see.\n"
    late = "took longer than 0.05 seconds and was given up; it may or may not have happened"
    assert texts_of(results_of(agent)) == [f"Error: tool 'block' {late}", f"Error: tool 'wait' {late}", "in time"]
    assert [each["status"] for each in results_of(agent)] == ["error", "error", "success"]
    assert sorted(type(each).__name__ for each in seen) == ["NoneType", "ToolTimeoutError", "ToolTimeoutError"]


def test_a_tools_own_time_out_is_its_own_error() -> None:
    @tool(timeout=60)
    async def fail() -> str:
        """Fail."""
        raise TimeoutError("mine")

    agent = make(ToolCall("fail"), "ok", tools=[fail])
    agent("go")
    assert texts_of(results_of(agent)) == ["Error: TimeoutError - mine"]


def test_what_a_call_comes_to_that_was_given_up_counts_for_nothing(tmp_path: Path, end: threading.Event) -> None:
    left, late = threading.Event(), []

    @tool(context=True, timeout=SHORT)
    def pay(tool_context: ToolContext) -> str:
        """Pay."""
        end.wait()
        late.append(tool_context.cancel_signal.is_set())
        try:
            tool_context.interrupt("sure?")
        except ToolTimeoutError as error:
            late.append("sure?" in str(error))
        finally:
            left.set()
        return "paid"

    def kept(*replies: Any) -> Agent:
        return make(*replies, tools=[pay], session_manager=FileSessionManager("s", storage_dir=tmp_path))

    agent = kept(ToolCall("pay"), "ok", "again")
    agent("go")
    end.set()
    assert left.wait(10)
    agent("and?")
    assert late == [True, True]
    assert "given up" in texts_of(results_of(agent))[0]
    restored = kept()
    assert restored.messages == agent.messages
    assert restored.pending_interrupts == []


def test_a_call_that_is_tried_again_needs_no_second_approval(end: threading.Event) -> None:
    asked, tries = [], []

    @tool(timeout=SHORT)
    def pay() -> str:
        """Pay."""
        tries.append(1)
        if len(tries) == 1:
            end.wait()
        return "paid"

    def approve(event: BeforeToolCallEvent) -> None:
        asked.append(event.interrupt("ok"))

    def again(event: AfterToolCallEvent) -> None:
        event.retry = isinstance(event.exception, ToolTimeoutError)

    agent = make(ToolCall("pay"), "done", tools=[pay], hooks=[approve, again])
    result = agent("go")
    assert agent(answers(result, "y")).stop_reason == "end_turn"
    assert texts_of(results_of(agent)) == ["paid"]
    assert set(asked) == {"y"}


def test_waiting_for_a_person_does_not_count() -> None:
    @tool(context=True, timeout=60)
    def ask(tool_context: ToolContext) -> str:
        """Ask."""
        return str(tool_context.interrupt("ok"))

    agent = make(ToolCall("ask"), "done", tools=[ask])
    agent(answers(agent("go"), "y"))
    assert texts_of(results_of(agent)) == ["y"]


class Stubborn(AgentTool):
    """Does not heed that it is cancelled."""

    tool_name = "stubborn"
    tool_type = "test"
    timeout_seconds = SHORT
    read_only = True

    @property
    def tool_spec(self) -> ToolSpec:
        return {"name": "stubborn", "description": "Goes on.", "inputSchema": {"json": {"type": "object"}}}

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            yield "too late"
        yield "result"


def test_a_tool_that_does_not_heed_it_is_left_to_itself() -> None:
    agent = make(ToolCall("stubborn"), "ok", tools=[Stubborn()])

    async def main() -> list[dict[str, Any]]:
        return [event async for event in agent.stream_async("go")]

    events = asyncio.run(main())
    assert not [event for event in events if "tool_stream_event" in event]
    assert texts_of(results_of(agent)) == ["Error: tool 'stubborn' took longer than 0.05 seconds and was given up"]


def test_threads_of_calls_that_were_given_up_are_made_up_for(end: threading.Event) -> None:
    @tool(timeout=SHORT)
    def block() -> str:
        """Block."""
        end.wait()
        return "late"

    @tool
    def quick() -> str:
        """Answer."""
        return "quick"

    calls = [ToolCall("block") for _ in range(140)]
    agent = make(calls, ToolCall("quick"), "ok", tools=[block, quick])
    agent("go")
    assert texts_of(results_of(agent))[-1] == "quick"
