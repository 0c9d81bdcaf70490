"""What programs send to a server, and what they expect of it."""

from __future__ import annotations

from typing import Any

import httpx

from support.web_server import until

API = "/api/v1"


def start(client: httpx.Client, workflow: str = "paying", key: str = "", **inputs: object) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{API}/sessions", json={"workflow": workflow, "inputs": inputs}, headers=headers)


def questions(client: httpx.Client, count: int, **filters: object) -> list[dict[str, Any]]:
    def found() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = client.get(f"{API}/questions", params=filters).json()["items"]  # type: ignore[arg-type]
        return items if len(items) == count else []

    listed: list[dict[str, Any]] = until(found)
    return listed


def answer(client: httpx.Client, ref: str, value: object, **headers: str) -> httpx.Response:
    return client.post(f"{API}/questions/{ref}/answer", json={"value": value}, headers=headers)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    told: dict[str, Any] = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.status_code, told["status"], told["code"]) == (status, status, code), told
    assert told["title"] and told["type"].endswith(f"#{code}")
    return told
