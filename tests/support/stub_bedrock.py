"""A server that speaks Bedrock's Converse API: JSON, and the binary event stream of AWS."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from support.stub_http import Fault, Request, Say, StubServer, Use, _Handler

__all__ = ["Fault", "Say", "StubBedrock", "Use"]


class StubBedrock(StubServer):
    """Give `stub.url` to a boto3 client as its `endpoint_url`.

    `Say.extra["event_error"]` ends the stream with an exception event of that type; `Say.extra["corrupt"]` spoils a
    checksum; "half_frame" cuts the last message; "trace" goes with the metadata; "content" are more blocks of a reply
    in one piece; "blocks" are more blocks of a stream, each its start and its deltas.
    """

    def write(self, http: _Handler, request: Request, say: Say) -> None:
        if request.path.endswith("/count-tokens"):
            http.send_json({"inputTokens": 321})
            return
        if request.path.endswith("/converse"):
            http.send_json(self.response(request, say))
            return
        frames = [frame("event", name, body) for name, body in self.events(request, say)]
        if "event_error" in say.extra:
            frames.append(frame("exception", say.extra["event_error"], {"message": "scripted fault"}))
        if say.extra.get("corrupt"):
            frames[-1] = frames[-1][:-1] + b"\0"
        if say.extra.get("half_frame"):
            frames[-1] = frames[-1][:9]
        http.stream("application/vnd.amazon.eventstream", frames, pause=say.chunk_delay, cut=say.cut)

    def fail(self, http: _Handler, request: Request, fault: Fault) -> None:
        typed = Fault(fault.status, headers={"x-amzn-ErrorType": fault.kind, **fault.headers})
        http.send_json({"message": fault.message}, typed)

    def events(self, request: Request, say: Say) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "messageStart", {"role": "assistant"}
        index = 0
        for start, deltas in say.extra.get("blocks", ()):
            yield "contentBlockStart", {"start": start, "contentBlockIndex": index}
            for piece in deltas:
                yield "contentBlockDelta", {"delta": piece, "contentBlockIndex": index}
            yield "contentBlockStop", {"contentBlockIndex": index}
            index += 1
        for delta in self.deltas(say):
            for piece in delta:
                yield "contentBlockDelta", {"delta": piece, "contentBlockIndex": index}
            yield "contentBlockStop", {"contentBlockIndex": index}
            index += 1
        for number, use in enumerate(say.tools, start=index):
            start = {"toolUse": {"toolUseId": use.id or f"tooluse_{request.index}_{number}", "name": use.name}}
            yield "contentBlockStart", {"start": start, "contentBlockIndex": number}
            middle = len(use.arguments) // 2
            for text in (use.arguments[:middle], use.arguments[middle:]):
                yield "contentBlockDelta", {"delta": {"toolUse": {"input": text}}, "contentBlockIndex": number}
            yield "contentBlockStop", {"contentBlockIndex": number}
        if say.unfinished or "event_error" in say.extra:
            return
        yield "messageStop", {"stopReason": say.reason}
        if say.usage is not None:
            trace = {"trace": say.extra["trace"]} if "trace" in say.extra else {}
            yield "metadata", {"usage": _usage(say.usage), "metrics": {"latencyMs": 5}, **trace}

    def deltas(self, say: Say) -> Iterator[list[dict[str, Any]]]:
        if say.reasoning:
            signature = say.extra.get("signature", "signed")
            yield [{"reasoningContent": {"text": say.reasoning}}, {"reasoningContent": {"signature": signature}}]
        if say.text:
            yield [{"text": text} for text in say.chunks()]

    def response(self, request: Request, say: Say) -> dict[str, Any]:
        content: list[dict[str, Any]] = [*say.extra.get("content", ()), *([{"text": say.text}] if say.text else [])]
        content += [
            {"toolUse": {"toolUseId": use.id or f"tooluse_{request.index}_{n}", "name": use.name, "input": use.input}}
            for n, use in enumerate(say.tools)
        ]
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": say.reason,
            "usage": _usage(say.usage or (0, 0)),
            "metrics": {"latencyMs": 5},
            **({"trace": say.extra["trace"]} if "trace" in say.extra else {}),
        }


def frame(kind: str, name: str, body: dict[str, Any]) -> bytes:
    """Return one message of the event stream: prelude, headers, payload, two checksums."""
    payload = json.dumps(body).encode()
    headers = b"".join(
        _header(key, value)
        for key, value in ((":message-type", kind), (f":{kind}-type", name), (":content-type", "application/json"))
    )
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()


def _usage(usage: tuple[int, int]) -> dict[str, int]:
    return {"inputTokens": usage[0], "outputTokens": usage[1], "totalTokens": sum(usage)}
