"""Secrets and HTTP executors: credentials reach their service and nothing else."""

from __future__ import annotations

import base64
import html
import json
import logging
import traceback
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import boto3
import pytest

from strands import Workflow, tool
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent, HookRegistry
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.exceptions import ModelRequestError
from strands_cli.equipment.spellings import SpellingStream
from strands_cli.equipment.vault import SecretError, Vault
from strands_cli.errors import ExecutionError
from strands_cli.session.repository import FileSessionRepository
from strands_cli.spec.env import Secret
from support.small_server import Answer, Server, serving
from support.specs import solo

CANARY = "canary-7f3a9"


def echo(request: Any) -> Answer:
    """A service that tells all it was sent."""
    return 200, {"Content-Type": "application/json", "X-Echo": "1"}, json.dumps(dict(request.headers)).encode()


def service(server: Server, **more: Any) -> dict[str, Any]:
    executor = {"id": "api", "base_url": f"{server.url}/v1", "headers": {"Authorization": "Bearer ${TOKEN}"}, **more}
    return {
        "env": {"secrets": [{"name": "TOKEN", "source": "env", "key": "MY_TOKEN"}]},
        "tools": {"http_executors": [executor]},
    }


def called(spec: dict[str, Any], call: ToolCall, **more: Any) -> tuple[str, Any]:
    model = ScriptedModel([call, "done"])
    result = Workflow.from_dict(spec, model=model, **more).run()
    return str(model.requests[-1].messages[-1]["content"]), result


def test_the_service_gets_the_secret_and_the_path_stays_below_the_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(echo) as server:
        call = ToolCall("api", {"path": "users/1", "query": {"q": "a b"}, "headers": {"Authorization": "mine"}})
        called(solo(**service(server)), call)
    method, path, headers, _ = server.requests[0]
    assert (method, path) == ("GET", "/v1/users/1?q=a+b")
    assert headers["authorization"] == f"Bearer {CANARY}"


def test_case_37_the_secret_is_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    (place / ".env").write_text(f"MY_TOKEN={CANARY}")
    caplog.set_level(logging.DEBUG)

    @tool
    def leaky() -> str:
        """Fail with the secret."""
        raise RuntimeError(f"cannot log in with {CANARY}")

    calls = [ToolCall("api", {"path": "x"}), ToolCall("leaky"), ToolCall("file_read", {"path": ".env"}), "done"]
    model = ScriptedModel(calls)
    artifact = {"path": "./out.md", "from": "{{ last_response }}{{ TRACE }}"}
    with serving(echo) as server:
        spec = solo(**service(server), outputs={"artifacts": [artifact]})
        spec["tools"]["python"] = ["file_read"]
        result = Workflow.from_dict(spec, model=model, tools=[leaky]).run()
    assert result.success
    assert CANARY in str(server.requests)
    assert "[secret TOKEN]" in str(model.requests[1].messages)
    (place / ".env").unlink()
    for request in model.requests:
        assert CANARY not in str(request.messages) + str(request.tool_specs) + str(request.system_prompt)
    assert CANARY not in caplog.text + repr(result)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]


ODD = 'p@ss"w/ö&<k>+=%7f3a9'


def spelled(secret: str) -> dict[str, str]:
    data = secret.encode()
    return {
        "plain": secret,
        "json": json.dumps(secret),
        "json, slashes too": json.dumps(secret).replace("/", "\\/"),
        "json in json": json.dumps(json.dumps({"a": secret})),
        "repr": repr(secret),
        "url": quote(secret, safe=""),
        "url of a url": quote(quote(secret)),
        "form": quote_plus(secret),
        "html": html.escape(secret),
        "html numbers": "".join(f"&#{ord(each)};" for each in secret),
        "hex": data.hex(),
        **{f"base64 behind {n}": base64.b64encode(b"u" * n + data + b"!").decode() for n in range(3)},
        **{f"base64 of urls behind {n}": base64.urlsafe_b64encode(b"u" * n + data).decode() for n in range(3)},
    }


SPELLED = [
    pytest.param(secret, text, id=f"{name} {secret}")
    for secret in (CANARY, ODD)
    for name, text in spelled(secret).items()
]


