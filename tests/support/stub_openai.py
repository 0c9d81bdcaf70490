"""A server that speaks OpenAI's chat completions, as JSON and as a stream.

    with StubOpenAI(["Hello", Use("search", {"q": "x"}), Fault(429, headers={"Retry-After": "2"})]) as stub:
        OpenAIModel(client_args={"base_url": stub.url, "api_key": "none"}, model_id="gpt-4o-mini")

As a process of its own: `python -m support.stub_openai --port-file PORT --log REQUESTS [--script FILE]`. The file is
JSON: a list of replies (texts, or the fields of `Say`), or an object from a piece of the prompt to its reply.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from support.stub_http import Fault, Request, Say, Script, StubServer, Use, _Handler

__all__ = ["Fault", "Request", "Say", "StubOpenAI", "Use"]

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "content_filtered": "content_filter",
}


class StubOpenAI(StubServer):
    """See the module. `Say.extra["raw"]` is sent before the first event; "chunks" stand in place of its own."""

    base = "/v1"

    def write(self, http: _Handler, request: Request, say: Say) -> None:
        if request.path.split("?")[0] != "/v1/chat/completions":
            http.send_json({}, Fault(404, body={"error": {"message": f"no such path: {request.path}"}}))
        elif request.body.get("stream"):
            parts = (b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in self.chunks(request, say))
            ending = [] if say.unfinished else [b"data: [DONE]\n\n"]
            between = say.extra.get("raw", b"")
            sent = chain(filter(None, [between]), parts, ending)  # as they come: a test may hold them back
            http.stream("text/event-stream", sent, pause=say.chunk_delay, cut=say.cut)
        else:
            http.send_json(self.completion(request, say))

    def chunks(self, request: Request, say: Say) -> Iterator[dict[str, Any]]:
        def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            choices = [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
            return {**_envelope(request), "object": "chat.completion.chunk", "choices": choices}

        if "chunks" in say.extra:
            yield from say.extra["chunks"]
            return
        yield chunk({"role": "assistant", "content": ""})
        if say.reasoning:
            yield chunk({"reasoning_content": say.reasoning})
        for text in say.chunks():
            yield chunk({"content": text})
        for index, call in enumerate(_calls(request, say)):
            arguments = call["function"]["arguments"]
            head = {**call, "index": index, "function": {"name": call["function"]["name"], "arguments": ""}}
            yield chunk({"tool_calls": [head]})
            middle = len(arguments) // 2
            for piece in filter(None, (arguments[:middle], arguments[middle:])):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        if say.unfinished:
            return
        yield chunk({}, FINISH[say.reason])
        asked = (request.body.get("stream_options") or {}).get("include_usage")
        if asked and say.usage is not None:
            yield {**chunk({}), "choices": [], "usage": _usage(say.usage)}

    def completion(self, request: Request, say: Say) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": say.text or None}
        if say.reasoning:
            message["reasoning_content"] = say.reasoning
        if say.tools:
            message["tool_calls"] = _calls(request, say)
        body = {**_envelope(request), "object": "chat.completion"}
        body["choices"] = [{"index": 0, "message": message, "finish_reason": FINISH[say.reason], "logprobs": None}]
        return body if say.usage is None else {**body, "usage": _usage(say.usage)}


def _envelope(request: Request) -> dict[str, Any]:
    return {"id": f"chatcmpl-{request.index}", "created": int(request.at), "model": request.body.get("model", "stub")}


def _calls(request: Request, say: Say) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{request.index}_{index}" if use.id is None else use.id,
            "type": "function",
            "function": {"name": use.name, "arguments": use.arguments},
        }
        for index, use in enumerate(say.tools)
    ]


def _usage(usage: tuple[int, int]) -> dict[str, Any]:
    return {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}


def _script(path: str | None) -> Script | None:
    if path is None:
        return None
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    if isinstance(content, list):
        return content
    return lambda request: next(
        (reply for piece, reply in content.items() if piece in request.prompt), f"Reply to: {request.prompt[:200]}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--log")
    parser.add_argument("--script")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each reply")
    options = parser.parse_args()
    script = _script(options.script)
    with StubOpenAI(script, log=options.log, port=options.port) as stub:
        stub.delay = options.delay
        target = Path(options.port_file)
        half = target.with_suffix(".half")
        half.write_text(str(stub.port), encoding="utf-8")
        half.replace(target)
        threading.Event().wait()


if __name__ == "__main__":
    main()
