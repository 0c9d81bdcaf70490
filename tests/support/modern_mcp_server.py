"""An MCP server of protocol 2026-07-28 that needs an answer before a call can end: `modern_mcp_server.py LOG`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

LOG = Path(sys.argv[1])
FORM = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}
QUESTION = {"mode": "form", "message": "Sure?", "requestedSchema": FORM}
CACHE = {"resultType": "complete", "ttlMs": 0, "cacheScope": "public"}
TOOL = {"name": "act", "inputSchema": {"type": "object", "properties": {}}}


def called(params: dict[str, Any]) -> dict[str, Any]:
    answers = params.get("inputResponses")
    with LOG.open("a", encoding="utf-8") as log:
        log.write(json.dumps([answers, params.get("requestState")]) + "\n")
    if not answers:
        request = {"method": "elicitation/create", "params": QUESTION}
        return {"resultType": "input_required", "inputRequests": {"q": request}, "requestState": "sealed"}
    text = f"{answers['q']['action']} {params['requestState']}"
    return {"resultType": "complete", "content": [{"type": "text", "text": text}], "isError": False}


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        answer: dict[str, Any] = {"error": {"code": -32601, "message": "Method not found"}}
        if message.get("method") == "server/discover":
            offers = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
            answer = {"result": {**CACHE, **offers}}
        elif message.get("method") == "tools/list":
            answer = {"result": {**CACHE, "tools": [TOOL]}}
        elif message.get("method") == "tools/call":
            answer = {"result": called(message["params"])}
        if message.get("id") is not None:
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)


if __name__ == "__main__":
    main()
