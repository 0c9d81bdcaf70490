"""A message is built from the pieces of a stream, whatever kinds of content a model sends."""

from __future__ import annotations

from typing import Any

import pytest

from strands.event_loop.streaming import (
    extract_usage_metrics,
    handle_content_block_delta,
    handle_content_block_start,
    handle_content_block_stop,
    handle_message_start,
    handle_message_stop,
    handle_redact_content,
)


def built(*pieces: Any, state: dict[str, Any] | None = None) -> tuple[list[Any], list[Any]]:
    """Return the content that pieces come to, and what listeners are told."""
    found: dict[str, Any] = {"content": [], **(state or {})}
    told = []
    for piece in pieces:
        found, event = handle_content_block_delta({"delta": piece}, found)
        told.append(event)
    return handle_content_block_stop(found)["content"], told


def test_reasoning_has_its_text_and_the_proof_of_it() -> None:
    reasoning = [{"text": "first "}, {"text": "then"}, {"signature": "si"}, {"signature": "gn"}]
    content, told = built(*({"reasoningContent": each} for each in reasoning))
    assert content == [{"reasoningContent": {"reasoningText": {"text": "first then", "signature": "sign"}}}]
    assert [event.get("reasoningText") for event in told] == ["first ", "then", None, None]
    assert told[2]["reasoning_signature"] == "si"


def test_a_proof_without_a_text_is_kept() -> None:
    content, _ = built({"reasoningContent": {"signature": "s"}})
    assert content == [{"reasoningContent": {"reasoningText": {"text": "", "signature": "s"}}}]


def test_reasoning_that_the_provider_keeps_to_itself_is_passed_on() -> None:
    content, told = built(*({"reasoningContent": {"redactedContent": each}} for each in (b"a", b"b")))
    assert content == [{"reasoningContent": {"redactedContent": b"ab"}}]
    assert told[0]["reasoningRedactedContent"] == b"a"


def test_a_text_stands_with_what_it_rests_on() -> None:
    content, told = built({"text": "Paris"}, {"citation": {"title": "Atlas"}})
    assert content == [{"citationsContent": {"citations": [{"title": "Atlas"}], "content": [{"text": "Paris"}]}}]
    assert told[1]["citation"] == {"title": "Atlas"}


def test_a_piece_of_no_known_kind_adds_nothing_and_is_not_told() -> None:
    content, (event,) = built({"reasoningContent": {}})
    assert content == []
    assert not event.is_callback_event


def test_a_tool_that_is_named_with_its_first_arguments_is_called() -> None:
    content, _ = built(
        {"toolUse": {"toolUseId": "t1", "name": "pay", "input": '{"to": '}}, {"toolUse": {"input": '"ada"}'}}
    )
    assert content == [{"toolUse": {"toolUseId": "t1", "name": "pay", "input": {"to": "ada"}}}]


@pytest.mark.parametrize(("text", "input"), [("", {}), ("{", {}), ('{"a": 1}', {"a": 1})])
def test_arguments_that_are_no_json_are_none(text: str, input: dict[str, Any]) -> None:
    use = handle_content_block_start({"start": {"toolUse": {"toolUseId": "t1", "name": "pay"}}})
    content, _ = built({"toolUse": {"input": text}}, state={"current_tool_use": use})
    assert content == [{"toolUse": {"toolUseId": "t1", "name": "pay", "input": input}}]


def test_a_call_that_names_no_tool_is_left_out() -> None:
    content, _ = built({"toolUse": {"input": "{}"}})
    assert content == []


def test_a_message_with_tool_uses_ended_for_them() -> None:
    assert handle_message_stop({"stopReason": "end_turn"}, [{"toolUse": {}}]) == "tool_use"
    assert handle_message_stop({"stopReason": "max_tokens"}, [{"toolUse": {}}]) == "max_tokens"
    assert handle_message_stop({"stopReason": "end_turn"}, [{"text": "x"}]) == "end_turn"


def test_a_guardrail_puts_a_text_in_place_of_the_message() -> None:
    state = {"message": handle_message_start({"role": "assistant"}, {"role": "user", "content": [{"text": "secret"}]})}
    handle_redact_content({}, state)
    assert state["message"] == {"role": "assistant", "content": [{"text": "secret"}]}
    handle_redact_content({"redactAssistantContentMessage": "taken back"}, state)
    assert state["message"]["content"] == [{"text": "taken back"}]


def test_figures_that_a_stream_does_not_name_are_0() -> None:
    usage, metrics = extract_usage_metrics({"usage": {"inputTokens": 3, "outputTokens": 1, "totalTokens": 4}}, 25)
    assert (usage["totalTokens"], metrics["latencyMs"], metrics["timeToFirstByteMs"]) == (4, 0, 25)
    none: Any = {}
    assert extract_usage_metrics(none) == ({"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}, {"latencyMs": 0})
