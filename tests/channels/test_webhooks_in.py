"""Webhooks in, and webhooks over REST: as a program uses them, on a real server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from strands import SessionManager
from support.small_server import serving
from support.web_server import Server

standardwebhooks = pytest.importorskip("standardwebhooks")
pytest.importorskip("fastapi")


@pytest.fixture
def serve(tmp_path: Path, home: Path) -> Iterator[Callable[[], Server]]:
    servers: list[Server] = []

    def start() -> Server:
        servers.append(Server(tmp_path, str(tmp_path / "store"), env={"STRANDS_HOME": str(home)}))
        return servers[-1]

    (tmp_path / "store").mkdir(mode=0o700)
    yield start
    for server in servers:
        server.close()


def command(server: Server, *arguments: str) -> Any:
    """Run a command beside a server and return the JSON that it prints."""
    line = [sys.executable, "-m", "strands_cli", *arguments, "--json"]
    done = subprocess.run(line, env=server.env, cwd=server.home, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def post(server: Server, name: str, secret: str, message: Any, id: str = "msg_1", ago: float = 0.0) -> httpx.Response:
    """Send a message to a hook, signed so many seconds ago."""
    body, at = json.dumps(message), datetime.now(timezone.utc) - timedelta(seconds=ago)
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": standardwebhooks.Webhook(secret).sign(id, at, body),
    }
    return httpx.post(f"{server.url}/hooks/{name}", content=body, headers=headers)


def test_a_signed_message_starts_a_workflow_once_and_another_answers(
    tmp_path: Path, serve: Callable[[], Server]
) -> None:
    server = serve()
    hook = command(
        server, "webhooks", "receive", "shop", "--workflow", "paying", "--field", "amount={{ body.order.total }}"
    )
    begun = post(server, "shop", hook["secret"], {"order": {"total": 12}})
    assert begun.status_code == 202, begun.text
    session_id = begun.json()["session"]
    again = post(server, "shop", hook["secret"], {"order": {"total": 12}})
    assert again.json() == {"session": session_id, "replayed": True}
    manager = SessionManager(store=str(tmp_path / "store"))
    session = waiting(manager, session_id)
    assert session.inputs["amount"] == 12
    fields = ("--field", "question={{ body.ref }}", "--field", "value={{ body.said }}")
    answering = command(server, "webhooks", "receive", "decided", *fields)
    ref = session.questions[0].ref
    refused = post(server, "decided", answering["secret"], {"ref": ref, "said": "perhaps"}, "msg_2")
    assert refused.status_code == 422 and refused.json()["code"] == "invalid-answer"
    assert post(server, "decided", answering["secret"], {"ref": ref, "said": "yes"}, "msg_3").status_code == 202


def waiting(manager: SessionManager, session_id: str) -> Any:
    until = time.monotonic() + 30
    while not (session := manager.get_session(session_id)).questions:
        assert time.monotonic() < until
        time.sleep(0.05)
    return session


def test_what_is_not_signed_does_nothing(tmp_path: Path, serve: Callable[[], Server]) -> None:
    server = serve()
    hook = command(server, "webhooks", "receive", "shop", "--workflow", "paying", "--field", "amount={{ body.total }}")
    assert post(server, "shop", "whsec_" + "YWFh" * 8, {"total": 1}).status_code == 401
    assert post(server, "nothing", hook["secret"], {"total": 1}).status_code == 401
    assert post(server, "shop", hook["secret"], {"total": 1}, ago=600).status_code == 401
    assert httpx.post(f"{server.url}/hooks/shop", content=b"{}").status_code == 401
    assert SessionManager(store=str(tmp_path / "store")).list_sessions() == []


def test_webhooks_are_added_and_looked_after_over_rest(tmp_path: Path, serve: Callable[[], Server]) -> None:
    with serving(lambda _: (200, {}, b"")) as receiver:
        server = serve()
        token = command(server, "token", "create", "--for", "anna", "--scope", "admin,sessions:start")["token"]
        with httpx.Client(base_url=f"{server.url}/api/v1", headers={"Authorization": f"Bearer {token}"}) as api:
            refused = api.post("/webhooks", json={"url": "https://127.0.0.1/in"})
            assert refused.status_code == 422 and refused.json()["code"] == "invalid-input"
            told = {"url": f"{receiver.url}/in", "private": True, "events": ["session.started"]}
            added = api.post("/webhooks", json=told)
            assert added.status_code == 201 and added.json()["secret"].startswith("whsec_")
            place = added.headers["Location"].removeprefix("/api/v1")
            assert "secret" not in api.get(place).json()
            api.post("/sessions", json={"workflow": "paying", "inputs": {"amount": 3}})
            until = time.monotonic() + 30
            while not receiver.requests:
                assert time.monotonic() < until
                time.sleep(0.02)
            while (sent := api.get(f"{place}/deliveries").json()["items"][0])["state"] != "done":
                assert time.monotonic() < until
                time.sleep(0.02)
            assert api.post(f"{place}/deliveries/{sent['id']}/redeliver").status_code == 202
            while len(receiver.requests) < 2:
                assert time.monotonic() < until
                time.sleep(0.02)
            assert api.post(f"{place}/rotate").json()["secret"] != added.json()["secret"]
            assert api.delete(place).status_code == 204 and api.get(place).status_code == 404


def test_an_approval_is_answered_with_what_was_shown_alone(serve: Callable[[], Server]) -> None:
    server = serve()
    fields = {name: f"{name}={{{{ body.{name} }}}}" for name in ("question", "value", "shown")}
    blind = command(server, "webhooks", "receive", "blind", "--field", fields["question"], "--field", fields["value"])
    seeing = command(
        server, "webhooks", "receive", "seeing", *(word for each in fields.values() for word in ("--field", each))
    )
    anna = server.program("--scope", "sessions:start,questions:read")
    assert anna.post("/api/v1/sessions", json={"workflow": "refunding", "inputs": {}}).status_code == 202
    question = the_question(anna)
    message = {"question": question["ref"], "value": "approve", "shown": question["shown"]}
    refused = post(server, "blind", blind["secret"], message)
    assert (refused.status_code, "what was shown" in refused.json()["detail"]) == (409, True)
    assert post(server, "seeing", seeing["secret"], {**message, "shown": "sha256:0"}).status_code == 412
    assert post(server, "seeing", seeing["secret"], message, "msg_2").status_code == 202


def the_question(client: httpx.Client) -> Any:
    """Return the one question that is open, once it is."""
    until = time.monotonic() + 30
    while not (found := client.get("/api/v1/questions").json()["items"]):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found[0]
