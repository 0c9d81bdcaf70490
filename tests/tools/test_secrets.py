"""Secrets and HTTP executors: credentials reach their service and nothing else."""

from __future__ import annotations

import base64
import html
import json
import logging
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import boto3
import pytest

from strands import Workflow, tool
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent, HookRegistry
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.exceptions import ModelRequestError
from strands_cli.errors import ExecutionError
from strands_cli.resources.secrets import SecretError, Secrets
from strands_cli.resources.spellings import SpellingStream
from strands_cli.session.repository import FileSessionRepository
from strands_cli.spec.env import Secret
from support.http_service import CANARY, called, echo, service
from support.small_server import serving
from support.specs import solo


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

    calls = [ToolCall("api", {"path": "x"}), ToolCall("leaky"), ToolCall("file_read", {"path": ".env"})]
    model = ScriptedModel([*calls, "done"])
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
    own = secrets(place, name="T", source="env")
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
    spellings = secrets(place, name="T", source="env").spellings()
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


# -- sources --------


def secrets(place: Path, **secret: Any) -> Secrets:
    return Secrets([Secret(**secret)], place)


def test_a_file_holds_a_secret(place: Path) -> None:
    (place / "token").write_text(f"{CANARY}\n")
    assert secrets(place, name="T", source="file", path="token").value("T") == CANARY
    with pytest.raises(SecretError, match="No such file"):
        secrets(place, name="T", source="file", path="nowhere").value("T")


def test_a_name_that_is_not_declared(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", CANARY)
    with pytest.raises(SecretError, match="not declared"):
        secrets(place, name="T", source="env").expand("${OTHER}")


def test_case_28_what_a_secret_holds_is_not_looked_at_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T", "${T}${U}{{ x }}")
    assert secrets(place, name="T", source="env").expand("a ${T} $T {T}") == "a ${T}${U}{{ x }} $T {T}"


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
        assert secrets(place, name="A", source="secrets_manager", path="plain").value("A") == CANARY
        assert secrets(place, name="A", source="secrets_manager", path="fields", key="token").value("A") == CANARY
        assert secrets(place, name="A", source="ssm", path="/app/token").value("A") == CANARY
        with pytest.raises(SecretError, match="no field 'other'"):
            secrets(place, name="A", source="secrets_manager", path="fields", key="other").value("A")
        with pytest.raises(SecretError, match="cannot be read from ssm"):
            secrets(place, name="A", source="ssm", path="/app/nothing").value("A")
