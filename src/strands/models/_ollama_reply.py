"""Ollama's replies as events."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from strands.types.exceptions import ModelUnavailableError

from ._content import metadata

if TYPE_CHECKING:
    from strands.types.streaming import StreamEvent


def format_chunk(event: Mapping[str, Any], model_id: str) -> StreamEvent:
    """Return the event for a piece of a reply; see `OllamaModel.format_chunk`."""
    kind, data = event["chunk_type"], event.get("data")
    if kind == "content_delta":
        return {"contentBlockDelta": {"delta": _delta(str(event.get("data_type")), data, model_id)}}
    if kind == "message_start":
        return {"messageStart": {"role": "assistant"}}
    if kind == "content_start":
        use = event.get("data_type") == "tool"
        start: Any = {"toolUse": {"toolUseId": f"tooluse_{uuid4().hex[:24]}", "name": _called(data)}} if use else {}
        return {"contentBlockStart": {"start": start}}
    if kind == "content_stop":
        return {"contentBlockStop": {}}
    if kind == "message_stop":
        stop: Any = {"tool_use": "tool_use", "length": "max_tokens"}.get(str(data), "end_turn")
        return {"messageStop": {"stopReason": stop}}
    if kind == "metadata":
        took = _number(data, "total_duration") / 1e9
        return metadata(_number(data, "prompt_eval_count"), _number(data, "eval_count"), took)
    raise RuntimeError(f"Ollama's replies have no pieces of the chunk_type {kind!r}")


class OllamaReply:
    """Takes the chunks of one reply.

    Args:
        form: Makes the event for a piece of it; see `OllamaModel.format_chunk`.
        provider: Whom to name in an error.
    """

    def __init__(self, form: Callable[[Mapping[str, Any]], StreamEvent], provider: str) -> None:
        self._form = form
        self._provider = provider
        self._started = time.perf_counter()
        self._begun = False
        self._block = ""
        self._calls: list[Any] = []
        self._last: Any = None

    def feed(self, chunk: Any) -> list[StreamEvent]:
        """Return the events of one chunk."""
        events: list[StreamEvent] = []
        if not self._begun:
            self._begun = True
            events.append(self._form({"chunk_type": "message_start"}))
        message = chunk.message
        for block, text in (("reasoning", getattr(message, "thinking", None)), ("text", message.content)):
            if text and isinstance(text, str):
                if self._block != block:
                    events += self._end()
                    events.append(self._form({"chunk_type": "content_start", "data_type": block}))
                self._block = block
                events.append(self._form({"chunk_type": "content_delta", "data_type": block, "data": text}))
        if message.tool_calls and isinstance(message.tool_calls, Sequence):
            self._calls += message.tool_calls
        if chunk.done:
            self._last = chunk
        return events

    def finish(self) -> list[StreamEvent]:
        """Return what follows the last chunk.

        Raises:
            ModelUnavailableError: The reply broke off.
        """
        last = self._last
        if last is None:
            raise ModelUnavailableError(f"{self._provider} broke off in the middle of its reply.")
        events = self._end()
        for call in self._calls:
            events += [
                self._form({"chunk_type": "content_start", "data_type": "tool", "data": call}),
                self._form({"chunk_type": "content_delta", "data_type": "tool", "data": call}),
                self._form({"chunk_type": "content_stop", "data_type": "tool"}),
            ]
        reason = "tool_use" if self._calls and last.done_reason != "length" else last.done_reason
        events.append(self._form({"chunk_type": "message_stop", "data": reason}))
        counted: Any = self._form({"chunk_type": "metadata", "data": last})
        metrics = counted.get("metadata", {}).get("metrics", {})
        if not metrics.get("latencyMs"):
            metrics["latencyMs"] = int((time.perf_counter() - self._started) * 1000)
        return [*events, counted]

    def _end(self) -> list[StreamEvent]:
        return [self._form({"chunk_type": "content_stop", "data_type": self._block})] if self._block else []


def _delta(kind: str, data: Any, model_id: str) -> Any:
    if kind == "tool":
        return {"toolUse": {"input": json.dumps(data.function.arguments or {})}}
    if kind == "reasoning":
        return {"reasoningContent": {"text": data, "origin": {"field": "thinking", "model": model_id}}}
    return {"text": data}


def _called(call: Any) -> str:
    return str(call.function.name)


def _number(reply: Any, name: str) -> int:
    value = getattr(reply, name, None)
    return value if isinstance(value, int) else 0
