"""An HTTP service with a secret, and a workflow of one agent that calls it."""

from __future__ import annotations

import json
from typing import Any

from strands import Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from support.small_server import Answer, Server

CANARY = "canary-7f3a9"


def echo(request: Any) -> Answer:
    """A service that tells all it was sent."""
    return 200, {"Content-Type": "application/json", "X-Echo": "1"}, json.dumps(dict(request.headers)).encode()


def service(server: Server, **more: Any) -> dict[str, Any]:
    executor = {"id": "api", "base_url": f"{server.url}/v1", "headers": {"Authorization": "Bearer ${TOKEN}"}, **more}
    return {
        "env": {"secrets": [{"name": "TOKEN", "source": "env", "key": "MY_TOKEN"}]},
        "tools": {"http_executors": [executor]},
    }


def called(spec: dict[str, Any], call: ToolCall, **more: Any) -> tuple[str, Any]:
    model = ScriptedModel([call, "done"])
    result = Workflow.from_dict(spec, model=model, **more).run()
    return str(model.requests[-1].messages[-1]["content"]), result
