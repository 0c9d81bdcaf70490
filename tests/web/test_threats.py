"""What a server on the loopback interface, or on a network, is exposed to; one test a threat."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from support.web_client import API, answer, problem, questions, start
from support.web_server import Server

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A server in which one question is open, and stays so."""
    home = tmp_path_factory.mktemp("standing")
    server = Server(home, f"sqlite:///{home}/runs.db")
    anna = server.browser()
    start(anna)
    yield Standing(server, anna, questions(anna, 1)[0]["ref"])
    server.close()


class Standing(NamedTuple):
    server: Server
    anna: httpx.Client
    ref: str


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", "[::1]:80"])
def test_a_name_that_is_rebound_to_this_machine_is_refused(standing: Standing, host: str) -> None:
    problem(standing.anna.get(f"{API}/questions", headers={"Host": host}), 400, "wrong-host")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
)
def test_a_page_of_somebody_else_changes_nothing_with_the_cookie(standing: Standing, headers: dict[str, str]) -> None:
    anna = standing.server.client(cookies=standing.anna.cookies)
    problem(answer(anna, standing.ref, "yes", **headers), 403, "cross-site")
    assert questions(standing.anna, 1)[0]["status"] == "open"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_a_form_could_send_is_refused(standing: Standing, kind: str) -> None:
    content = json.dumps({"workflow": "paying"}).encode()
    problem(standing.anna.post(f"{API}/sessions", content=content, headers={"Content-Type": kind}), 415, "not-json")


@pytest.mark.parametrize(
    "body",
    [
        b'{"value": NaN}',
        b'{"value": Infinity}',
        b'{"value": 1e999}',
        b'{"value": "\\ud800"}',
        b'{"value": "\xff"}',
        b'{"value": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"value": "yes", "value": "no"}',
        b'{"value": "yes"',
        b'"yes"',
        b"",
    ],
)
def test_json_that_is_not_plain_is_refused_and_nothing_is_answered(standing: Standing, body: bytes) -> None:
    given = standing.anna.post(f"{API}/questions/{standing.ref}/answer", content=body, headers=JSON)
    assert given.status_code == 400 and given.json()["code"] in ("invalid-json", "invalid-request"), given.text
    assert given.json()["detail"] and given.headers["Content-Type"] == "application/problem+json"
    assert questions(standing.anna, 1)[0]["status"] == "open"
    assert "Traceback" not in standing.server.said


def test_what_is_too_large_is_refused_with_and_without_a_length(server: Server) -> None:
    anna = server.browser()
    large = json.dumps({"workflow": "paying", "inputs": {"amount": "x" * 1_100_000}}).encode()
    problem(anna.post(f"{API}/sessions", content=large, headers=JSON), 413, "too-large")
    parts = (large[at : at + 65536] for at in range(0, len(large), 65536))
    problem(anna.post(f"{API}/sessions", content=parts, headers=JSON), 413, "too-large")
    assert anna.get(f"{API}/sessions").json()["items"] == []


def test_whoever_only_reads_changes_nothing(standing: Standing) -> None:
    """As scanners of mail and link previews do."""
    anna = standing.anna
    (question,) = questions(anna, 1)
    before = anna.get(f"{API}/sessions/{question['session']}/events").json()
    for path in (f"/questions/{question['ref']}", f"/questions/{question['ref']}/answer", "/answers", "/sessions"):
        for method in ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "PATCH"):
            anna.request(method, f"{API}{path}")
    assert anna.get(f"{API}/sessions/{question['session']}/events").json() == before


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/../../etc/passwd",
        "/api/v1/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2fapp.py",
        "/api/v1/sessions/a%00b",
        "/api/v1/sessions/..",
        "/api/v1/sessions/..%5c..%5cx",
        "/%2e%2e%2f%2e%2e%2fetc/passwd",
        "//evil.example/%2e%2e",
    ],
)
def test_a_path_leads_nowhere_else(standing: Standing, path: str) -> None:
    client = standing.anna
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), 10) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: {client.base_url.netloc.decode()}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        said = b""
        while part := connection.recv(65536):
            said += part
    assert said.split()[1] in (b"400", b"401", b"404") and b"root:" not in said


def test_nobody_may_do_anything_without_signing_in(standing: Standing) -> None:
    server = standing.server
    told = server.client().get(f"{server.url}{API}/openapi.json").json()
    for path, operations in told["paths"].items():
        for method in operations:
            url = path.replace("{ref}", "q_x").replace("{session_id}", "x").replace("{name}", "x")
            body = b"{}" if method == "post" else None
            given = server.client().request(method, url.replace("{token_id}", "abcd"), content=body, headers=JSON)
            assert given.status_code in (400, 401), (method, path, given.text)
            assert given.headers["Content-Type"] == "application/problem+json"


