"""HTTP executors: what the model asks for is sent as it was meant, to the service of the spec and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from strands import Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from support.http_service import CANARY, called, echo, service
from support.small_server import serving
from support.specs import solo


def test_the_service_gets_the_secret_and_the_path_stays_below_the_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(echo) as server:
        call = ToolCall("api", {"path": "users/1", "query": {"q": "a b"}, "headers": {"Authorization": "mine"}})
        called(solo(**service(server)), call)
    method, path, headers, _ = server.requests[0]
    assert (method, path) == ("GET", "/v1/users/1?q=a+b")
    assert headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize("path", ["http://127.0.0.1:1/", "//evil.com", "../admin", "%2e%2e/x"])
def test_case_29_a_path_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(echo) as server:
        told, _ = called(solo(**service(server)), ToolCall("api", {"path": path}))
    assert "error" in told
    assert server.requests == []


def test_case_29_a_redirect_elsewhere_gets_no_secret_and_no_way_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(echo) as other, serving(lambda request: (302, {"Location": other.url}, b"")) as server:
        told, _ = called(solo(**service(server)), ToolCall("api", {"path": "x"}))
    assert "was not contacted" in told
    assert other.requests == []


JSON = "application/json"


@pytest.mark.parametrize(
    ("arguments", "kind", "body"),
    [
        ({"json_data": {"a": True, "b": None}}, JSON, b'{"a": true, "b": null}'),
        ({"json_data": "text"}, JSON, b'"text"'),
        ({"json_data": False}, JSON, b"false"),
        ({"body": {"a": 1}}, JSON, b'{"a": 1}'),
        ({"body": '{"a": 1}'}, JSON, b'{"a": 1}'),
        ({"body": "a=1"}, "text/plain; charset=utf-8", b"a=1"),
        ({"body": "a=1", "headers": {"content-type": "x/y"}}, "x/y", b"a=1"),
    ],
)
def test_a_body_is_sent_as_what_it_is(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], kind: str, body: bytes
) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(echo) as server:
        called(solo(**service(server)), ToolCall("api", {"method": "POST", "path": "items", **arguments}))
    method, _, headers, sent = server.requests[0]
    assert (method, headers["content-type"], sent) == ("POST", kind, body)


@pytest.mark.parametrize("name", ["params", "query"])
def test_parameters_are_written_as_json_writes_them(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    given = {"all": True, "none": False, "n": 3, "x": 1.5, "left": None, "label": ["a b", "c&d"], "t": "True"}
    with serving(echo) as server:
        called(solo(**service(server)), ToolCall("api", {"path": "items?a=1", name: given}))
    assert server.requests[0][1] == "/v1/items?a=1&all=true&none=false&n=3&x=1.5&label=a+b&label=c%26d&t=True"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"params": {"filter": {"a": 1}}}, "'filter'"),
        ({"params": {"filter": [["a"]]}}, "'filter'"),
        ({"querry": {"a": 1}}, "no argument 'querry'"),
        ({"json": {"a": 1}}, "no argument 'json'"),
        ({"params": {"a": 1}, "query": {"b": 1}}, "not both"),
        ({"json_data": {"a": 1}, "body": "b"}, "not both"),
    ],
)
def test_what_cannot_be_sent_as_it_was_meant_is_an_error_to_the_model(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], problem: str
) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(echo) as server:
        told, result = called(solo(**service(server)), ToolCall("api", {"path": "x", **arguments}))
    assert result.success
    assert server.requests == []
    assert "'status': 'error'" in told
    assert problem in told.replace("\\'", "'")


@pytest.mark.parametrize("status", [400, 401, 404, 418, 500, 502])
def test_an_answer_of_400_or_more_is_an_error_with_what_the_service_said(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(lambda request: (status, {}, f"no: {CANARY}".encode())) as server:
        told, result = called(solo(**service(server)), ToolCall("api", {"path": "x"}))
    assert result.success
    assert len(server.requests) == 1
    assert "'status': 'error'" in told and f"HTTP {status}" in told and "no: [secret TOKEN]" in told


def past() -> str:
    return format_datetime(datetime.now(timezone.utc) - timedelta(seconds=5), usegmt=True)


@pytest.mark.parametrize(
    ("status", "method", "after", "tries"),
    [
        (429, "POST", "0", 2),
        (503, "POST", "0", 2),
        (503, "GET", "past", 2),
        (503, "POST", "", 1),
        (429, "GET", "3600", 1),
        (503, "GET", "99999999999999999999", 1),
        (500, "GET", "0", 1),
    ],
)
def test_a_service_that_is_busy_is_asked_again_when_it_says(
    monkeypatch: pytest.MonkeyPatch, status: int, method: str, after: str, tries: int
) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    headers = {"Retry-After": past() if after == "past" else after} if after else {}
    answers = iter([(status, headers, b"busy"), (200, {}, b"done at last")])
    with serving(lambda request: next(answers)) as server:
        told, _ = called(
            solo(**service(server)), ToolCall("api", {"path": "x", "method": method, "json_data": {"a": 1}})
        )
        assert len(server.requests) == tries
        assert len({str(each) for each in server.requests}) == 1
    assert ("done at last" in told) is (tries == 2)


def test_a_service_that_stays_busy_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(lambda request: (429, {"Retry-After": "0"}, b"busy")) as server:
        told, _ = called(solo(**service(server)), ToolCall("api", {"path": "x"}))
        assert 1 < len(server.requests) < 10
    assert "HTTP 429" in told


def test_the_network_can_be_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(echo) as server:
        spec = solo(**service(server), security={"guardrails": {"deny_network": True}})
        told, _ = called(spec, ToolCall("api", {"path": "x"}))
    assert "deny_network" in told
    assert server.requests == []


def test_a_rehearsal_sends_nothing_and_needs_no_secret() -> None:
    with serving(echo) as server:
        told, result = called(solo(**service(server)), ToolCall("api", {"path": "x"}), offline=True)
    assert result.success
    assert "Rehearsal" in told
    assert server.requests == []


def test_the_model_is_told_what_the_spec_says_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    more = {
        "description": "Users.",
        "response_format": "JSON",
        "common_endpoints": [{"method": "GET", "path": "/users/{id}", "description": "One user"}],
        "examples": [{"method": "POST", "path": "/users", "json_data": {"name": "Ada"}}],
    }
    model = ScriptedModel(["done"])
    with serving(echo) as server:
        Workflow.from_dict(solo(**service(server, **more)), model=model).run()
    [spec] = model.requests[0].tool_specs
    for text in ("Users.", "JSON", "GET /users/{id}: One user", '{"name": "Ada"}'):
        assert text in spec["description"]
    assert "${TOKEN}" not in str(spec)
