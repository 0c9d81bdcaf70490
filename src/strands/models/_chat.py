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
from ._errors import from_event

if TYPE_CHECKING:
    from strands.types.content import Message, Messages
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

    from .model import CacheConfig

_RETENTIONS = frozenset({"24h", "in_memory", "in-memory"})
_THOUGHTS = ("reasoning_content", "reasoning")
"""Names by which servers send what a model thought; OpenRouter sends `reasoning_details` beside."""
_STOP_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "content_filtered",
}


def format_messages(
    messages: Messages, system_prompt: str | None, provider: str, model_id: str | None = None
) -> list[dict[str, Any]]:
    """Return the conversation in the chat format.

    What the model `model_id` thought before it called tools is given back by the name it came by: some servers refuse
    a tool's result without it.

    Raises:
        ModelRequestError: A message holds what the format has no place for.
    """
    formatted: list[dict[str, Any]] = []
    if system_prompt:
        formatted.append({"role": "system", "content": system_prompt})
    for message in messages:
        if message["role"] == "assistant":
            _add_assistant(formatted, message, model_id)
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


def _add_assistant(formatted: list[dict[str, Any]], message: Message, model_id: str | None) -> None:
    texts, calls = [], []
    thoughts: dict[str, Any] = {}
    for block in message["content"]:
        if "toolUse" in block:
            calls.append(_call(block["toolUse"]))
        elif "reasoningContent" in block:
            thoughts.update(_thoughts(block["reasoningContent"], model_id))
        elif text := plain_text(block):
            texts.append(text)
    # An assistant message without content is refused by some servers.
    if texts or calls:
        content = {"content": "\n".join(texts)} if texts else {}
        formatted.append({"role": "assistant", **content, **({**thoughts, "tool_calls": calls} if calls else {})})


