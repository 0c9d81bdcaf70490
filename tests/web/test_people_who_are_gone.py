"""What a server takes in while it runs: who is taken out of people.yaml is gone, and what went wrong is told of."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from strands_cli.inbox.data import ServerData
from strands_cli.inbox.deliveries import DeliveryLog
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.notes import DeliveryError
from strands_cli.inbox.tokens import Tokens
from strands_cli.people import People
from strands_cli.session.repository import FileSessionRepository
from strands_cli.web.app import create_app
from strands_cli.web.settings import ServerSettings

ORIGIN = "http://127.0.0.1:8765"
BOTH = "anna: {roles: [admin]}\nben: {roles: [finance]}\n"
ANNA = "anna: {roles: [admin]}\n"
Serve = Callable[[], TestClient]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    written = tmp_path / "people.yaml"
    written.write_text(BOTH)
    return written


@pytest.fixture
def serve(tmp_path: Path, people: Path) -> Serve:
    """Starts a server on the same store and data as the one before."""

    def start() -> TestClient:
        data = ServerData(tmp_path / "server.db")
        inbox = Inbox(FileSessionRepository(tmp_path / "runs"), people=People.from_file(people), data=data)
        return TestClient(create_app(inbox, ServerSettings(origin=ORIGIN, auth="token")), base_url=ORIGIN)

    return start


def now_says(people: Path, text: str) -> None:
    before = people.stat()
    people.write_text(text)
    os.utime(people, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


def token(tmp_path: Path, person: str, **more: object) -> dict[str, str]:
    _, secret = Tokens(ServerData(tmp_path / "server.db")).create(person, **more)  # type: ignore[arg-type]
    return {"Authorization": f"Bearer {secret}"}


def asks(client: TestClient, headers: dict[str, str]) -> int:
    return client.get("/api/v1/questions", headers=headers).status_code


def test_the_token_of_who_is_gone_is_refused_at_once_and_after_a_restart(
    tmp_path: Path, people: Path, serve: Serve
) -> None:
    client, ben, program = serve(), token(tmp_path, "ben"), token(tmp_path, "nightly-report")
    assert [asks(client, ben), asks(client, program)] == [200, 200], "a program is nobody of people.yaml"
    now_says(people, ANNA)
    assert [asks(client, ben), asks(client, program)] == [401, 200]
    again = serve()
    assert [asks(again, ben), asks(again, program)] == [401, 200]
    now_says(people, BOTH + "# they came back\n")
    assert asks(again, ben) == 200


def test_who_has_signed_in_with_a_token_is_gone_as_well(tmp_path: Path, people: Path, serve: Serve) -> None:
    client, (_, secret) = serve(), Tokens(ServerData(tmp_path / "server.db")).create("ben")
    client.post("/login", data={"token": secret}, headers={"Origin": ORIGIN})
    assert asks(client, {}) == 200
    now_says(people, ANNA)
    assert asks(client, {}) == 401


@pytest.mark.parametrize("broken", ["", "anna: [\n", "anna: {rules: [admin]}\n"])
def test_a_file_that_cannot_be_read_takes_nobody_away_and_is_told_of(
    tmp_path: Path, people: Path, serve: Serve, broken: str
) -> None:
    client, ben = serve(), token(tmp_path, "ben")
    now_says(people, broken)
    assert asks(client, ben) == 200
    admin = token(tmp_path, "anna", scopes=["admin"])
    problems = client.get("/admin/problems", headers={**admin, "Accept": "text/html"}).text
    assert "Who is known is who was before the file was changed." in problems and "people.yaml" in problems
    now_says(people, ANNA)
    assert asks(client, ben) == 401
    assert "before the file was changed" not in client.get("/admin/problems", headers=admin).text


def test_what_any_channel_could_not_deliver_is_among_the_problems_and_sent_again_from_there(
    tmp_path: Path, serve: Serve
) -> None:
    client, log = serve(), DeliveryLog(ServerData(tmp_path / "server.db"))
    for target in ("slack:#cfo", "mail:anna@example.org", "slack:#fine"):
        log.add(target, "msg_s.3", "s", 3, "steps/1", "question.opened")
    for target in ("slack:#cfo", "mail:anna@example.org"):
        delivery = log.find(target, "msg_s.3")
        assert delivery is not None
        log.fail(delivery, DeliveryError("there is nobody of that name", is_final=True))
    admin = {**token(tmp_path, "anna", scopes=["admin"]), "Accept": "text/html"}
    page = client.get("/admin/problems", headers=admin).text
    assert "slack:#cfo" in page and "mail:anna@example.org" in page and "#fine" not in page
    assert "there is nobody of that name" in page and "not tried again" in page
    form = page.partition('action="/admin/problems/redeliver"')[2].partition('name="form_token" value="')[2]
    sent = {"target": "slack:#cfo", "message": "msg_s.3", "form_token": form.partition('"')[0]}
    assert client.post("/admin/problems/redeliver", data=sent, headers=admin).status_code == 200
    again = log.find("slack:#cfo", "msg_s.3")
    assert again is not None and again.state == "due"


def test_an_api_token_is_not_taken_from_an_address(tmp_path: Path, serve: Serve) -> None:
    client, (_, secret) = serve(), Tokens(ServerData(tmp_path / "server.db")).create("ben")
    refused = client.get(f"/login?token={secret}", follow_redirects=False)
    assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)
    signed = client.post("/login", data={"token": secret}, headers={"Origin": ORIGIN}, follow_redirects=False)
    assert (signed.status_code, list(signed.cookies)) == (303, ["strands_8765"])


def test_a_file_that_was_replaced_by_one_as_large_and_as_old_is_read(people: Path) -> None:
    known, before = People.from_file(people), people.stat()
    other = people.with_name("other.yaml")
    other.write_text(BOTH.replace("ben", "eve"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(people)
    assert known.refresh()
    assert set(known.by_key) == {"anna", "eve"}
