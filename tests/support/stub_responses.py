"""A server that speaks OpenAI's Responses API as a stream of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.stub_http import Fault, Request, Say, StubServer, Use, _Handler

__all__ = ["Fault", "Say", "StubResponses", "Use"]

WHY = {"max_tokens": "max_output_tokens", "content_filtered": "content_filter"}


class StubResponses(StubServer):
    """`Say.extra`: "event_error" ends the stream with a failed response of that error code, "annotations" go with the
    text, "items" come before it, "phase" is that of its message.
    """

    base = "/v1"

    def write(self, http: _Handler, request: Request, say: Say) -> None:
        if request.path.endswith("/input_tokens"):
            http.send_json({"object": "response.input_tokens", "input_tokens": 321})
            return
        if not request.body.get("stream"):
            http.send_json(self.response(request, say))
            return
        parts = [
            b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json.dumps({**event, "sequence_number": n}).encode())
            for n, event in enumerate(self.events(request, say))
        ]
        http.stream("text/event-stream", parts, pause=say.chunk_delay, cut=say.cut)

    def events(self, request: Request, say: Say) -> Iterator[dict[str, Any]]:
        response = {"id": f"resp_{request.index}", "object": "response", "model": "stub", "output": []}
        yield {"type": "response.created", "response": {**response, "status": "in_progress"}}
        yield {"type": "response.in_progress", "response": {**response, "status": "in_progress"}}
        for index, (item, deltas) in enumerate(self.items(request, say)):
            yield {"type": "response.output_item.added", "output_index": index, "item": item}
            for kind, delta in deltas:
                yield {"type": f"response.{kind}.delta", "output_index": index, "item_id": item["id"], "delta": delta}
            for annotation in say.extra.get("annotations", ()) if item["type"] == "message" else ():
                yield {"type": "response.output_text.annotation.added", "annotation": annotation}
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        if "event_error" in say.extra:
            error = {"code": say.extra["event_error"], "message": "scripted fault"}
            yield {"type": "response.failed", "response": {**response, "status": "failed", "error": error}}
        if say.unfinished or "event_error" in say.extra:
            return
        why = WHY.get(say.reason)
        status = "incomplete" if why else "completed"
        details = {"incomplete_details": {"reason": why}} if why else {}
        usage = {} if say.usage is None else {"usage": _usage(say.usage)}
        yield {"type": f"response.{status}", "response": {**response, "status": status, **details, **usage}}

    def response(self, request: Request, say: Say) -> dict[str, Any]:
        text = {"type": "output_text", "text": say.text, "annotations": []}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
        answer = {"id": f"resp_{request.index}", "object": "response", "model": "stub", "created_at": int(request.at)}
        return {**answer, "status": "completed", "output": [message]}

    def items(self, request: Request, say: Say) -> Iterator[tuple[dict[str, Any], list[tuple[str, str]]]]:
        if say.reasoning:
            yield {"id": "rs_1", "type": "reasoning"}, [("reasoning_summary_text", say.reasoning)]
        yield from ((item, []) for item in say.extra.get("items", ()))
        if say.text:
            phase = {"phase": say.extra["phase"]} if "phase" in say.extra else {}
            yield {"id": "msg_1", "type": "message", **phase}, [("output_text", text) for text in say.chunks()]
        for number, use in enumerate(say.tools):
            call_id = use.id or f"call_{request.index}_{number}"
            item = {"id": f"fc_{number}", "type": "function_call", "call_id": call_id, "name": use.name}
            middle = len(use.arguments) // 2
            pieces = (use.arguments[:middle], use.arguments[middle:])
            yield item, [("function_call_arguments", piece) for piece in pieces]


def _usage(usage: tuple[int, int]) -> dict[str, Any]:
    return {"input_tokens": usage[0], "output_tokens": usage[1], "total_tokens": sum(usage)}
