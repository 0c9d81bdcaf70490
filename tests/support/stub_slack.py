"""Slack, as far as a bot meets it: the methods that it calls, and the signed requests that clicks become."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx

from strands_cli.session.refs import session_and_key
from support.small_server import Server, serving

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TOKEN = "xoxb-1"


class StubSlack:
    """The stub.

    Attributes:
        calls: Method and arguments of each call, the oldest first.
        fails: Method to the replies that come before it works: a status, headers, and the error.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fails: dict[str, list[tuple[int, dict[str, str], str]]] = {}
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"{self._server.url}/api/"

    def answer(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        method = request.path.removeprefix("/api/")
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        arguments = _arguments(request)
        failing = self.fails.get(method)
        if failing:
            status, headers, error = failing.pop(0)
            return status, headers, json.dumps({"ok": False, "error": error}).encode()
        self.calls.append((method, arguments))
        ts = f"1700000000.{len(self.calls):06}"
        told = {"ok": True, "channel": arguments.get("channel", ""), "ts": arguments.get("ts", ts)}
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def of(self, method: str) -> list[dict[str, Any]]:
        """Return the arguments of the calls of a method."""
        return [arguments for called, arguments in self.calls if called == method]

    def wait(self, method: str, count: int = 1, seconds: float = 30.0) -> list[dict[str, Any]]:
        """Return the arguments of the calls of a method, once there are so many."""
        until = time.monotonic() + seconds
        while len(self.of(method)) < count:
            assert time.monotonic() < until, self.calls
            time.sleep(0.02)
        return self.of(method)

    def message_about(self, session_id: str) -> dict[str, Any]:
        """Return the message with a question of a session."""
        found = [each for each in self.of("chat.postMessage") if _session(each) == session_id]
        assert len(found) == 1
        return found[0]

    def send(
        self, url: str, payload: Mapping[str, Any], *, secret: str = SECRET, at: float | None = None
    ) -> httpx.Response:
        """Send what somebody did, signed, to a server."""
        from slack_sdk.signature import SignatureVerifier

        body = urlencode({"payload": json.dumps(payload)})
        moment = str(int(time.time() if at is None else at))
        signature = SignatureVerifier(secret).generate_signature(timestamp=moment, body=body)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": moment,
            "X-Slack-Signature": str(signature),
        }
        return httpx.post(f"{url}/channels/slack/interact", content=body, headers=headers, timeout=10)

    def click(self, url: str, message: Mapping[str, Any], label: str, user: str, **how: Any) -> httpx.Response:
        """Click on the button of a message that has this label."""
        button = next(each for each in buttons(message) if each["text"]["text"] == label)
        payload = {
            "type": "block_actions",
            "team": {"id": "T1"},
            "user": {"id": user, "name": user.lower()},
            "channel": {"id": message["channel"]},
            "trigger_id": f"{time.monotonic_ns()}.{user}",
            "actions": [{"action_id": button["action_id"], "value": button.get("value"), "type": "button"}],
        }
        return self.send(url, payload, **how)

    def submit(self, url: str, view: Mapping[str, Any], user: str, values: Mapping[str, Any]) -> httpx.Response:
        """Send the form of a view, filled in with a text for each field."""
        state = {
            f"field:{name}": {"value": {"type": "plain_text_input", "value": value}} for name, value in values.items()
        }
        payload = {
            "type": "view_submission",
            "team": {"id": "T1"},
            "user": {"id": user, "name": user.lower()},
            "view": {**view, "id": f"V{time.monotonic_ns()}", "state": {"values": state}},
        }
        return self.send(url, payload)


def _session(message: Mapping[str, Any]) -> str:
    held = json.loads(buttons(message)[0]["value"])
    return session_and_key(held["ref"])[0]


def buttons(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the buttons of a message."""
    return [each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]]


def texts(message: Mapping[str, Any]) -> str:
    """Return all that a message shows."""
    return json.dumps(message["blocks"], ensure_ascii=False)


def _arguments(request: Any) -> dict[str, Any]:
    text = request.body.decode()
    if "json" in request.headers.get("Content-Type", ""):
        found: dict[str, Any] = json.loads(text)
        return found
    told: dict[str, Any] = {name: values[-1] for name, values in parse_qs(text).items()}
    for name in ("blocks", "view"):
        if isinstance(told.get(name), str):
            told[name] = json.loads(told[name])
    return told


@contextmanager
def stub_slack() -> Iterator[StubSlack]:
    """Run the stub."""
    stub = StubSlack()
    with serving(stub.answer) as server:
        stub._server = server
        yield stub
