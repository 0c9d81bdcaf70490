"""OpenAI's chat completions format, which many servers speak: messages out, chunks in."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands.types.exceptions import ModelUnavailableError

from ._content import (
    TEXT_FORMATS,
    Call,
    base64_of,
    data_url,
    document_text,
    metadata,
    plain_text,
    tool_events,
    unsupported,
)

if TYPE_CHECKING:
    from strands.types.content import Message, Messages
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

    from .model import CacheConfig

_RETENTIONS = frozenset({"24h", "in_memory", "in-memory"})
_STOP_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "content_filtered",
}


def format_messages(messages: Messages, system_prompt: str | None, provider: str) -> list[dict[str, Any]]:
    """Return the conversation in the chat format.

    Raises:
        ModelRequestError: A message holds what the format has no place for.
    """
    formatted: list[dict[str, Any]] = []
    if system_prompt:
        formatted.append({"role": "system", "content": system_prompt})
    for message in messages:
        if message["role"] == "assistant":
            _add_assistant(formatted, message)
        else:
            _add_user(formatted, message, provider)
    return formatted


def format_tools(tool_specs: list[ToolSpec] | None) -> list[dict[str, Any]]:
    """Return the tools in the chat format."""
    return [
        {
            "type": "function",
            "function": {
                "name": spec["name"],
                "description": spec["description"],
                "parameters": spec["inputSchema"].get("json", spec["inputSchema"]),
            },
        }
        for spec in tool_specs or ()
    ]


def format_tool_choice(tool_choice: ToolChoice | None) -> str | dict[str, Any]:
    """Return the tool choice in the chat format."""
    choice: Any = tool_choice or {}
    if "tool" in choice:
        return {"type": "function", "function": {"name": choice["tool"]["name"]}}
    return "required" if "any" in choice else "auto"


def cache_arguments(cache: CacheConfig | None) -> dict[str, Any]:
    """Return the arguments by which OpenAI finds a prompt in its cache again."""
    if cache is None:
        return {}
    arguments = {"prompt_cache_key": cache.cache_key, "prompt_cache_retention": cache.ttl}
    if cache.ttl not in _RETENTIONS:
        del arguments["prompt_cache_retention"]
    return {name: value for name, value in arguments.items() if value}


def _add_assistant(formatted: list[dict[str, Any]], message: Message) -> None:
    texts, calls = [], []
    for block in message["content"]:
        if "toolUse" in block:
            use = block["toolUse"]
            arguments = plain_text({"json": use["input"]})
            function = {"name": use["name"], "arguments": arguments}
            calls.append({"id": use["toolUseId"], "type": "function", "function": function})
        elif text := plain_text(block):
            texts.append(text)
    # An assistant message without content is refused by some servers.
    if texts or calls:
        content = {"content": "\n".join(texts)} if texts else {}
        formatted.append({"role": "assistant", **content, **({"tool_calls": calls} if calls else {})})


def _add_user(formatted: list[dict[str, Any]], message: Message, provider: str) -> None:
    parts: list[dict[str, Any]] = []
    for block in message["content"]:
        if "toolResult" not in block:
            parts.extend(_part(block, provider))
            continue
        result = block["toolResult"]
        shown = [part for item in result["content"] for part in _part(item, provider)]
        texts = [part["text"] for part in shown if part["type"] == "text"]
        if len(texts) < len(shown):
            # A tool message carries only text, so a picture follows as the user's.
            parts += [part for part in shown if part["type"] != "text"]
            texts.append("(The rest of this result is in the next user message.)")
        formatted.append({"role": "tool", "tool_call_id": result["toolUseId"], "content": "\n".join(texts)})
    if len(parts) == 1 and parts[0]["type"] == "text":
        formatted.append({"role": "user", "content": parts[0]["text"]})
    elif parts:
        formatted.append({"role": "user", "content": parts})


def _part(block: Mapping[str, Any], provider: str) -> list[dict[str, Any]]:
    text = plain_text(block)
    if text is not None:
        return [{"type": "text", "text": text}]
    if "image" in block:
        return [{"type": "image_url", "image_url": {"url": data_url(block["image"], "an image", provider)}}]
    if "document" in block:
        document = block["document"]
        if document["format"] in TEXT_FORMATS:
            return [{"type": "text", "text": document_text(document, provider)}]
        name = f"{document.get('name', 'document')}.{document['format']}"
        url = data_url(document, "a document", provider)
        return [{"type": "file", "file": {"filename": name, "file_data": url}}]
    if "audio" in block:
        audio = block["audio"]
        data = base64_of(audio, "audio", provider)
        return [{"type": "input_audio", "input_audio": {"data": data, "format": audio["format"]}}]
    if "cachePoint" in block or "reasoningContent" in block:
        return []
    raise unsupported(block, provider)


class ChatReply:
    """Turns the chunks of one reply, as plain dicts, into events.

    Args:
        messages: The conversation that it answers.
        provider: Whom to name in an error.
    """

    def __init__(self, messages: Messages, provider: str) -> None:
        self._messages = messages
        self._provider = provider
        self._started = time.perf_counter()
        self._first: float | None = None
        self._block = ""
        self._calls: list[list[str]] = []
        self._positions: dict[int, int] = {}
        self._finish: str | None = None
        self._usage: Mapping[str, Any] = {}

    def feed(self, chunk: Mapping[str, Any]) -> list[StreamEvent]:
        """Return the events of one chunk."""
        events: list[StreamEvent] = []
        if self._first is None:
            self._first = time.perf_counter() - self._started
            events.append({"messageStart": {"role": "assistant"}})
        if chunk.get("usage"):
            self._usage = chunk["usage"]
        for choice in (chunk.get("choices") or ())[:1]:
            if choice.get("index"):
                break
            self._finish = choice.get("finish_reason") or self._finish
            delta = choice.get("delta") or choice.get("message")
            if delta:
                self._feed_delta(delta, events)
        return events

    def _feed_delta(self, delta: Mapping[str, Any], events: list[StreamEvent]) -> None:
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning and isinstance(reasoning, str):
            self._enter("reasoning", events)
            events.append({"contentBlockDelta": {"delta": {"reasoningContent": {"text": reasoning}}}})
        text = _said(delta.get("content") or delta.get("refusal"))
        if text:
            self._enter("text", events)
            events.append({"contentBlockDelta": {"delta": {"text": text}}})
        for call in delta.get("tool_calls") or ():
            self._feed_call(call)

    def _feed_call(self, call: Mapping[str, Any]) -> None:
        function = call.get("function") or {}
        held = self._held(call.get("index"), call.get("id"), function.get("name"))
        held[0] = held[0] or call.get("id") or ""
        held[1] = held[1] or function.get("name") or ""
        arguments = function.get("arguments") or ""
        held[2] += arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)

    def _held(self, index: int | None, call_id: str | None, name: str | None) -> list[str]:
        """Return the call that a piece belongs to: some servers give no index, or the same one to every call."""
        at = self._positions.get(index) if index is not None else len(self._calls) - 1
        held = self._calls[at] if at is not None and at >= 0 else None
        begins = bool(name) and (call_id != held[0] if call_id else index is None) if held else True
        if held is None or (begins and held[1]):
            held = ["", "", ""]
            self._calls.append(held)
            if index is not None:
                self._positions[index] = len(self._calls) - 1
        return held

    def _enter(self, block: str, events: list[StreamEvent]) -> None:
        if self._block == block:
            return
        if self._block:
            events.append({"contentBlockStop": {}})
        self._block = block
        events.append({"contentBlockStart": {"start": {}}})

    def finish(self) -> list[StreamEvent]:
        """Return the events that end the reply.

        Raises:
            ModelUnavailableError: It broke off, or a tool's arguments are no JSON: none of its tools may run.
        """
        if self._finish is None:
            raise ModelUnavailableError(f"{self._provider} broke off in the middle of its reply.")
        truncated = self._finish == "length"
        calls = [Call(*held) for held in self._calls]
        events: list[StreamEvent] = [{"contentBlockStop": {}}] if self._block else []
        events += tool_events(calls, self._messages, self._provider, truncated=truncated)
        stop: Any = _STOP_REASONS.get(self._finish, "end_turn")
        if stop in ("end_turn", "tool_use"):
            # Some servers say "stop" after tool calls, and "tool_calls" without any.
            stop = "tool_use" if calls else "end_turn"
        events.append({"messageStop": {"stopReason": stop}})
        events.append(self._metadata())
        return events

    def _metadata(self) -> StreamEvent:
        usage = self._usage
        details = usage.get("prompt_tokens_details") or {}
        return metadata(
            usage.get("prompt_tokens") or 0,
            usage.get("completion_tokens") or 0,
            time.perf_counter() - self._started,
            cached=details.get("cached_tokens"),
            written=usage.get("cache_creation_input_tokens"),
            total=usage.get("total_tokens"),
            first=self._first,
        )


def _said(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, Mapping))
    return content or ""
