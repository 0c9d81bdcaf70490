"""Replies in OpenAI's chat completions format: chunks in, events out."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands.types.exceptions import ModelUnavailableError

from ._content import Call, metadata, tool_events
from ._errors import from_event

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent

_THOUGHTS = ("reasoning_content", "reasoning")
"""Names by which servers send what a model thought; OpenRouter sends `reasoning_details` beside."""
_STOP_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "content_filtered",
    "model_context_window_exceeded": "max_tokens",
    "model_length": "max_tokens",
    "safety": "content_filtered",
    "sensitive": "content_filtered",
}
SIGNED = "__thought__"
"""What LiteLLM puts between the id of a call and the signature of the thought behind it."""
_FAILED = frozenset({"error", "network_error", "insufficient_system_resource", "abort"})
"""Reasons by which servers say that they, not the model, ended a reply."""


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
        self._begun = False
        self._block = ""
        self._calls: list[list[str]] = []
        self._positions: dict[int, int] = {}
        self._finish: str | None = None
        self._usage: Mapping[str, Any] = {}
        self._sources: list[Any] = []  # beside the reply, and the same with each chunk
        self._cited = False

    def feed(self, chunk: Mapping[str, Any]) -> list[StreamEvent]:
        """Return the events of one chunk."""
        events: list[StreamEvent] = []
        if not self._begun:
            self._begun = True
            events.append({"messageStart": {"role": "assistant"}})
        usage = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")
        if usage:
            self._usage = usage
            self._complete = self._complete or not chunk.get("choices")
        self._sources = chunk.get("search_results") or chunk.get("citations") or self._sources
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
        audio = delta.get("audio")
        spoken = audio.get("transcript") if isinstance(audio, Mapping) else None
        text = _said(delta.get("content") or delta.get("refusal") or spoken)
        if text:
            self._enter("text", events)
            events.append({"contentBlockDelta": {"delta": {"text": text}}})
        for annotation in delta.get("annotations") or ():
            self._cite(annotation.get("url_citation") or annotation.get("file") or annotation, events)
        for picture in delta.get("images") or ():
            self._show(str((picture.get("image_url") or {}).get("url") or ""), events)
        for call in delta.get("tool_calls") or ():
            self._feed_call(call)

    def _feed_thoughts(self, delta: Mapping[str, Any], events: list[StreamEvent]) -> None:
        field = next((name for name in _THOUGHTS if isinstance(delta.get(name), str) and delta[name]), None)
        text = delta[field] if field is not None else _thought(delta.get("content"))
        if text:
            self._enter("reasoning", events)
            said: Any = {"text": text}
            if field is None:
                self._origin["field"] = "content"
                before = self._origin["value"][0]["thinking"][0]["text"] if "value" in self._origin else ""
                thinking = [{"type": "text", "text": before + text}]
                self._origin["value"] = [{"type": "thinking", "thinking": thinking}]
            if field is not None and not self._origin and self._model_id is not None:
                self._origin["field"] = field
                said["origin"] = {"field": field, "model": self._model_id}
            events.append({"contentBlockDelta": {"delta": {"reasoningContent": said}}})
        details = delta.get("reasoning_details")
        if isinstance(details, list) and details:
            self._enter("reasoning", events)
            self._origin["field"] = "reasoning_details"
            self._origin["value"] = _with_details(self._origin.get("value") or [], details)
        for block in delta.get("thinking_blocks") or ():
            self._enter("reasoning", events)
            self._origin["field"] = "thinking_blocks"
            self._origin["value"] = _with_thinking(self._origin.get("value") or [], block)

    def _cite(self, source: Mapping[str, Any], events: list[StreamEvent]) -> None:
        text = source.get("content") if isinstance(source.get("content"), str) else None
        url = source.get("url") or ""
        citation: Any = {
            "title": source.get("title") or source.get("filename") or source.get("name") or "",
            "location": {"web": {"url": url, "domain": url.partition("//")[2].partition("/")[0]}},
            "sourceContent": [{"text": text}] if text else [],
        }
        self._cited = True
        self._enter("text", events)
        events.append({"contentBlockDelta": {"delta": {"citation": citation}}})

    def _show(self, url: str, events: list[StreamEvent]) -> None:
        kind, _, data = url.partition(";base64,")
        if not data:
            self._enter("text", events)
            events.append({"contentBlockDelta": {"delta": {"text": f"(A picture: {url})"}}})
            return
        events += self._leave() if self._block else []
        self._block = ""
        start: Any = {"image": {"format": kind.rpartition("/")[2]}}
        delta: Any = {"image": {"source": {"bytes": b64decode(data)}}}
        events.append({"contentBlockStart": {"start": start}})
        events += [{"contentBlockDelta": {"delta": delta}}, {"contentBlockStop": {}}]

    def complete(self) -> None:
        """Note that the server said that this was all."""
        self._complete = True

    def _feed_call(self, call: Mapping[str, Any]) -> None:
        function = call.get("function") or {}
        call_id = str(call.get("id") or "").partition(SIGNED)[0]
        held = self._held(call.get("index"), call_id, function.get("name"))
        held[0] = held[0] or call_id
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
            ModelUnavailableError: It broke off.
        """
        if self._finish is None and not self._complete:
            raise ModelUnavailableError(f"{self._provider} broke off in the middle of its reply.")
        reason = (self._finish or "").lower()
        if reason in _FAILED:
            raise ModelUnavailableError(f"{self._provider} broke off in the middle of its reply: {self._finish}.")
        stop: Any = _STOP_REASONS.get(reason, "end_turn")
        truncated = stop == "max_tokens"
        calls = [Call(*held) for held in self._calls]
        events: list[StreamEvent] = []
        for source in self._sources if not self._cited else ():
            self._cite(source if isinstance(source, Mapping) else {"url": str(source)}, events)
        events += self._leave() if self._block else []
        events += tool_events(calls, self._messages, truncated=truncated)
        if stop in ("end_turn", "tool_use"):
            # Some servers say "stop" after tool calls, and "tool_calls" without any.
            stop = "tool_use" if calls else "end_turn"
        events.append({"messageStop": {"stopReason": stop}})
        if self._usage:
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
        )


