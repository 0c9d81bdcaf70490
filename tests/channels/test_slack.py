"""Slack: buttons answer for who may, say why not to who may not, and are gone once it is answered anywhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager
from support.channels import asked, servers
from support.stub_slack import SECRET, TOKEN, StubSlack, buttons, stub_slack, texts
from support.web_server import Server

pytest.importorskip("slack_sdk")
pytest.importorskip("fastapi")

PEOPLE = """
anna: {name: Anna, ids: ["user:slack:T1/UANNA"], roles: [finance], notify: ["slack:@UANNA"]}
ben: {name: Ben, ids: ["user:slack:T1/UBEN"], roles: [sales]}
"""
GATE = {"type": "hitl", "prompt": "Pay <ACME> & co?", "choices": ["approve", "reject"], "ask": {"roles": ["finance"]}}


@pytest.fixture
def slack() -> Iterator[StubSlack]:
    with stub_slack() as stub:
        yield stub


@pytest.fixture
def serve(tmp_path: Path, slack: StubSlack, home: Path) -> Iterator[Callable[[], Server]]:
    env = {
        "STRANDS_SLACK_TOKEN": TOKEN,
        "STRANDS_SLACK_SIGNING_SECRET": SECRET,
        "STRANDS_SLACK_API": slack.url,
        "STRANDS_NOTIFY": "slack:#ops",
        "STRANDS_HOME": str(home),
    }
    with servers(tmp_path, PEOPLE, env) as start:
        yield start


def answer_of(tmp_path: Path, session_id: str) -> dict[str, Any]:
    """Return what is recorded of the answer, once it is."""
    until = time.monotonic() + 30
    while True:
        lines = (tmp_path / "store" / f"session_{session_id}" / "journal.jsonl").read_text().splitlines()
        found = [each for each in map(json.loads, lines) if each["kind"] == "answered"]
        if found:
            assert len(found) == 1
            return dict(found[0]["data"])
        assert time.monotonic() < until
        time.sleep(0.02)


def test_who_may_answers_with_a_click_and_who_may_not_is_told_why(
    tmp_path: Path, slack: StubSlack, serve: Callable[[], Server]
) -> None:
    server = serve()
    session_id = asked(tmp_path, GATE)
    (message,) = slack.wait("chat.postMessage")
    assert message["channel"] == "UANNA" and "Pay <ACME> & co?" in texts(message) and "mrkdwn" not in texts(message)
    assert [each["text"]["text"] for each in buttons(message)] == ["Approve", "Reject", "Open"]
    assert slack.click(server.url, message, "Approve", "UBEN").status_code == 200
    (told,) = slack.wait("chat.postEphemeral")
    assert told["user"] == "UBEN" and "finance" in told["text"]
    begun = time.monotonic()
    assert slack.click(server.url, message, "Approve", "UANNA").status_code == 200
    assert time.monotonic() - begun < 3
    answer = answer_of(tmp_path, session_id)
    assert answer["value"] == "approve" and answer["by"] == "Anna" and answer["channel"] == "slack"
    assert answer["principal"]["id"] == "user:slack:T1/UANNA" and answer["shown"].startswith("sha256:")
    (update,) = slack.wait("chat.update")
    assert buttons(update) == [] and "Answered by Anna: approve" in texts(update)
    slack.click(server.url, message, "Approve", "UANNA")
    assert "answered already by Anna" in slack.wait("chat.postEphemeral", 2)[1]["text"]


def test_buttons_work_after_a_restart_and_are_gone_when_it_is_answered_elsewhere(
    tmp_path: Path, slack: StubSlack, serve: Callable[[], Server]
) -> None:
    server = serve()
    first, second = asked(tmp_path, GATE), asked(tmp_path, {**GATE, "ask": {"roles": ["finance", "nobody"]}})
    slack.wait("chat.postMessage", 2)
    assert server.end() == 0
    server = serve()
    slack.click(server.url, slack.message_about(first), "Reject", "UANNA")
    assert {answer_of(tmp_path, first)["value"]} == {"reject"}
    manager = SessionManager(store=str(tmp_path / "store"))
    manager.get_session(second).cancel()
    updates = slack.wait("chat.update", 2)
    assert all(buttons(each) == [] for each in updates)
    assert len(slack.of("chat.postMessage")) == 2


def test_a_form_opens_as_a_modal_and_says_what_does_not_fit(
    tmp_path: Path, slack: StubSlack, serve: Callable[[], Server]
) -> None:
    server = serve()
    session_id = asked(tmp_path, {"type": "hitl", "prompt": "How much?", "schema": {"type": "integer", "minimum": 1}})
    (message,) = slack.wait("chat.postMessage")
    assert message["channel"] == "#ops"
    slack.click(server.url, message, "Answer…", "UBEN")
    (opened,) = slack.wait("views.open")
    view = opened["view"]
    (name,) = [each["block_id"].removeprefix("field:") for each in view["blocks"] if each["type"] == "input"]
    wrong = slack.submit(server.url, view, "UBEN", {name: "0"}).json()
    assert wrong.get("response_action") == "errors", wrong
    assert f"field:{name}" in wrong["errors"]
    assert slack.submit(server.url, view, "UBEN", {name: "7"}).json() == {"response_action": "clear"}
    assert answer_of(tmp_path, session_id)["value"] == 7
    late = slack.submit(server.url, view, "UANNA", {name: "8"}).json()
    assert late["response_action"] == "update" and "answered already by Ben" in json.dumps(late)


def test_what_slack_has_not_signed_does_nothing(tmp_path: Path, slack: StubSlack, serve: Callable[[], Server]) -> None:
    server = serve()
    session_id = asked(tmp_path, GATE)
    (message,) = slack.wait("chat.postMessage")
    assert slack.click(server.url, message, "Approve", "UANNA", secret="another").status_code == 401
    assert slack.click(server.url, message, "Approve", "UANNA", at=time.time() - 400).status_code == 401
    (waiting,) = SessionManager(store=str(tmp_path / "store")).get_session(session_id).questions
    assert waiting.id == "steps/0"


def test_what_slack_does_not_take_is_tried_again(tmp_path: Path, slack: StubSlack, serve: Callable[[], Server]) -> None:
    slack.fails["chat.postMessage"] = [(429, {"Retry-After": "1"}, "ratelimited")]
    serve()
    asked(tmp_path, GATE)
    assert slack.wait("chat.postMessage")[0]["channel"] == "UANNA"
