"""A server that only rehearses: it says so on every page, calls nobody, and leaves real sessions alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import SessionError
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.tokens import SCOPES, Tokens
from strands_cli.session.repository import FileSessionRepository
from strands_cli.web.app import create_app
from strands_cli.web.settings import ServerSettings
from support.specs import solo
from support.web_server import until

ORIGIN = "http://127.0.0.1:8765"
CHARGED: list[int] = []


@tool
def charge(amount: int) -> str:
    """Charge a card."""
    CHARGED.append(amount)
    return "charged"


def workflow() -> Workflow:
    steps = [{"agent": "worker", "input": "Charge it"}, {"type": "hitl", "prompt": "Was that right?"}]
    told = solo(1, {"tools": ["charge"]}, pattern={"type": "chain", "config": {"steps": steps}})
    model = ScriptedModel([ToolCall("charge", {"amount": 7}), "It is done."])
    return Workflow.from_dict(told, model=model, tools=[charge])


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    data = ServerData(tmp_path / "server.db")
    inbox = Inbox(FileSessionRepository(tmp_path / "runs"), apps=Apps([workflow()]).rehearsal(), data=data)
    settings = ServerSettings(origin=ORIGIN, auth="token", drive=2, is_rehearsal=True)
    secret = Tokens(data).create("anna", scopes=SCOPES)[1]
    with TestClient(create_app(inbox, settings), base_url=ORIGIN, follow_redirects=True) as client:
        client.get("/login")
        client.headers.update({"Authorization": f"Bearer {secret}"})
        yield client


def test_it_is_driven_without_side_effects_and_every_page_says_so(client: TestClient) -> None:
    started = client.post("/api/v1/sessions", json={"workflow": "solo"})
    assert started.status_code == 202, started.text
    (question,) = until(lambda: client.get("/api/v1/questions").json()["items"])
    assert question["number"] == 1
    client.headers["Accept"] = "text/html"
    for path in ("/", f"/q/{question['ref']}", "/sessions", "/workflows", "/admin/problems", "/login", "/nowhere"):
        assert "<strong>Rehearsal.</strong>" in client.get(path).text, path
    assert CHARGED == []


def test_a_workflow_that_rehearses_goes_on_with_no_real_session(tmp_path: Path) -> None:
    asking = {"type": "chain", "config": {"steps": [{"type": "hitl", "prompt": "?"}]}}
    real = Workflow.from_dict(solo(1, pattern=asking), store=tmp_path / "runs")
    paused = real.run()
    with pytest.raises(SessionError, match="not a rehearsal"):
        real.rehearsal().resume(paused.session_id, "yes")
    assert real.resume(paused.session_id, "yes").success, "the workflow itself is as it was"
