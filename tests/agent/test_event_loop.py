"""The loop and a model's stream as generators, for code that drives them itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from strands import Agent, tool
from strands.event_loop.event_loop import event_loop_cycle
from strands.event_loop.streaming import (
    extract_usage_metrics,
    handle_content_block_delta,
    handle_content_block_start,
    handle_content_block_stop,
    handle_message_start,
    handle_message_stop,
    handle_redact_content,
    remove_blank_messages_content_text,
    stream_messages,
)
from strands.models import ScriptedModel, ToolCall
from strands.types.streaming import ContentBlockDelta


@tool
def add(a: int) -> int:
    """Add."""
    return a + 1


def test_the_loop_as_a_generator() -> None:
    agent = Agent(model=ScriptedModel([ToolCall("add", {"a": 1}), "2"]), tools=[add], callback_handler=None)
    agent.messages.append({"role": "user", "content": [{"text": "1 + 1?"}]})

    async def run() -> list[Any]:
        return [event async for event in event_loop_cycle(agent, {})]

    events = asyncio.run(run())
    stop_reason, message, metrics, *_ = events[-1]["stop"]
    assert (stop_reason, message["content"], metrics.cycle_count) == ("end_turn", [{"text": "2"}], 2)
    assert [each["role"] for each in agent.messages] == ["user", "assistant", "user", "assistant"]
    assert any("message" in event for event in events[:-1])


def test_an_error_of_the_loop_reaches_its_reader() -> None:
    agent = Agent(model=ScriptedModel([]), callback_handler=None, retry_strategy=None)
    agent.messages.append({"role": "user", "content": [{"text": "hi"}]})

    async def run() -> None:
        async for _ in event_loop_cycle(agent, {}):
            pass

    with pytest.raises(Exception, match="repl"):
        asyncio.run(run())


def test_a_model_is_asked_without_an_agent() -> None:
    async def run() -> Any:
        messages: Any = [{"role": "user", "content": [{"text": "hi"}]}]
        return [event async for event in stream_messages(ScriptedModel(["hello"]), "be kind", messages, [])]

    events = asyncio.run(run())
    assert events[-1].stop_reason == "end_turn" and events[-1].message["content"] == [{"text": "hello"}]


def test_a_message_is_built_from_the_pieces_of_a_stream() -> None:
    message: Any = handle_message_start({"role": "assistant"}, {"role": "user", "content": []})
    state: dict[str, Any] = {"message": message, "content": message["content"]}
    told = []
    for text in ("Let ", "me."):
        state, event = handle_content_block_delta({"delta": {"text": text}}, state)
        told.append(event["data"])
    state = handle_content_block_stop(state)
    state["current_tool_use"] = handle_content_block_start({"start": {"toolUse": {"toolUseId": "t", "name": "n"}}})
    for piece in ('{"a"', ": 1}"):
        state, event = handle_content_block_delta({"delta": {"toolUse": {"input": piece}}}, state)
    assert event["current_tool_use"]["input"] == '{"a": 1}'
    state = handle_content_block_stop(state)
    thought: list[ContentBlockDelta] = [{"reasoningContent": {"text": "hm"}}, {"reasoningContent": {"signature": "s"}}]
    for delta in thought:
        state, _ = handle_content_block_delta({"delta": delta}, state)
    handle_content_block_stop(state)
    assert told == ["Let ", "me."]
    assert message == {
        "role": "assistant",
        "content": [
            {"text": "Let me."},
            {"toolUse": {"toolUseId": "t", "name": "n", "input": {"a": 1}}},
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        ],
    }
    assert handle_message_stop({"stopReason": "end_turn"}, message["content"]) == "tool_use"
    handle_redact_content({"redactAssistantContentMessage": "removed"}, state)
    assert message["content"] == [{"text": "removed"}]


def test_what_a_stream_says_of_its_cost() -> None:
    usage, metrics = extract_usage_metrics({"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}, 12)
    assert usage == {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}
    assert metrics == {"latencyMs": 0, "timeToFirstByteMs": 12}


def test_blank_texts_are_taken_out() -> None:
    messages: Any = [
        {"role": "assistant", "content": [{"text": " "}, {"toolUse": {}}]},
        {"role": "assistant", "content": [{"text": ""}]},
        {"role": "user", "content": [{"text": ""}]},
    ]
    kept = [message["content"] for message in remove_blank_messages_content_text(messages)]
    assert kept == [[{"toolUse": {}}], [{"text": "[blank text]"}], [{"text": ""}]]


def test_a_model_is_shown_no_blank_texts_and_no_names_that_no_tool_can_have() -> None:
    shown: list[Any] = []

    class Watching(ScriptedModel):
        whole_messages = False

        async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
            shown.append((messages, kwargs))
            async for event in super().stream(messages, *args, **kwargs):
                yield event

    async def run() -> Any:
        said: Any = [{"text": "a"}, {"text": " "}]
        messages: Any = [
            {"role": "assistant", "content": said},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "not a name", "input": {}}}]},
        ]
        return messages, [event async for event in stream_messages(Watching(["hello"]), None, messages, [])]

    messages, events = asyncio.run(run())
    [(seen, kwargs)] = shown
    assert seen[0]["content"] == [{"text": "a"}, {"text": "[blank text]"}]
    assert seen[1]["content"][0]["toolUse"]["name"] == "INVALID_TOOL_NAME"
    assert messages[0]["content"][1] == {"text": " "}
    assert {"model_state", "agent_metadata", "invocation_state", "cancel_signal"} <= kwargs.keys()
    assert "timeToFirstByteMs" in events[-1]["stop"][3]


def test_a_block_that_ends_leaves_nothing_behind() -> None:
    state: dict[str, Any] = {
        "content": [],
        "current_tool_use": {"toolUseId": "t", "name": "n", "input": "{}"},
        "text": "said",
        "signature": "s",
    }
    handle_content_block_stop(state)
    assert [next(iter(block)) for block in state["content"]] == ["toolUse", "text", "reasoningContent"]
    assert not state["text"] and not state["current_tool_use"] and "signature" not in state