def _thought(content: Any) -> str:
    """Return the thoughts among parts of content, as Mistral sends them."""
    if not isinstance(content, list):
        return ""
    parts = [part for part in content if isinstance(part, Mapping) and part.get("type") == "thinking"]
    return "".join(_said(part.get("thinking")) for part in parts)


def _with_details(details: list[dict[str, Any]], pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add pieces to reasoning details, as OpenRouter streams them: those of one text are one again."""
    found = list(details)
    for piece in pieces:
        last = found[-1] if found else {}
        name = {"reasoning.text": "text", "reasoning.summary": "summary"}.get(str(piece.get("type")), "")
        same = bool(name) and last.get("type") == piece.get("type") and last.get("index") == piece.get("index")
        if not same or last.get("signature"):
            found.append(dict(piece))
            continue
        text = f"{last.get(name) or ''}{piece.get(name) or ''}"
        found[-1] = {**last, **{key: value for key, value in piece.items() if value is not None}, name: text}
    return found


def _with_thinking(blocks: list[dict[str, Any]], piece: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Add a piece to thinking blocks, as LiteLLM streams those of Claude: text first, the signature at the end."""
    if piece.get("type") != "thinking" or not blocks or blocks[-1].get("signature"):
        return [*blocks, dict(piece)]
    last = blocks[-1]
    text = f"{last.get('thinking') or ''}{piece.get('thinking') or ''}"
    return [*blocks[:-1], {**last, "thinking": text, "signature": piece.get("signature") or ""}]


def _signature(call: Mapping[str, Any]) -> str:
    """Return the signature of the thought behind a call, as Gemini gives it in this format, and LiteLLM in its own."""
    google = (call.get("extra_content") or {}).get("google") or {}
    own = call.get("provider_specific_fields") or {}
    in_id = str(call.get("id") or "").partition(SIGNED)[2]
    return str(google.get("thought_signature") or own.get("thought_signature") or in_id)


def _said(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, Mapping))
    return content or ""