def test_a_token_may_what_it_was_made_for_until_it_is_revoked(server: Server) -> None:
    admin = server.browser()
    start(admin)
    start(admin, "refunding")
    questions(admin, 2)
    reader = server.program("--scope", "questions:read,sessions:start", "--workflow", "paying")
    (question,) = questions(reader, 1)
    assert question["workflow"] == "paying"
    problem(answer(reader, question["ref"], "yes"), 403, "scope")
    problem(start(reader, "refunding"), 403, "workflow")
    problem(reader.get(f"{API}/sessions"), 403, "scope")
    problem(reader.get(f"{API}/tokens"), 403, "scope")
    other = next(each for each in questions(admin, 2) if each["workflow"] == "refunding")
    problem(reader.get(f"{API}/questions/{other['ref']}"), 404, "not-found")
    (token,) = admin.get(f"{API}/tokens").json()["items"]
    assert "token" not in token and token["person"] == "anna"
    assert server.command("token", "revoke", token["id"]).returncode == 0
    problem(reader.get(f"{API}/questions"), 401, "unauthorized")


def test_who_signs_in_with_a_token_may_no_more_than_the_token(server: Server) -> None:
    reader = server.program("--scope", "questions:read")
    secret = reader.headers["Authorization"].partition(" ")[2]
    browser = server.client(headers={"Origin": server.url, "Sec-Fetch-Site": "same-origin"})
    assert browser.post("/login", data={"token": secret}).status_code == 303
    assert browser.get(f"{API}/questions").status_code == 200
    problem(browser.get(f"{API}/sessions"), 403, "scope")
    token = server.command("token", "list").stdout.split()[0]
    server.command("token", "revoke", token)
    assert browser.get(f"{API}/questions").status_code == 401


def test_secrets_are_not_guessed(server: Server) -> None:
    client = server.client()
    statuses = [client.get(f"/login?token=guess{number}").status_code for number in range(12)]
    assert statuses[:10] == [401] * 10 and statuses[10:] == [429] * 2
    assert int(client.get("/login?token=x").headers["Retry-After"]) > 0
    assert client.get(server.sign_in).status_code == 303, "who has the secret is not kept out by others"
    assert server.program().get(f"{API}/questions").status_code == 200


def test_secrets_are_kept_as_hashes_in_a_file_of_this_user_alone(server: Server) -> None:
    secret = server.program().headers["Authorization"].partition(" ")[2]
    (file,) = Path(server.env["STRANDS_HOME"], "server").glob("*.db")
    assert file.stat().st_mode & 0o777 == 0o600
    kept = b"".join(each.read_bytes() for each in file.parent.iterdir())
    assert secret.encode() not in kept and secret.split("_", 2)[2].encode() not in kept
    assert secret not in server.command("token", "list", "--json").stdout
    assert re.fullmatch(r"strands_\w+\n", server.command("token", "create", "--for", "ben").stdout.replace("-", "_"))


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(standing: Standing, next: str) -> None:
    server = standing.server
    signed = server.client().get(server.sign_in, params={"token": server.sign_in.partition("=")[2], "next": next})
    assert signed.headers["Location"] == "/"


def test_every_response_tells_browsers_to_be_strict(standing: Standing) -> None:
    server = standing.server
    for path in ("/livez", "/login", "/nowhere", f"{API}/questions"):
        headers = server.client().get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store" and "Server" not in headers
        assert "Access-Control-Allow-Origin" not in headers


def test_text_of_others_comes_back_as_data(standing: Standing) -> None:
    shown = standing.anna.get(f"{API}/questions/{standing.ref}")
    assert shown.headers["Content-Type"] == "application/json" and "<b>To</b>" in shown.json()["context"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--host", "0.0.0.0"), "--auth"),
        (("--host", "0.0.0.0", "--auth", "token"), "--origin"),
        (("--host", "192.0.2.1", "--origin", "https://strands.example.org"), "--auth"),
        (("--auth", "proxy", "--origin", "https://strands.example.org"), "STRANDS_PROXY_SECRET"),
        (("--auth", "oidc", "--origin", "https://strands.example.org"), "--oidc-issuer"),
        (("--uds", "socket"), "--origin"),
        (("--origin", "strands.example.org"), "--origin"),
        (("--people", "nobody.yaml"), "nobody.yaml"),
        (("--host", "0.0.0.0", "--auth", "proxy", "--origin", "https://strands.example.org"), "STRANDS_PROXY_SECRET"),
    ],
)
def test_it_does_not_serve_what_nobody_guards(standing: Standing, arguments: tuple[str, ...], said: str) -> None:
    refused = standing.server.command("serve", *arguments)
    assert refused.returncode == 2 and said in refused.stderr and "Hint:" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_data_that_cannot_be_used_is_named_with_what_to_do(standing: Standing) -> None:
    path = standing.server.home / "notes.txt"
    path.write_text("nothing of a server's " * 100)
    path.chmod(0o600)
    for command in (("serve", "--data", str(path)), ("token", "list", "--data", str(path))):
        refused = standing.server.command(*command)
        assert refused.returncode not in (0, 1, 70) and "notes.txt" in refused.stderr and "Hint:" in refused.stderr
    assert path.read_text().startswith("nothing")


