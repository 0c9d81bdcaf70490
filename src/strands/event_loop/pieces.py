"""A model's events one by one: what each adds to the message that is being built."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from strands.types._events import (
    CitationStreamEvent,
    ModelStreamEvent,
    ReasoningRedactedContentStreamEvent,
    ReasoningSignatureStreamEvent,
    ReasoningTextStreamEvent,
    TextStreamEvent,
    ToolUseStreamEvent,
)

if TYPE_CHECKING:
    from strands.types.content import Message
    from strands.types.event_loop import Metrics, StopReason, Usage
    from strands.types.streaming import (
        ContentBlockDeltaEvent,
        ContentBlockStartEvent,
        MessageStartEvent,
        MessageStopEvent,
        MetadataEvent,
        RedactContentEvent,
    )

BLANK = "[blank text]"


def handle_message_start(event: MessageStartEvent, message: Message) -> Message:
    """Give a message its role."""
    message["role"] = event["role"]
    return message


def handle_content_block_start(event: ContentBlockStartEvent) -> dict[str, Any]:
    """Return the tool use that a block begins, with no input yet; empty when it is another kind of block."""
    use: Any = (event.get("start") or {}).get("toolUse")
    return {**use, "input": ""} if use else {}


def handle_content_block_delta(
    event: ContentBlockDeltaEvent, state: dict[str, Any]
) -> tuple[dict[str, Any], ModelStreamEvent]:
    """Add a piece to what is known of a block.

    Args:
        event: The piece.
        state: What is known: `text`, `current_tool_use`, `reasoningText`, `signature`, `redactedContent`,
            `citationsContent`; changed.

    Returns:
        The state, and what listeners are told.
    """
    delta: Any = event["delta"]
    if "toolUse" in delta:
        use = state.setdefault("current_tool_use", {})
        for name in ("toolUseId", "name"):  # some models name a tool with its first arguments
            if delta["toolUse"].get(name):
                use.setdefault(name, delta["toolUse"][name])
        use["input"] = use.get("input", "") + delta["toolUse"].get("input", "")
        return state, ToolUseStreamEvent(delta, use)
    if "text" in delta:
        state["text"] = state.get("text", "") + delta["text"]
        return state, TextStreamEvent(delta, delta["text"])
    if "citation" in delta:
        state.setdefault("citationsContent", []).append(delta["citation"])
        return state, CitationStreamEvent(delta, delta["citation"])
    return state, _reasoning(delta, delta.get("reasoningContent") or {}, state)


def _reasoning(delta: Any, content: dict[str, Any], state: dict[str, Any]) -> ModelStreamEvent:
    if "text" in content:
        state["reasoningText"] = state.get("reasoningText", "") + content["text"]
        return ReasoningTextStreamEvent(delta, content["text"])
    if "signature" in content:
        state["signature"] = (state.get("signature") or "") + content["signature"]
        return ReasoningSignatureStreamEvent(delta, content["signature"])
    if "redactedContent" in content:
        state["redactedContent"] = state.get("redactedContent", b"") + content["redactedContent"]
        return ReasoningRedactedContentStreamEvent(delta, content["redactedContent"])
    return ModelStreamEvent({})


def handle_content_block_stop(state: dict[str, Any]) -> dict[str, Any]:
    """Add the block that is complete to `state["content"]`, and forget its pieces."""
    content: list[Any] = state["content"]
    if state.get("current_tool_use"):
        use = state["current_tool_use"]
        if use.get("toolUseId") and use.get("name"):  # nobody can run or answer another
            content.append({"toolUse": {**use, "input": _parsed(use.get("input", ""))}})
        state["current_tool_use"] = {}
    if state.get("text"):
        block: Any = {"text": state["text"]}
        if state.get("citationsContent"):
            block = {"citationsContent": {"citations": state["citationsContent"], "content": [block]}}
            state["citationsContent"] = []
        content.append(block)
        state["text"] = ""
    signature = state.pop("signature", None)
    if state.get("reasoningText") or signature:
        text = {"text": state.get("reasoningText", ""), **({"signature": signature} if signature else {})}
        content.append({"reasoningContent": {"reasoningText": text}})
        state["reasoningText"] = ""
    if state.get("redactedContent"):
        content.append({"reasoningContent": {"redactedContent": state["redactedContent"]}})
        state["redactedContent"] = b""
    return state


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def handle_message_stop(event: MessageStopEvent, content: list[dict[str, Any]]) -> StopReason:
    """Return why a message ended; one with tool uses ended for them, whatever the model says."""
    reason = event["stopReason"]
    return "tool_use" if reason == "end_turn" and any("toolUse" in block for block in content) else reason


def handle_redact_content(event: RedactContentEvent, state: dict[str, Any]) -> None:
    """Replace what a message says so far by what a guardrail puts in its place."""
    text = event.get("redactAssistantContentMessage")
    if text is not None:
        state["message"]["content"] = [{"text": text}]


def extract_usage_metrics(event: MetadataEvent, time_to_first_byte_ms: int | None = None) -> tuple[Usage, Metrics]:
    """Return the tokens and the times in milliseconds that a stream's metadata names; 0 for what it does not name."""
    usage = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0, **(event.get("usage") or {})}
    metrics: dict[str, Any] = {"latencyMs": 0, **(event.get("metrics") or {})}
    if time_to_first_byte_ms:
        metrics["timeToFirstByteMs"] = time_to_first_byte_ms
    return cast("Usage", usage), cast("Metrics", metrics)


def remove_blank_messages_content_text(messages: list[Message]) -> list[Message]:
    """Take blank texts out of the model's messages, as some providers refuse them; changed in place.

    In a message that asks no tool a blank text becomes one that says so, and a message without content gets one.
    """
    for message in messages:
        if message.get("role") == "assistant" and "content" in message:
            message["content"] = _without_blanks(message["content"])
    return messages


def _without_blanks(content: list[Any]) -> list[Any]:
    if not content:
        return [{"text": BLANK}]
    kept = [block for block in content if "text" not in block or block["text"].strip()]
    if len(kept) == len(content) or any("toolUse" in block for block in content):
        return kept
    return [{"text": BLANK} if block not in kept else block for block in content]
