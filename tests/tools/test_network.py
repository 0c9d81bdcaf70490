"""HTTP of tools: what may be reached, in whatever way it is written, and what goes along."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands_cli.builtin import ToolAccess, make
from strands_cli.builtin.confined import Confined
from strands_cli.net.address import HostError, plain_host, why_not
from strands_cli.net.client import HttpRequest, Network, NetworkError
from strands_cli.net.url import URLError, below, parse
from support.small_server import Answer, serving

INTERNAL = [
    "http://localhost/",
    "http://LOCALHOST./",
    "http://anything.localhost/",
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0/",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[fd00:ec2::254]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://[::ffff:169.254.169.254]/",
    "http://168.63.129.16/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://metadata.google.internal/",
    "http://metadata/",
    "http://instance-data/",
    "http://printer.local/",
    "http://db.internal/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
]
MALFORMED = [
    "http://[fe80::1%25eth0]/",
    "http://user:pass@example.com/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com\t.evil.com/",
    "http://exa mple.com/",
    "http://999.1.1.1/",
    "http://1.2.3.4.5/",
    "http://0x/\x00",
    "http://%31%32%37.0.0.1/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "//example.com/",
    "http:///path",
    "gopher://127.0.0.1/",
]


class Never:
    """A resolver that must not be asked."""

    def __call__(self, host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")


def to(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda host, port: list(addresses)


@pytest.mark.parametrize("url", INTERNAL)
def test_case_29_internal_addresses_are_refused_in_every_spelling(url: str) -> None:
    with pytest.raises(NetworkError, match="was not contacted"):
        Network(resolve=Never()).send(HttpRequest("GET", parse(url)))


@pytest.mark.parametrize("url", MALFORMED)
def test_case_29_what_two_parsers_could_read_differently_is_refused(url: str) -> None:
    with pytest.raises(URLError):
        parse(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1%2", "::ffff:10.0.0.1"])
def test_case_29_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(NetworkError, match="was not contacted"):
        Network(resolve=to(address)).addresses(parse("http://rebind.example.com/"))


def test_case_29_one_internal_address_among_public_ones_is_enough() -> None:
    with pytest.raises(NetworkError):
        Network(resolve=to("93.184.215.14", "127.0.0.1")).addresses(parse("http://example.com/"))


@pytest.mark.parametrize("host", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_public_addresses_may_be_reached(host: str) -> None:
    assert why_not(plain_host(host)) == ""


@pytest.mark.parametrize("host", ["", ".", "a..b", "-a.com", "a" * 300, "exa_mple.com\n"])
def test_hosts_that_are_none(host: str) -> None:
    with pytest.raises(HostError):
        plain_host(host)


def test_names_in_other_scripts_are_looked_up_in_ascii() -> None:
    assert plain_host("Bücher.Example.") == "xn--bcher-kva.example"


# -- servers --------


def ok(request: Any) -> Answer:
    return 200, {"Content-Type": "text/plain"}, b"hello"


def moved(place: str, status: int = 302) -> Callable[[Any], Answer]:
    return lambda request: (status, {"Location": place}, b"")


def test_a_host_that_the_spec_allows_is_reached() -> None:
    with serving(ok) as server:
        network = Network(allowed=[f"127.0.0.1:{server.port}"])
        assert network.send(HttpRequest("GET", parse(server.url))).text() == "hello"
        with pytest.raises(NetworkError):
            Network(allowed=["127.0.0.1:1"]).send(HttpRequest("GET", parse(server.url)))


def test_case_29_the_address_that_was_checked_is_the_one_connected_to() -> None:
    """The name leads elsewhere at the second look: there is no second look."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    with serving(ok) as server:
        network = Network(allowed=[f"service.example:{server.port}"], resolve=lambda host, port: answers.pop(0))
        response = network.send(HttpRequest("GET", parse(f"http://service.example:{server.port}/")))
    assert response.status == 200
    assert server.requests[0][2]["host"] == f"service.example:{server.port}"
    assert len(answers) == 1