def test_a_port_that_is_taken_is_named_with_what_to_do(standing: Standing) -> None:
    server = standing.server
    port = server.url.rpartition(":")[2]
    refused = server.command("serve", "--port", port)
    assert refused.returncode == 2 and f"port {port}" in refused.stderr and "--port" in refused.stderr


def test_who_dawdles_holds_nobody_up(standing: Standing) -> None:
    server = standing.server
    port = int(server.url.rpartition(":")[2])
    slow = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
        began = time.monotonic()
        assert server.client().get("/livez").status_code == 200
        assert time.monotonic() - began < 30
    finally:
        for connection in slow:
            connection.close()


def test_a_package_that_is_missing_is_named_with_how_to_install_it(standing: Standing) -> None:
    server = standing.server
    import subprocess
    import sys

    code = "import sys; sys.modules['fastapi'] = None\nfrom strands_cli.cli.main import main\nsys.exit(main(['serve']))"
    refused = subprocess.run([sys.executable, "-c", code], env=server.env, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "pip install 'strands-cli[server]'" in refused.stderr


def test_signing_out_leaves_no_cookie_and_a_copy_of_it_is_worth_nothing(server: Server) -> None:
    anna, other = server.browser(), server.browser()
    copy = server.client(cookies=anna.cookies)
    assert copy.get(f"{API}/questions").status_code == 200
    assert anna.post("/logout").status_code == 303
    problem(anna.get(f"{API}/questions"), 401, "unauthorized")
    problem(copy.get(f"{API}/questions"), 401, "unauthorized")
    assert other.get(f"{API}/questions").status_code == 200


def test_a_cookie_is_for_the_way_in_that_it_was_given_out_by(serve: Callable[..., Server]) -> None:
    local = serve()
    anna = local.browser()
    port = local.url.rpartition(":")[2]
    assert local.end() == 0
    again = serve("--auth", "token", "--port", port)
    problem(again.client(cookies=anna.cookies).get(f"{API}/questions"), 401, "unauthorized")


@pytest.fixture
def proxied(serve: Callable[..., Server], tmp_path: Path) -> httpx.Client:
    people = tmp_path / "people.yaml"
    people.write_text("anna: {ids: [user:proxy:anna@example.org], roles: [finance]}\n")
    origin = ("--auth", "proxy", "--origin", "https://strands.example.org")
    env = {"STRANDS_PROXY_SECRET": "between us"}
    server = serve(*origin, "--uds", str(tmp_path / "socket"), "--people", str(people), env=env)
    client = httpx.Client(
        transport=httpx.HTTPTransport(uds=str(tmp_path / "socket")), base_url="http://strands.example.org"
    )
    server.clients.append(client)
    return client


def test_a_proxy_says_who_asks_over_its_socket_and_with_its_secret(proxied: httpx.Client) -> None:
    anna = {"X-Forwarded-User": "anna@example.org", "X-Strands-Proxy": "between us"}
    assert proxied.get(f"{API}/questions", headers=anna).status_code == 200
    problem(proxied.get(f"{API}/questions"), 401, "unauthorized")
    for secret in ({}, {"X-Strands-Proxy": "guessed"}, {"X-Strands-Proxy": ""}):
        forged = {"X-Forwarded-User": "anna@example.org", **secret}
        problem(proxied.get(f"{API}/questions", headers=forged), 403, "not-the-proxy")
    admin = {**anna, "X-Forwarded-Groups": "admin"}
    assert proxied.get(f"{API}/tokens", headers=admin).status_code == 200
    problem(proxied.get(f"{API}/tokens", headers=anna), 403, "not-admin")
    strict = proxied.get("/livez").headers["Strict-Transport-Security"]
    assert strict.startswith("max-age=")


def test_over_tcp_only_the_address_of_the_proxy_is_believed(serve: Callable[..., Server]) -> None:
    given = ("--auth", "proxy", "--origin", "https://strands.example.org")
    env = {"STRANDS_PROXY_SECRET": "between us"}
    anna = {"X-Forwarded-User": "anna@example.org", "X-Strands-Proxy": "between us"}
    for address, status in (("192.0.2.1", 403), ("127.0.0.1", 200)):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = serve(*given, "--trust-proxy", address, "--port", str(port), env=env)
        asked = httpx.get(f"{server.listening}{API}/questions", headers={**anna, **server.host})
        assert asked.status_code == status, asked.text
