"""A workflow that is started, asks and goes on, over a server: the same on every store."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from support.web_server import STORES, Server, until

API = "/api/v1"


def asked(client: httpx.Client) -> dict[str, object]:
    found: dict[str, object] = until(lambda: client.get(f"{API}/questions").json()["items"])[0]
    return found


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_session_is_started_answered_and_finished_over_http(server: Server) -> None:
    anna = server.browser()
    started = anna.post(f"{API}/sessions", json={"workflow": "paying", "inputs": {"amount": 9}})
    assert started.status_code == 202, started.text
    session = started.headers["Location"]
    question = asked(anna)
    assert (question["prompt"], question["context"], question["may"]) == ("Pay 9 EUR?", "<b>To</b> ACME", None)
    given = anna.post(f"{API}/questions/{question['ref']}/answer", json={"value": "yes", "reason": "it is due"})
    assert given.status_code == 202, given.text
    until(lambda: anna.get(session).json()["status"] == "completed")
    assert anna.get(session).json()["response"] == "did 9 done"
    assert anna.get(f"{API}/questions").json()["items"] == []
    answer = anna.get(f"{API}/questions/{question['ref']}").json()["answer"]
    assert (answer["value"], answer["reason"]) == ("yes", "it is due")


def test_the_printed_address_signs_in_once_for_all_and_leaves_no_secret_in_the_address(server: Server) -> None:
    with httpx.Client(base_url=server.url) as nobody:
        assert nobody.get(f"{API}/questions").status_code == 401
        assert nobody.get("/login?token=wrong").status_code == 401
        signed = nobody.get(server.sign_in)
        assert (signed.status_code, signed.headers["Location"]) == (303, "/")
        cookie = signed.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie
        assert nobody.get(f"{API}/questions").status_code == 200


def test_it_drains_when_it_is_told_to_end(serve: Callable[..., Server]) -> None:
    server = serve()
    assert httpx.get(f"{server.url}/readyz").json() == {"status": "ok"}
    assert server.end() == 0
    assert "Traceback" not in server.said
