"""Mail: a link that a scanner may look at as often as it likes, and that its person answers by, once."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from strands import SessionManager
from support.channels import asked, servers
from support.web_server import Server

controller = pytest.importorskip("aiosmtpd.controller")
pytest.importorskip("fastapi")

PEOPLE = """
anna: {name: Anna, ids: ["user:os:anna"], roles: [finance], notify: ["mail:anna@example.org"]}
"""
GATE: dict[str, Any] = {
    "type": "hitl",
    "prompt": "Pay\u202e ACME?",
    "choices": ["approve", "reject"],
    "ask": {"roles": ["finance"]},
}


class Inbox:
    """A mail server, which takes what it is told to take."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses:
            return self.refuses.pop(0)
        found: Any = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(found)
        return "250 OK"

    def wait(self, count: int = 1) -> list[EmailMessage]:
        until = time.monotonic() + 40
        while len(self.mails) < count:
            assert time.monotonic() < until
            time.sleep(0.02)
        return self.mails


@pytest.fixture
def mail() -> Iterator[tuple[Inbox, str]]:
    inbox = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = controller.Controller(inbox, hostname="127.0.0.1", port=port)
    running.start()
    yield inbox, f"smtp://127.0.0.1:{port}"
    running.stop()


@pytest.fixture
def serve(tmp_path: Path, mail: tuple[Inbox, str], home: Path) -> Iterator[Callable[[], Server]]:
    env = {"STRANDS_SMTP": mail[1], "STRANDS_MAIL_FROM": "Strands <strands@example.org>", "STRANDS_HOME": str(home)}
    with servers(tmp_path, PEOPLE, env) as start:
        yield start


def link_of(mail: EmailMessage) -> str:
    found = re.findall(r"http://\S+/a/\S+", mail.get_content())
    assert len(found) == 1
    return str(found[0])


def status_of(tmp_path: Path, session_id: str) -> str:
    return str(SessionManager(store=str(tmp_path / "store")).get_session(session_id).status)


def test_a_scanner_answers_nothing_and_the_person_answers_once(
    tmp_path: Path, mail: tuple[Inbox, str], serve: Callable[[], Server]
) -> None:
    serve()
    session_id = asked(tmp_path, GATE)
    (told,) = mail[0].wait()
    assert told["To"] == "anna@example.org" and told["Subject"].startswith("Question: pay: Pay")
    assert "\u202e" not in told.get_content() and session_id in told["Message-ID"]
    link = link_of(told)
    for method in ("GET", "HEAD", "GET", "OPTIONS", "PUT"):
        assert httpx.request(method, link).status_code in (200, 405)
    assert status_of(tmp_path, session_id) == "paused"
    page = httpx.get(link)
    assert "Send this answer" in page.text and page.headers["cache-control"] == "no-store"
    form = {"form_token": re.findall(r'name="form_token" value="([^"]+)"', page.text)[-1]}
    assert httpx.post(link, data={**form, "f.value": "perhaps"}).status_code == 422
    foreign = httpx.post(link, data={**form, "f.value": "approve"}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403 and status_of(tmp_path, session_id) == "paused"
    done = httpx.post(link, data={**form, "f.value": "approve"})
    assert done.status_code == 200 and "Your answer is recorded" in done.text
    assert httpx.get(link).status_code == 404
    assert httpx.post(link, data={**form, "f.value": "reject"}).status_code == 404
    lines = (tmp_path / "store" / f"session_{session_id}" / "journal.jsonl").read_text().splitlines()
    (answer,) = [each["data"] for each in map(json.loads, lines) if each["kind"] == "answered"]
    assert (answer["value"], answer["channel"]) == ("approve", "mail")
    assert (answer["principal"]["id"], answer["principal"]["auth"]) == ("link:anna", "link")


def test_what_takes_more_than_a_link_has_none(
    tmp_path: Path, mail: tuple[Inbox, str], serve: Callable[[], Server]
) -> None:
    serve()
    asked(tmp_path, {**GATE, "ask": {"roles": ["finance"], "auth": "login"}})
    (told,) = mail[0].wait()
    assert "/a/" not in told.get_content() and "/q/q_" in told.get_content()


def test_a_link_says_that_it_was_answered_elsewhere(
    tmp_path: Path, mail: tuple[Inbox, str], serve: Callable[[], Server]
) -> None:
    serve()
    session_id = asked(tmp_path, {**GATE, "ask": {"users": ["anna"], "roles": ["finance"]}})
    link = link_of(mail[0].wait()[0])
    SessionManager(store=str(tmp_path / "store")).get_session(session_id).cancel()
    page = httpx.get(link).text
    assert "Withdrawn" in page and "Send this answer" not in page


def test_what_the_mail_server_does_not_take_is_tried_again(
    tmp_path: Path, mail: tuple[Inbox, str], serve: Callable[[], Server]
) -> None:
    mail[0].refuses.append("451 later")
    serve()
    asked(tmp_path, GATE)
    assert len(mail[0].wait()) == 1
