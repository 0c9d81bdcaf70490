"""What a listener is told, in which order, with which keys: as listeners of the Strands Agents SDK expect it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent, ModelRetryStrategy, tool
from strands.hooks import AfterToolsEvent, BeforeInvocationEvent, BeforeToolCallEvent
from strands.models import Model
from strands.types.exceptions import ModelThrottledException


class Told(Model):
    """Says what it is told to say: a text, a tool use as (name, input), or an error."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)

    def update_config(self, **model_config: Any) -> None: ...

    def get_config(self) -> Any:
        return {}

    def structured_output(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    async def stream(self, messages: Any, tool_specs: Any = None, system_prompt: Any = None, **kwargs: Any) -> Any:
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        yield {"messageStart": {"role": "assistant"}}
        async for event in _block(reply):
            yield event
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if isinstance(reply, tuple) else "end_turn"}}
        yield {"metadata": {"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {}}}


async def _block(reply: Any) -> AsyncIterator[Any]:
    if isinstance(reply, tuple):
        yield {"contentBlockStart": {"start": {"toolUse": {"toolUseId": "t1", "name": reply[0]}}}}
        yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(reply[1])}}}}
        return
    yield {"contentBlockStart": {"start": {}}}
    yield {"contentBlockDelta": {"delta": reply if isinstance(reply, dict) else {"text": reply}}}


@tool
def add(a: int) -> int:
    """Add."""
    return a + 1


class Answer(BaseModel):
    """An answer."""

    n: int


def _seen(event: dict[str, Any]) -> str:
    """The keys of an event in order, without those of the caller's state."""
    keys = [key for key in event if key not in ("agent", "request_state", "event_loop_cycle_id")]
    if keys == ["event"]:
        return f"event:{next(iter(event['event']))}"
    if keys == ["message"]:
        return f"message:{event['message']['role']}:{next(iter(event['message']['content'][0]))}"
    if keys == ["result"]:
        return f"result:{event['result'].stop_reason}"
    return ",".join(keys)


def _told(agent: Agent, prompt: Any = "go", **options: Any) -> list[str]:
    async def listen() -> list[str]:
        return [_seen(event) async for event in agent.stream_async(prompt, **options)]

    streamed = asyncio.run(listen())
    return [each for each in streamed if not each.startswith("event:")]


BEGIN = ["init_event_loop", "start", "start_event_loop"]
AGAIN = ["start", "start", "start_event_loop"]
USE = ["type,delta,current_tool_use", "message:assistant:toolUse"]
RESULT = "message:user:toolResult"
TEXT = ["data,delta", "message:assistant:text"]


def _agent(*replies: Any, **more: Any) -> Agent:
    return Agent(model=Told(*replies), tools=[add], callback_handler=None, **more)


@pytest.mark.parametrize(
    ("delta", "keys"),
    [
        ({"text": "hi"}, "data,delta,mine"),
        ({"reasoningContent": {"text": "hm"}}, "reasoningText,delta,reasoning,mine"),
        ({"reasoningContent": {"signature": "s"}}, "reasoning_signature,delta,reasoning,mine"),
        ({"reasoningContent": {"redactedContent": b"x"}}, "reasoningRedactedContent,delta,reasoning,mine"),
        ({"citation": {"title": "t"}}, "citation,delta,mine"),
    ],
)
def test_a_piece_comes_first_then_its_delta_then_what_the_caller_passed(delta: Any, keys: str) -> None:
    assert keys in _told(_agent(delta), invocation_state={"mine": 1})


def test_what_the_caller_passed_never_hides_a_piece() -> None:
    async def texts() -> list[str]:
        stream = _agent("hi").stream_async("go", invocation_state={"data": "mine", "delta": "mine"})
        return [event["data"] for event in [each async for each in stream] if isinstance(event.get("delta"), dict)]

    assert asyncio.run(texts()) == ["hi"]


def test_a_text_turn_and_a_tool_turn() -> None:
    assert _told(_agent("hi")) == [*BEGIN, *TEXT, "result:end_turn"]
    assert _told(_agent(("add", {"a": 1}), "done")) == [*BEGIN, *USE, RESULT, *AGAIN, *TEXT, "result:end_turn"]


def test_an_interrupted_turn_and_its_resumption() -> None:
    def ask(event: BeforeToolCallEvent) -> None:
        event.interrupt("sure")

    agent = _agent(("add", {"a": 1}), "done", hooks=[ask])
    assert _told(agent) == [*BEGIN, *USE, "tool_interrupt_event", "result:interrupt"]
    answers = [{"interruptResponse": {"interruptId": agent.pending_interrupts[0].id, "response": "y"}}]
    assert _told(agent, answers) == [*BEGIN, RESULT, *AGAIN, *TEXT, "result:end_turn"]


def test_what_hooks_end_or_cancel() -> None:
    def refuse(event: BeforeToolCallEvent) -> None:
        event.cancel_tool = "no"

    def end(event: AfterToolsEvent) -> None:
        event.end_turn = "bye"

    def stop(event: AfterToolsEvent) -> None:
        event.agent.cancel()

    def never(event: BeforeInvocationEvent) -> None:
        event.cancel = "not today"

    refused = _told(_agent(("add", {"a": 1}), "done", hooks=[refuse]))
    assert refused == [*BEGIN, *USE, "tool_cancel_event", RESULT, *AGAIN, *TEXT, "result:end_turn"]
    assert _told(_agent(("add", {"a": 1}), hooks=[end])) == [*BEGIN, *USE, RESULT, "result:end_turn"]
    cancelled = _told(_agent(("add", {"a": 1}), "done", hooks=[stop]))
    assert cancelled == [*BEGIN, *USE, RESULT, *AGAIN, "message:assistant:text", "result:cancelled"]
    assert _told(_agent(hooks=[never])) == ["result:end_turn"]


def test_a_requested_structure() -> None:
    expected = [*BEGIN, *USE, "structured_output", RESULT, "result:tool_use"]
    assert _told(_agent(("Answer", {"n": 1})), structured_output_model=Answer) == expected
    forced = _told(_agent("text", ("Answer", {"n": 1})), structured_output_model=Answer)
    assert forced == [*BEGIN, *TEXT, *AGAIN, *USE, "structured_output", RESULT, "result:tool_use"]


def test_a_model_call_that_is_tried_again_and_a_limit() -> None:
    strategy = ModelRetryStrategy(initial_delay=0.001, max_delay=0.001)
    throttled = _told(_agent(ModelThrottledException("slow"), "done", retry_strategy=strategy))
    assert throttled == [*BEGIN, "event_loop_throttled_delay", *TEXT, "result:end_turn"]
    limited = _told(_agent(("add", {"a": 1}), "done"), limits={"turns": 1})
    assert limited == [*BEGIN, *USE, RESULT, "start", "result:limit_turns"]
