"""A server that speaks Gemini's streamGenerateContent as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.stub_http import Fault, Request, Say, StubServer, Use, _Handler

__all__ = ["Fault", "Say", "StubGemini", "Use"]

FINISH = {
    "end_turn": "STOP",
    "tool_use": "STOP",
    "stop_sequence": "STOP",
    "max_tokens": "MAX_TOKENS",
    "content_filtered": "PROHIBITED_CONTENT",
}


class StubGemini(StubServer):
    """`Say.extra`: "finish" is another finish reason, "grounding" what the text rests on,
    "signature" goes with each function call (base64), "parts" are more parts, "counts" is another usage.
    """

    def write(self, http: _Handler, request: Request, say: Say) -> None:
        if request.path.partition("?")[0].endswith(":countTokens"):
            http.send_json({"totalTokens": 321})
            return
        if request.path.partition("?")[0].endswith(":generateContent"):
            http.send_json(self.whole(say))
            return
        parts = [b"data: %s\r\n\r\n" % json.dumps(chunk).encode() for chunk in self.chunks(say)]
        http.stream("text/event-stream", parts, pause=say.chunk_delay, cut=say.cut)

    def fail(self, http: _Handler, request: Request, fault: Fault) -> None:
        status = fault.kind or "INTERNAL"
        http.send_json({"error": {"code": fault.status, "message": fault.message, "status": status}}, fault)

    def whole(self, say: Say) -> dict[str, Any]:
        content = {"role": "model", "parts": list(self.parts(say))}
        *_, last = self.chunks(say)
        return {**last, "candidates": [{**last["candidates"][0], "content": content}]}

    def chunks(self, say: Say) -> Iterator[dict[str, Any]]:
        for part in self.parts(say):
            yield {"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]}
        if say.unfinished:
            return
        last: dict[str, Any] = {
            "candidates": [{"index": 0, "finishReason": say.extra.get("finish", FINISH[say.reason])}],
            "modelVersion": "stub",
        }
        if "grounding" in say.extra:
            last["candidates"][0]["groundingMetadata"] = say.extra["grounding"]
        if say.usage is not None:
            total = sum(say.usage)
            counts = {"promptTokenCount": say.usage[0], "candidatesTokenCount": say.usage[1], "totalTokenCount": total}
            last["usageMetadata"] = say.extra.get("counts", counts)
        yield last

    def parts(self, say: Say) -> Iterator[dict[str, Any]]:
        if say.reasoning:
            yield {"text": say.reasoning, "thought": True}
        for text in say.chunks():
            yield {"text": text}
        yield from say.extra.get("parts", ())
        for use in say.tools:
            call = {"name": use.name, "args": dict(use.input), **({"id": use.id} if use.id else {})}
            signature = say.extra.get("signature")
            yield {"functionCall": call, **({"thoughtSignature": signature} if signature else {})}
