"""A server that only rehearses: it says so on every page, calls nobody, and leaves real sessions alone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from strands import SessionManager, Workflow, tool
from strands.journal.entries import Draft
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import SessionError
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.sweeper import Sweeper
from strands_cli.inbox.tokens import SCOPES, Tokens
from strands_cli.kernel.state import State
from strands_cli.session.repository import FileSessionRepository
from strands_cli.web.app import create_app
from strands_cli.web.settings import ServerSettings
from support.specs import solo
from support.web_server import Server, until

ORIGIN = "http://127.0.0.1:8765"
CHARGED: list[int] = []
ASKING = {"type": "chain", "config": {"steps": [{"type": "hitl", "prompt": "Pay?"}]}}


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
    store, apps = FileSessionRepository(tmp_path / "runs"), Apps([workflow()]).rehearsal()
    inbox = Inbox(store, apps=apps, data=data, only_rehearsals=True)
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


def test_real_sessions_of_its_store_are_neither_shown_nor_answered(client: TestClient, tmp_path: Path) -> None:
    """Somebody who answers under that banner does not mean it."""
    real = Workflow.from_dict(solo(1, pattern=ASKING), store=tmp_path / "runs").run()
    (question,) = SessionManager(tmp_path / "runs").get_session(real.session_id).questions
    assert client.get("/api/v1/questions").json()["items"] == []
    assert client.get("/api/v1/sessions").json()["items"] == []
    assert client.get(f"/api/v1/questions/{question.ref}").status_code == 404
    assert client.post(f"/api/v1/questions/{question.ref}/answer", json={"value": "yes"}).status_code == 404
    for action in ("cancel", "resume"):
        assert client.post(f"/api/v1/sessions/{real.session_id}/{action}").status_code == 404
    assert SessionManager(tmp_path / "runs").get_session(real.session_id).status == "paused"


def test_what_is_due_in_real_sessions_is_left_to_real_servers(tmp_path: Path) -> None:
    store, then = FileSessionRepository(tmp_path / "runs"), time.time() - 3600
    question = {"prompt": "?", "deadline": then + 60, "default": "yes"}
    rest = [Draft("asked", "q", question, then), Draft("paused", "", {"questions": ["q"]}, then)]

    async def answered(*, only_rehearsals: bool) -> set[str]:
        await Sweeper(store, only_rehearsals=only_rehearsals).once()
        return {name for name in ("real", "rehearsed") if State(await (await store.open(name)).load()).answered}

    async def all_of_it() -> None:
        for name in ("real", "rehearsed"):
            told = {"format": 1, "workflow": "solo", "pattern": "chain", "spec": {}, "offline": name == "rehearsed"}
            await store.create(name, Draft("opened", "", told, then), rest)
        assert await answered(only_rehearsals=True) == {"rehearsed"}
        assert await answered(only_rehearsals=False) == {"real", "rehearsed"}

    asyncio.run(all_of_it())


def test_the_command_keeps_rehearsals_apart(tmp_path: Path) -> None:
    (tmp_path / "pay.json").write_text(json.dumps(solo(1, pattern=ASKING)))
    server = Server(tmp_path, str(tmp_path / "runs"), "--offline", targets=("pay.json",))
    try:
        assert "This is a rehearsal" in server.said
        started = server.browser().post("/api/v1/sessions", json={"workflow": "solo"})
        assert started.status_code == 202, started.text
    finally:
        server.close()
    assert SessionManager(tmp_path / "runs").list_sessions() == []


def test_a_workflow_that_rehearses_goes_on_with_no_real_session(tmp_path: Path) -> None:
    real = Workflow.from_dict(solo(1, pattern=ASKING), store=tmp_path / "runs")
    paused = real.run()
    with pytest.raises(SessionError, match="not a rehearsal"):
        real.rehearsal().resume(paused.session_id, "yes")
    assert real.resume(paused.session_id, "yes").success, "the workflow itself is as it was"