@pytest.mark.parametrize(("secret", "text"), SPELLED)
def test_case_37_a_secret_is_found_however_it_is_spelled(
    monkeypatch: pytest.MonkeyPatch, place: Path, secret: str, text: str
) -> None:
    monkeypatch.setenv("T", secret)
    own = vault(place, name="T", source="env")
    assert own.scrub(f"<{text}>").count("[secret T]") == 1
    assert secret not in str(own.scrub({"a": [f"{text} and more"], text: 1}))
    spellings = own.spellings()
    assert spellings is not None
    for cut in range(len(text) + 1):
        stream = SpellingStream(spellings)
        shown = stream.feed("<" + text[:cut]) + stream.feed(text[cut:] + ">") + stream.end()
        assert shown == own.scrub(f"<{text}>")


def test_text_without_secrets_stays_as_it_is_and_is_not_held_back_for_long(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("T", ODD)
    spellings = vault(place, name="T", source="env").spellings()
    assert spellings is not None
    stream = SpellingStream(spellings)
    text = "p@ 100% of a&b \\u00f6, p@ss and \\n; plain words."
    shown = [stream.feed(each) for each in text]
    assert "".join(shown) + stream.end() == text == spellings.scrubbed(text)
    assert "".join(shown).endswith("words.")
    for hostile in ("\\" * 50_000, "%25" * 20_000, "&amp;" * 10_000, "p@ss" * 20_000):
        assert spellings.scrubbed(hostile) == hostile


SINKS = [CANARY, base64.b64encode(f"user:{CANARY}".encode()).decode(), quote_plus(ODD), json.dumps(ODD)]


class Careless:
    """Says secrets wherever a hook can say something."""

    def __init__(self, said: str) -> None:
        self._said = said

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self.before)
        registry.add_callback(AfterToolCallEvent, self.after)

    def before(self, event: BeforeToolCallEvent) -> None:
        logging.getLogger("careless").error("about to use %s", self._said)
        if event.tool_use["name"] == "ask":
            event.interrupt("sure", reason={"what": f"use {self._said}?", self._said: 1})

    def after(self, event: AfterToolCallEvent) -> None:
        event.result = {**event.result, "content": [*event.result["content"], {"text": f"after: {self._said}"}]}


@pytest.mark.parametrize("said", SINKS)
def test_case_37_no_sink_gets_what_tools_hooks_models_and_people_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    monkeypatch.setenv("ODD", ODD)
    caplog.set_level(logging.DEBUG)
    got: list[Any] = []

    @tool
    def take(text: str) -> str:
        """Take it."""
        got.append(text)
        try:
            raise ValueError(f"raised {said}")
        except ValueError:
            logging.getLogger("tool").exception("failed")
        return f"told {said}"

    @tool
    def fail() -> str:
        """Fail."""
        raise RuntimeError(f"failed with {said}")

    @tool
    def ask() -> str:
        """Ask."""
        return "asked"

    spec = solo(2, env={"secrets": [{"name": "TOKEN", "key": "MY_TOKEN"}, {"name": "ODD", "key": "ODD"}]})
    spec["inputs"] = {"values": {"given": "x"}}
    spec["pattern"]["config"]["steps"][0]["input"] = "first {{ given }}"
    spec["agents"]["worker"]["prompt"] = "You know {{ given }}."
    spec["outputs"] = {"artifacts": [{"path": "./out.md", "from": "{{ last_response }} {{ TRACE }} {{ given }}"}]}
    calls = [ToolCall("take", {"text": said}), ToolCall("fail"), ToolCall("ask")]
    model = ScriptedModel([*calls, f"I say {said}, twice: {said}", f"and again {said}"])
    repository = FileSessionRepository(tmp_path / "sessions")
    workflow = Workflow.from_dict(
        spec, model=model, tools=[take, fail, ask], hooks=[Careless(said)], repository=repository, output_dir=tmp_path
    )
    events: list[Any] = []
    workflow.on("*", events.append)
    first = workflow.run(variables={"given": f"given {said}"})
    assert first.status == "paused"
    assert first.session_id is not None
    result = workflow.resume(first.session_id, f"use {said}")
    assert result.success, result.error_message
    everything = [repr(first), repr(result), str(events), caplog.text]
    everything += [str([each.messages, each.system_prompt, each.tool_specs]) for each in model.requests]
    everything += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert sum("[secret " in each for each in everything) >= 6
    for each in everything:
        for secret in (CANARY, ODD):
            for text in spelled(secret).values():
                assert text not in each
    assert got == ["[secret TOKEN]"] or "[secret" in got[0]


