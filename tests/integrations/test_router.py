"""The router of strands-cli 0.3 in a FastAPI application, and its webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands.models.scripted import ScriptedModel
from strands_cli import Workflow
from strands_cli.errors import ExecutionError
from strands_cli.integrations.webhook_handler import GenericWebhookHandler, SlackWebhookHandler
from support.specs import solo

pytest.importorskip("fastapi")
from fastapi import FastAPI
from fastapi.testclient import TestClient

from strands_cli.integrations.fastapi_router import create_workflow_router

ASKING: dict[str, Any] = {
    "inputs": {"required": {"topic": "string"}},
    "pattern": {
        "type": "chain",
        "config": {"steps": [{"type": "hitl", "prompt": "Go on with {{ topic }}?"}, {"agent": "a", "input": "go"}]},
    },
}


@pytest.fixture(params=[False, True], ids=["the workflow's store", "a directory"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    spec = solo(1, **ASKING)
    spec["agents"] = {"a": {"prompt": "You do."}}
    workflow = Workflow.from_dict(spec, model=ScriptedModel(["done"]), store=tmp_path / "own")
    app = FastAPI()
    app.include_router(create_workflow_router(workflow, "/flows", tmp_path / "kept" if request.param else None))
    with TestClient(app) as client:
        yield client


def test_a_run_pauses_is_shown_resumed_and_deleted(client: TestClient) -> None:
    begun = client.post("/flows/execute", json={"variables": {"topic": "owls"}})
    assert begun.status_code == 200
    assert begun.json()["status"] == "paused"
    at = f"/flows/sessions/{begun.json()['session_id']}"
    assert [each["status"] for each in client.get("/flows/sessions", params={"status": "paused"}).json()] == ["paused"]
    assert client.get(at).json()["variables"] == {"topic": "owls"}
    ended = client.post(f"{at}/resume", json={"hitl_response": "yes"})
    assert ended.status_code == 200, ended.json()
    assert (ended.json()["status"], ended.json()["last_response"]) == ("completed", "done")
    assert client.post(f"{at}/resume", json={"hitl_response": "no"}).status_code == 409
    assert client.delete(at).status_code == 204
    assert client.get(at).status_code == 404


def test_what_is_wrong_is_told_and_nothing_runs(client: TestClient) -> None:
    missing = client.post("/flows/execute", json={"variables": {}})
    assert missing.status_code == 422
    assert "topic" in missing.json()["detail"]
    assert client.get("/flows/sessions").json() == []
    assert client.get("/flows/sessions", params={"limit": 1001}).status_code == 422
    assert client.post("/flows/sessions/none/resume", json={}).status_code == 404


class Hook:
    """A server that answers with the next of some status codes and keeps what it was sent."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.got: list[tuple[str, dict[str, Any]]] = []

    async def __aenter__(self) -> str:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/hook"

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        self.got.append((head, json.loads(await reader.readexactly(length))))
        code = self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]
        writer.write(f"HTTP/1.1 {code} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.mark.parametrize("codes", [(200,), (503, 200)], ids=["at once", "at the second try"])
def test_events_of_a_run_are_posted(codes: tuple[int, ...]) -> None:
    hook = Hook(*codes)

    async def run() -> None:
        async with hook as url:
            workflow = Workflow.from_dict(solo(1), model=ScriptedModel(["done"]))
            handler = GenericWebhookHandler(url=url, headers={"Authorization": "Bearer t"})
            workflow.on("workflow_complete")(handler)
            await workflow.run_async()

    asyncio.run(run())
    head, body = hook.got[-1]
    assert "Bearer t" in head
    assert (body["event_type"], body["data"]["response"]) == ("workflow_complete", "done")
    assert len(hook.got) == len(codes)


def test_a_webhook_that_nobody_takes_is_an_error_to_who_waits_for_it_and_none_to_the_run(caplog: Any) -> None:
    hook, events = Hook(400), list[Any]()

    async def run() -> str:
        async with hook as url:
            workflow = Workflow.from_dict(solo(1), model=ScriptedModel(["done"]))
            workflow.on("workflow_complete")(events.append)
            workflow.on("workflow_start")(SlackWebhookHandler(url))
            result = await workflow.run_async()
            with pytest.raises(ExecutionError, match="did not take a 'workflow_complete' event: it answered 400"):
                await SlackWebhookHandler(url).send(events[0])
            return result.status

    assert asyncio.run(run()) == "completed"
    assert "did not take a 'workflow_start' event" in caplog.text
    assert hook.got[0][1]["text"].startswith("*workflow_start*: ")
