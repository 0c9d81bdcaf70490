"""Workflows in a FastAPI application of somebody's own."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.tokens import Tokens
from strands_cli.kernel.principal import Principal
from strands_cli.session.repository import store_at
from strands_cli.web.app import create_router
from strands_cli.web.settings import ServerSettings

SPEC = """
version: 0
name: paying
runtime: {provider: ollama, model_id: none}
inputs: {values: {amount: 7}}
agents: {clerk: {prompt: You are a clerk.}}
pattern:
  type: chain
  config:
    steps:
      - {type: hitl, prompt: "Pay {{ amount }}?"}
      - {agent: clerk, input: "done"}
"""


def workflow(store: Path) -> Workflow:
    return Workflow.from_yaml(SPEC, model=ScriptedModel(lambda _: "it is done"), store=store)


def asked(app: FastAPI, *calls: tuple[str, str, Any], headers: dict[str, str] | None = None) -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://own.example", headers=headers) as client:
            return [await client.request(method, url, json=body) for method, url, body in calls]

    return asyncio.run(ask())


def test_the_interface_is_a_router_for_another_application(tmp_path: Path) -> None:
    data = ServerData()
    _, secret = Tokens(data).create("anna", scopes=["admin"])
    store = tmp_path / "store"
    inbox = Inbox(store_at(store), apps=Apps([workflow(store)]), data=data)
    app = FastAPI()
    app.include_router(create_router(inbox))
    nobody, wrong = asked(app, ("GET", "/api/v1/questions", None), ("POST", "/api/v1/sessions", {"no": 1}))
    assert nobody.status_code == 401 and nobody.headers["Content-Type"] == "application/problem+json"
    assert wrong.status_code == 400 and wrong.json()["code"] == "invalid-request"
    token = {"Authorization": f"Bearer {secret}"}
    started, listed = asked(
        app, ("POST", "/api/v1/sessions", {"workflow": "paying"}), ("GET", "/api/v1/sessions", None), headers=token
    )
    assert started.status_code == 202 and listed.json()["items"][0]["status"] == "queued"


def mounted(tmp_path: Path) -> tuple[FastAPI, ServerData, str]:
    """An application with the interface, its data, and what a session of it is called."""
    data, store = ServerData(), tmp_path / "store"
    app = FastAPI()
    app.include_router(create_router(Inbox(store_at(store), apps=Apps([workflow(store)]), data=data)))
    return app, data, str(workflow(store).run().session_id)


def cookie(data: ServerData, seconds_ago: float = 0.0) -> str:
    """Return the header of a browser to which a server of the same data has given its cookie."""

    class Clock(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time() - seconds_ago)

    anna = Principal("user:oidc:anna", "anna", auth="login", via="web")
    told = {"principal": anna.to_dict(), "auth": "token", "nonce": "n"}
    signing = URLSafeTimedSerializer(data.secret("cookies"), salt="signed-in", signer=Clock)
    return f"{ServerSettings(auth='token').cookie}={signing.dumps(told)}"


def test_a_page_of_somebody_else_changes_nothing_where_no_server_guards_the_interface(tmp_path: Path) -> None:
    app, data, session = mounted(tmp_path)
    cancel, read = ("POST", f"/api/v1/sessions/{session}/cancel", None), ("GET", f"/api/v1/sessions/{session}", None)
    signed_in = {"Cookie": cookie(data)}
    for page in ({}, {"Origin": "http://evil.own.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
        refused, looked = asked(app, cancel, read, headers={**signed_in, **page})
        assert (refused.status_code, refused.json()["code"]) == (403, "cross-site")
        assert looked.json()["status"] == "paused"
    for page in ({"Origin": "http://own.example"}, {"Sec-Fetch-Site": "same-origin"}):
        assert asked(app, cancel, headers={**signed_in, **page})[0].status_code != 403


def test_a_clock_that_is_set_back_signs_nobody_out(tmp_path: Path) -> None:
    app, data, session = mounted(tmp_path)
    look = ("GET", f"/api/v1/sessions/{session}", None)
    hour = 3600.0

    def status(seconds_ago: float) -> int:
        return asked(app, look, headers={"Cookie": cookie(data, seconds_ago)})[0].status_code

    assert [status(-hour), status(-1), status(0), status(11 * hour)] == [200] * 4
    assert [status(-13 * hour), status(13 * hour)] == [401] * 2