def test_case_37_an_error_says_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)

    def broken(messages: Any) -> Any:
        raise ModelRequestError(f"400: {CANARY} is not welcome")

    spec = solo(env={"secrets": [{"name": "TOKEN", "key": "MY_TOKEN"}]})
    with pytest.raises(ExecutionError) as caught:
        Workflow.from_dict(spec, model=ScriptedModel(broken)).run()
    shown = "".join(traceback.format_exception(caught.value))
    assert "[secret TOKEN] is not welcome" in shown
    assert CANARY not in shown


def test_case_37_a_body_that_is_cut_off_does_not_end_in_half_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    body = b"x" * (100_000 - 6) + CANARY.encode() + b"y" * 100
    with serving(lambda request: (200, {"Content-Type": "text/plain"}, body)) as server:
        told, _ = called(solo(**service(server)), ToolCall("api", {"path": "x"}))
    assert CANARY[:5] not in told


def test_a_secret_that_is_missing_is_told_by_name_before_the_first_step(place: Path) -> None:
    model = ScriptedModel(["done"])
    with serving(echo) as server:
        spec = solo(**service(server))
        with pytest.raises(SecretError, match=r"'TOKEN' is not set.*'MY_TOKEN'"):
            Workflow.from_dict(spec, model=model, repository=FileSessionRepository(place / "s")).run()
        assert (model.requests, server.requests, list(place.glob("s/*/*"))) == ([], [], [])
        spec["agents"]["worker"]["tools"] = []
        assert Workflow.from_dict(spec, model=model).run().success


def test_a_secret_that_went_missing_is_told_before_a_session_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    with serving(echo) as server:
        spec = solo(1, {"approvals": [{"tools": ["api"]}]}, **service(server))
        workflow = Workflow.from_dict(spec, model=ScriptedModel([ToolCall("api", {"path": "x"}), "done"]))
        paused = workflow.run()
        assert paused.session_id is not None
        monkeypatch.delenv("MY_TOKEN")
        with pytest.raises(ExecutionError, match="'TOKEN' is not set"):
            workflow.resume(paused.session_id, "approve")
        assert server.requests == []
        monkeypatch.setenv("MY_TOKEN", CANARY)
        assert workflow.resume(paused.session_id).success
        assert len(server.requests) == 1


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


# -- sources --------


def vault(place: Path, **secret: Any) -> Vault:
    return Vault([Secret(**secret)], place)


def test_a_file_holds_a_secret(place: Path) -> None:
    (place / "token").write_text(f"{CANARY}\n")
    assert vault(place, name="T", source="file", path="token").value("T") == CANARY
    with pytest.raises(SecretError, match="No such file"):
        vault(place, name="T", source="file", path="nowhere").value("T")


def test_a_name_that_is_not_declared(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", CANARY)
    with pytest.raises(SecretError, match="not declared"):
        vault(place, name="T", source="env").expand("${OTHER}")


def test_case_28_what_a_secret_holds_is_not_looked_at_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T", "${T}${U}{{ x }}")
    assert vault(place, name="T", source="env").expand("a ${T} $T {T}") == "a ${T}${U}{{ x }} $T {T}"


def test_the_secrets_of_aws(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moto = pytest.importorskip("moto", reason="moto is not installed")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with moto.mock_aws():
        manager = boto3.client("secretsmanager")
        manager.create_secret(Name="plain", SecretString=CANARY)
        manager.create_secret(Name="fields", SecretString=json.dumps({"token": CANARY}))
        boto3.client("ssm").put_parameter(Name="/app/token", Value=CANARY, Type="SecureString")
        assert vault(place, name="A", source="secrets_manager", path="plain").value("A") == CANARY
        assert vault(place, name="A", source="secrets_manager", path="fields", key="token").value("A") == CANARY
        assert vault(place, name="A", source="ssm", path="/app/token").value("A") == CANARY
        with pytest.raises(SecretError, match="no field 'other'"):
            vault(place, name="A", source="secrets_manager", path="fields", key="other").value("A")
        with pytest.raises(SecretError, match="cannot be read from ssm"):
            vault(place, name="A", source="ssm", path="/app/nothing").value("A")