def _call(use: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": use["name"], "arguments": plain_text({"json": use["input"]})}
    call: dict[str, Any] = {"id": use["toolUseId"], "type": "function", "function": function}
    if use.get("reasoningSignature"):
        call["extra_content"] = {"google": {"thought_signature": use["reasoningSignature"]}}
    return call


def _thoughts(reasoning: Mapping[str, Any], model_id: str | None) -> dict[str, Any]:
    origin = reasoning.get("origin") or {}
    if model_id is None or origin.get("model") != model_id or "field" not in origin:
        return {}  # another model's, or of a server that gave it no name
    value = origin.get("value")
    return {origin["field"]: reasoning.get("reasoningText", {}).get("text", "") if value is None else value}


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
        model_id: Whose thoughts its thoughts are.
    """

    def __init__(self, messages: Messages, provider: str, model_id: str | None = None) -> None:
        self._messages = messages
        self._provider = provider
        self._model_id = model_id
        self._origin: dict[str, Any] = {}
        self._complete = False
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
        usage = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")
        if usage:
            self._usage = usage
            self._complete = self._complete or not chunk.get("choices")
        for choice in (chunk.get("choices") or ())[:1]:
            if choice.get("index"):
                break
            if choice.get("error"):
                raise from_event(self._provider, choice["error"])
            self._complete = self._complete or "message" in choice
            self._finish = choice.get("finish_reason") or self._finish
            delta = choice.get("delta") or choice.get("message")
            if delta:
                self._feed_delta(delta, events)
        return events

    def _feed_delta(self, delta: Mapping[str, Any], events: list[StreamEvent]) -> None:
        self._feed_thoughts(delta, events)
        text = _said(delta.get("content") or delta.get("refusal"))
        if text:
            self._enter("text", events)
            events.append({"contentBlockDelta": {"delta": {"text": text}}})
        for call in delta.get("tool_calls") or ():
            self._feed_call(call)

    def _feed_thoughts(self, delta: Mapping[str, Any], events: list[StreamEvent]) -> None:
        field = next((name for name in _THOUGHTS if isinstance(delta.get(name), str) and delta[name]), None)
        text = delta[field] if field is not None else _thought(delta.get("content"))
        if text:
            self._enter("reasoning", events)
            said: Any = {"text": text}
            if field is not None and not self._origin and self._model_id is not None:
                self._origin["field"] = field
                said["origin"] = {"field": field, "model": self._model_id}
            events.append({"contentBlockDelta": {"delta": {"reasoningContent": said}}})
        details = delta.get("reasoning_details")
        if isinstance(details, list) and details:
            self._enter("reasoning", events)
            self._origin["field"] = "reasoning_details"
            self._origin["value"] = [*self._origin.get("value", ()), *details]

        for block in delta.get("thinking_blocks") or ():
            self._origin["field"] = "thinking_blocks"
            self._origin["value"] = _with_thinking(self._origin.get("value") or [], block)

    def complete(self) -> None:
        """Note that the server said that this was all."""
        self._complete = True

    def _feed_call(self, call: Mapping[str, Any]) -> None:
        function = call.get("function") or {}
        held = self._held(call.get("index"), call.get("id"), function.get("name"))
        held[0] = held[0] or call.get("id") or ""
        held[1] = held[1] or function.get("name") or ""
        held[3] = held[3] or _signature(call)
        arguments = function.get("arguments") or ""
        held[2] += arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)

    def _held(self, index: int | None, call_id: str | None, name: str | None) -> list[str]:
        """Return the call that a piece belongs to: some servers give no index, or the same one to every call."""
        at = self._positions.get(index) if index is not None else len(self._calls) - 1
        held = self._calls[at] if at is not None and at >= 0 else None
        begins = bool(name) and (call_id != held[0] if call_id else index is None) if held else True
        if held is None or (begins and held[1]):
            held = ["", "", "", ""]
            self._calls.append(held)
            if index is not None:
                self._positions[index] = len(self._calls) - 1
        return held

    def _enter(self, block: str, events: list[StreamEvent]) -> None:
        if self._block == block:
            return
        if self._block:
            events += self._leave()
        self._block = block
        events.append({"contentBlockStart": {"start": {}}})

    def _leave(self) -> list[StreamEvent]:
        """Return the events that end the open block; behind thoughts stands where they came from."""
        events: list[StreamEvent] = []
        if self._block == "reasoning" and "value" in self._origin and self._model_id is not None:
            origin: Any = {"origin": {**self._origin, "model": self._model_id}}
            events.append({"contentBlockDelta": {"delta": {"reasoningContent": origin}}})
        return [*events, {"contentBlockStop": {}}]

    def finish(self) -> list[StreamEvent]:
        """Return the events that end the reply.

        Raises:
            ModelUnavailableError: It broke off, or a tool's arguments are no JSON: none of its tools may run.
        """
        if self._finish is None and not self._complete:
            raise ModelUnavailableError(f"{self._provider} broke off in the middle of its reply.")
        truncated = self._finish == "length"
        calls = [Call(*held) for held in self._calls]
        events: list[StreamEvent] = self._leave() if self._block else []
        events += tool_events(calls, self._messages, self._provider, truncated=truncated)
        stop: Any = _STOP_REASONS.get(self._finish or "", "end_turn")
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
            written=usage.get("cache_creation_input_tokens", details.get("cache_write_tokens")),
            total=usage.get("total_tokens"),
            first=self._first,
        )


def _thought(content: Any) -> str:
    """Return the thoughts among parts of content, as Mistral sends them."""
    if not isinstance(content, list):
        return ""
    parts = [part for part in content if isinstance(part, Mapping) and part.get("type") == "thinking"]
    return "".join(_said(part.get("thinking")) for part in parts)


def _with_thinking(blocks: list[dict[str, Any]], piece: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Add a piece to thinking blocks, as LiteLLM streams those of Claude: text first, the signature at the end."""
    if piece.get("type") != "thinking" or not blocks or blocks[-1].get("signature"):
        return [*blocks, dict(piece)]
    last = blocks[-1]
    text = f"{last.get('thinking') or ''}{piece.get('thinking') or ''}"
    return [*blocks[:-1], {**last, "thinking": text, "signature": piece.get("signature") or ""}]


def _signature(call: Mapping[str, Any]) -> str:
    """Return the signature of the thought behind a call, as Gemini gives it in this format."""
    google = (call.get("extra_content") or {}).get("google") or {}
    return str(google.get("thought_signature") or "")


def _said(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, Mapping))
    return content or ""
