"""Signing in at an OpenID Connect provider."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.web_client import API, problem
from support.web_server import Server

pytest.importorskip("authlib")
from support.stub_oidc import Provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("oidc")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    people = home / "people.yaml"
    people.write_text(f"anna: {{ids: ['user:oidc:{provider.issuer}#u1'], roles: [finance]}}\n")
    given = ("--port", str(port), "--origin", f"http://127.0.0.1:{port}", "--auth", "oidc", "--people", str(people))
    named = ("--oidc-issuer", provider.issuer, "--oidc-client-id", "strands", "--oidc-role", "staff=admin")
    made = Server(home, f"sqlite:///{home}/runs.db", *given, *named)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def honest(provider: Provider) -> None:
    provider.forged, provider.claims = "", {"sub": "u1", "name": "Anna"}


def signed_in(server: Server, browser: httpx.Client) -> httpx.Response:
    """Follow a browser through signing in; return the response of the last step."""
    begun = browser.get("/login?next=/sessions")
    started = browser.get(begun.headers["Location"])
    assert started.status_code == 302, started.text
    asked = httpx.get(started.headers["Location"])
    return browser.get(asked.headers["Location"])


def test_a_person_signs_in_and_groups_are_roles(server: Server, provider: Provider) -> None:
    browser = server.client()
    done = signed_in(server, browser)
    assert (done.status_code, done.headers["Location"]) == (303, "/sessions"), done.text
    assert "HttpOnly" in done.headers["Set-Cookie"]
    assert browser.get(f"{API}/questions").status_code == 200
    problem(browser.get(f"{API}/tokens"), 403, "not-admin")
    provider.claims = {"sub": "u2", "groups": ["staff", "unknown"]}
    admin = server.client()
    signed_in(server, admin)
    assert admin.get(f"{API}/tokens").status_code == 200


@pytest.mark.parametrize("forged", ["key", "none", "secret", "audience", "issuer", "nonce", "expired"])
def test_an_id_token_that_proves_nothing_signs_nobody_in(server: Server, provider: Provider, forged: str) -> None:
    provider.forged = forged
    browser = server.client()
    problem(signed_in(server, browser), 401, "sign-in")
    assert browser.get(f"{API}/questions").status_code == 401
    assert "Traceback" not in server.said


def test_what_was_begun_in_another_browser_is_not_ended_here(server: Server) -> None:
    victim, attacker = server.client(), server.client()
    victim.get("/login/oidc")
    started = attacker.get("/login/oidc")
    back = httpx.get(started.headers["Location"]).headers["Location"]
    problem(victim.get(back), 401, "sign-in")
    problem(server.client().get(back), 401, "sign-in")
    assert victim.get(f"{API}/questions").status_code == 401


def test_a_role_that_people_yaml_takes_away_is_gone_for_who_had_signed_in(provider: Provider, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    people = tmp_path / "people.yaml"
    given = ("--port", str(port), "--origin", f"http://127.0.0.1:{port}", "--auth", "oidc", "--people", str(people))
    named = ("--oidc-issuer", provider.issuer, "--oidc-client-id", "strands")
    cookies = httpx.Cookies()
    for roles, status in (("[admin]", 200), ("[]", 403)):
        people.write_text(f"anna: {{ids: ['user:oidc:{provider.issuer}#u1'], roles: {roles}}}\n")
        server = Server(tmp_path, f"sqlite:///{tmp_path}/runs.db", *given, *named)
        browser = server.client(cookies=cookies)
        if not cookies:
            signed_in(server, browser)
            cookies = browser.cookies
        assert browser.get(f"{API}/questions").status_code == 200
        assert browser.get(f"{API}/tokens").status_code == status
        server.close()


def test_a_provider_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = ("--auth", "oidc", "--oidc-issuer", f"http://127.0.0.1:{port}", "--oidc-client-id", "strands")
    server = Server(tmp_path, f"sqlite:///{tmp_path}/runs.db", *given)
    problem(server.client().get("/login/oidc"), 503, "provider")
    server.close()
