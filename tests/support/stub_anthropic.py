"""A server that speaks Anthropic's Messages API as a stream of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.stub_http import Fault, Request, Say, StubServer, Use, _Handler

__all__ = ["Fault", "Say", "StubAnthropic", "Use"]

STOP = {"content_filtered": "refusal"}


class StubAnthropic(StubServer):
    """`Say.extra`: "redacted" adds a redacted thinking block, "event_error" ends the stream with that error type,
    "blocks" are more (block, deltas), "usage" is merged into the first event's.
    """

    def write(self, http: _Handler, request: Request, say: Say) -> None:
        if request.path.partition("?")[0].endswith("/count_tokens"):
            http.send_json({"input_tokens": 321})
            return
        events = [b"event: %s\ndata: %s\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in self.events(say)]
        http.stream("text/event-stream", [b"event: ping\ndata: {}\n\n", *events], pause=say.chunk_delay, cut=say.cut)

    def fail(self, http: _Handler, request: Request, fault: Fault) -> None:
        kind = fault.kind or "api_error"
        http.send_json({"type": "error", "error": {"type": kind, "message": fault.message}}, fault)

    def events(self, say: Say) -> Iterator[dict[str, Any]]:
        tokens_in, tokens_out = say.usage or (0, 0)
        usage = {"input_tokens": tokens_in, "output_tokens": 1, "cache_read_input_tokens": say.extra.get("cached", 0)}
        usage.update(say.extra.get("usage", {}))
        message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "claude"}
        yield {"type": "message_start", "message": {**message, "usage": usage}}
        for index, (block, deltas) in enumerate(self.blocks(say)):
            yield {"type": "content_block_start", "index": index, "content_block": block}
            for delta in deltas:
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        if "event_error" in say.extra:
            yield {"type": "error", "error": {"type": say.extra["event_error"], "message": "scripted fault"}}
        if say.unfinished or "event_error" in say.extra:
            return
        stop = {"stop_reason": STOP.get(say.reason, say.reason), "stop_sequence": None}
        yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": tokens_out}}
        yield {"type": "message_stop"}

    def blocks(self, say: Say) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        if say.reasoning:
            thinking = [{"type": "thinking_delta", "thinking": say.reasoning}]
            signed = [{"type": "signature_delta", "signature": "signed"}]
            yield {"type": "thinking", "thinking": "", "signature": ""}, thinking + signed
        if "redacted" in say.extra:
            yield {"type": "redacted_thinking", "data": say.extra["redacted"]}, []
        yield from say.extra.get("blocks", ())
        if say.text:
            yield {"type": "text", "text": ""}, [{"type": "text_delta", "text": text} for text in say.chunks()]
        for number, use in enumerate(say.tools):
            middle = len(use.arguments) // 2
            pieces = ["", use.arguments[:middle], use.arguments[middle:]]
            block = {"type": "tool_use", "id": use.id or f"toolu_{number}", "name": use.name, "input": {}}
            yield block, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
