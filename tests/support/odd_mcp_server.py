"""MCP servers that behave oddly, written by hand over standard streams: `python -m support.odd_mcp_server KIND [LOG]`.

They speak protocol 2025-11-25, and serve one message at a time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

KIND = sys.argv[1]
LOG = Path(sys.argv[2] if len(sys.argv) > 2 else os.devnull)
OBJECT = {"type": "object", "properties": {}}
FORM = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}


def note(line: str) -> None:
    with LOG.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def send(**message: Any) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def receive() -> dict[str, Any]:
    line = sys.stdin.readline()
    if not line:
        if KIND.startswith("stubborn"):
            time.sleep(600)
        sys.exit(0)
    found: dict[str, Any] = json.loads(line)
    return found


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]}


def tools(cursor: str | None) -> dict[str, Any]:
    names = [f"act_{os.getpid()}"] if KIND == "meets" else NAMES.get(KIND, ["act", "other"])
    named: list[dict[str, Any]] = [{"name": name, "inputSchema": OBJECT} for name in names]
    if KIND == "circle":
        return {"tools": [named[0]] if cursor is None else [], "nextCursor": "again"}
    if KIND == "odd-names":
        named[2]["inputSchema"] = {"type": "string"}
        named[3]["execution"] = {"taskSupport": "required"}
    if KIND == "changing" and LOG.exists() and "call act" in LOG.read_text():
        named = [{"name": "new", "inputSchema": OBJECT}]
    return {"tools": named}


NAMES = {
    "odd-names": ["files.read/all", "x" * 90, "no-object", "a-task", "files_read_all"],
    "calculator": ["calculator"],
}


def file(kind: str, data: str) -> dict[str, Any]:
    return {"type": "resource", "resource": {"uri": "file:///x", "mimeType": kind, "blob": data}}


CONTENTS = [
    {"type": "image", "mimeType": "image/jpg", "data": "QUJD"},
    {"type": "image", "mimeType": "IMAGE/PNG; q=1", "data": "QUJD\nQUJD"},
    {"type": "image", "mimeType": "image/png", "data": "this is no picture"},
    file("application/problem+json", "e30="),
    file("application/yaml", "YTogMQ=="),
    file("application/pdf", "JVBERg=="),
    file("application/zip", "QUJD"),
    {"type": "resource_link", "uri": "file:///x", "name": "x"},
    {"type": "audio", "mimeType": "audio/wav", "data": "QUJD"},
]
CUT_EMOJI = b'{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"\xf0\x9f"}]}}\n'


def called(id: Any, name: str) -> None:
    note(f"call {name}")
    if KIND == "asks":
        note(f"asks {name}")
        send(id=f"q-{id}", method="elicitation/create", params={"message": f"{name}?", "requestedSchema": FORM})
        while (answer := receive()).get("id") != f"q-{id}":
            WAITING.append(answer)
        action = answer["result"]["action"]
        note(f"{name}: {action}")
        send(id=id, result=text(f"{name}: {action}"))
    elif KIND == "bad-byte" and name == "act":
        sys.stdout.buffer.write(CUT_EMOJI % id)
        sys.stdout.flush()
    elif KIND == "dies" and name == "act":
        os._exit(3)
    elif KIND == "url" and LOG.read_text().count("call") == 1:
        address = {"mode": "url", "message": "Sign in", "url": "https://login.example.com/x", "elicitationId": "1"}
        send(id=id, error={"code": -32042, "message": "Sign in first", "data": {"elicitations": [address]}})
    elif KIND == "hangs":
        pass
    elif KIND == "contents":
        send(id=id, result={"content": [*CONTENTS, {"type": "text", "text": "the rest"}]})
    else:
        if KIND == "changing":
            send(method="notifications/tools/list_changed")
        send(id=id, result=text(f"{name} done"))


WAITING: list[dict[str, Any]] = []


def serve() -> None:
    while True:
        message = WAITING.pop(0) if WAITING else receive()
        method, id = message.get("method"), message.get("id")
        if method == "initialize":
            while KIND == "meets" and LOG.read_text().count("process") < 10:
                time.sleep(0.02)
            info = {"name": KIND, "version": "1"}
            offers: dict[str, Any] = {} if KIND == "no-tools" else {"tools": {"listChanged": True}}
            send(id=id, result={"protocolVersion": "2025-11-25", "capabilities": offers, "serverInfo": info})
        elif method == "tools/list":
            note("list")
            if not KIND.endswith("mute"):
                send(id=id, result=tools((message.get("params") or {}).get("cursor")))
        elif method == "tools/call":
            called(id, message["params"]["name"])
        elif id is not None and method is not None:
            send(id=id, error={"code": -32601, "message": "Method not found"})


if __name__ == "__main__":
    note(f"process {os.getpid()}\nNAME={os.environ.get('NAME')}")
    if KIND == "loud":
        sys.stderr.write("\x1b[31mred\x1b]52;c;aGk=\x07\nsecond\n")
        sys.stderr.flush()
    if KIND.startswith("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve()