@pytest.mark.parametrize("inside", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://169.254.169.254/"])
def test_case_29_a_redirect_inside_is_not_followed(inside: str) -> None:
    with serving(moved(inside)) as server:
        network = Network(allowed=[f"127.0.0.1:{server.port}"])
        with pytest.raises(NetworkError, match="was not contacted"):
            network.send(HttpRequest("GET", parse(server.url)))


def test_case_29_credentials_stay_with_their_origin() -> None:
    with serving(ok) as other, serving(moved(f"http://127.0.0.1:{other.port}/x")) as server:
        network = Network(allowed=["127.0.0.1"])
        headers = {"Authorization": "Bearer canary", "Cookie": "a=canary", "X-Key": "canary", "Accept": "text/plain"}
        assert network.send(HttpRequest("GET", parse(server.url), headers)).status == 200
    assert server.requests[0][2]["authorization"] == "Bearer canary"
    assert "canary" not in json.dumps(other.requests[0][2])
    assert other.requests[0][2]["accept"] == "text/plain"


def test_a_redirect_within_the_origin_keeps_them() -> None:
    def answer(request: Any) -> Answer:
        return (302, {"Location": "/there"}, b"") if request.path == "/" else (200, {}, b"ok")

    with serving(answer) as server:
        Network(allowed=["127.0.0.1"]).send(HttpRequest("GET", parse(server.url), {"Authorization": "kept"}))
    assert [request[2].get("authorization") for request in server.requests] == ["kept", "kept"]


def test_a_body_is_not_sent_on_to_another_origin() -> None:
    with serving(ok) as other, serving(moved(f"http://127.0.0.1:{other.port}/", 307)) as server:
        response = Network(allowed=["127.0.0.1"]).send(HttpRequest("POST", parse(server.url), {}, b"private"))
    assert response.status == 307
    assert other.requests == []


def test_redirects_in_a_circle_end() -> None:
    with serving(moved("/")) as server, pytest.raises(NetworkError, match="redirected more than"):
        Network(allowed=["127.0.0.1"]).send(HttpRequest("GET", parse(server.url)))


def test_a_slow_server_is_given_up() -> None:
    release = threading.Event()

    def slow(request: Any) -> Answer:
        release.wait(5)
        return ok(request)

    with serving(slow) as server:
        try:
            with pytest.raises(NetworkError, match="took too long"):
                Network(allowed=["127.0.0.1"]).send(HttpRequest("GET", parse(server.url), timeout=0.1))
        finally:
            release.set()


def test_a_denied_network_reaches_nothing() -> None:
    with pytest.raises(NetworkError, match="guardrails"):
        Network("the guardrails forbid it", ["127.0.0.1"], Never()).send(
            HttpRequest("GET", parse("https://example.com/"))
        )


# -- paths below a base --------


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("users/1", "/v1/users/1"),
        ("/users?x=1&y=a b", "/v1/users?x=1&y=a%20b"),
        ("", "/v1"),
        ("@evil.com/", "/v1/@evil.com/"),
        (".evil.com/", "/v1/.evil.com/"),
        ("a:b", None),
        ("search?q=http://x.com/../y", "/v1/search?q=http://x.com/../y"),
    ],
)
def test_a_path_stays_below_its_base(path: str, target: str | None) -> None:
    base = parse("https://api.example.com/v1/")
    if target is None:
        with pytest.raises(URLError):
            below(base, path)
        return
    url = below(base, path)
    assert (url.host, url.target) == ("api.example.com", target)


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1/",
        "HTTPS://evil.com/",
        "//evil.com/",
        "\\\\evil.com/",
        "/\\evil.com",
        "../admin",
        "a/../../admin",
        "%2e%2e/admin",
        "a%2f..%2fadmin",
        "%252e%252e/admin",
        "x\r\nHost: evil",
    ],
)
def test_case_29_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(URLError):
        below(parse("https://api.example.com/v1/"), path)


# -- the tools --------


def test_web_fetch_returns_what_a_person_would_read(tmp_path: Path) -> None:
    page = b"<html><head><title>T</title><style>x{}</style></head><body><h1>Hi</h1><script>no()</script><p>a&amp;b</p>"
    with serving(lambda request: (200, {"Content-Type": "text/html"}, page)) as server:
        place = ToolAccess(Confined(tmp_path), Network(allowed=["127.0.0.1"]))
        fetch = make("web_fetch", place)
        text = fetch(url=server.url)
        assert fetch(url=server.url, mode="markdown", timeout=20) == text
        assert "<p" in fetch(url=server.url, mode="html")
    assert "Hi" in text
    assert "a&b" in text
    assert "no()" not in text


def test_http_request_sends_and_shows(tmp_path: Path) -> None:
    with serving(lambda request: (201, {"Content-Type": "application/json"}, b'{"id": 1}')) as server:
        place = ToolAccess(Confined(tmp_path), Network(allowed=["127.0.0.1"]))
        text = make("http_request", place)(url=f"{server.url}/items", method="POST", body="{}", headers={"X-A": "b"})
    assert text.startswith("HTTP 201")
    assert '{"id": 1}' in text
    assert server.requests[0][:2] == ("POST", "/items")
    assert server.requests[0][2]["x-a"] == "b"


@pytest.mark.parametrize("headers", [{"Host": "evil"}, {"X": "a\r\nY: b"}, {"a b": "c"}])
def test_http_request_refuses_headers_that_are_the_clients(tmp_path: Path, headers: dict[str, str]) -> None:
    place = ToolAccess(Confined(tmp_path), Network(allowed=["127.0.0.1"], resolve=Never()))
    with pytest.raises(URLError):
        make("http_request", place)(url="http://127.0.0.1/", headers=headers)
