"""A server that speaks Ollama's chat API as newline-delimited JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.stub_http import Fault, Request, Say, StubServer, Use, _Handler

__all__ = ["Fault", "Say", "StubOllama", "Use"]


class StubOllama(StubServer):
    """`Say.extra["event_error"]` ends the stream with an error line."""

    def write(self, http: _Handler, request: Request, say: Say) -> None:
        lines = [json.dumps(chunk).encode() + b"\n" for chunk in self.chunks(request, say)]
        http.stream("application/x-ndjson", lines, pause=say.chunk_delay, cut=say.cut)

    def fail(self, http: _Handler, request: Request, fault: Fault) -> None:
        http.send_json({"error": fault.message}, fault)

    def chunks(self, request: Request, say: Say) -> Iterator[dict[str, Any]]:
        def chunk(message: dict[str, Any], **rest: Any) -> dict[str, Any]:
            said = {"role": "assistant", "content": "", **message}
            about = {"model": request.body.get("model", "stub"), "created_at": "2026-01-01T00:00:00Z"}
            return {**about, "message": said, "done": False, **rest}

        if say.reasoning:
            yield chunk({"thinking": say.reasoning})
        for text in say.chunks():
            yield chunk({"content": text})
        for use in say.tools:
            yield chunk({"tool_calls": [{"function": {"name": use.name, "arguments": dict(use.input)}}]})
        if "event_error" in say.extra:
            yield {"error": say.extra["event_error"]}
        if say.unfinished or "event_error" in say.extra:
            return
        usage = {} if say.usage is None else {"prompt_eval_count": say.usage[0], "eval_count": say.usage[1]}
        reason = "length" if say.reason == "max_tokens" else "stop"
        yield chunk({}, done=True, done_reason=reason, total_duration=5_000_000, **usage)
