"""Workflows in a FastAPI application of somebody's own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.tokens import Tokens
from strands_cli.session.repository import store_at
from strands_cli.web.app import create_router

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
