"""Secrets that a workflow file holds literally, and those that are kept at AWS: no session has them, and all go on."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

from strands import SessionManager, Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import ExecutionError
from strands_cli.resources.secrets import SecretError
from support.console import Console
from support.http_service import CANARY, echo
from support.small_server import Server, serving
from support.specs import solo

KEY = "sk-live-0123456789"
ASK = {"type": "hitl", "prompt": "ok?"}


def holding(server: Server | None = None, **more: Any) -> dict[str, Any]:
    """A workflow that calls a service with literal keys, asks a person, and calls it again."""
    headers = {"Authorization": f"Bearer {KEY}", "X-Api-Key": "abcd-efgh-ijkl", "Accept": "application/json"}
    executor = {"id": "api", "base_url": server.url if server else "http://127.0.0.1:9", "headers": headers}
    spec = solo(tools={"http_executors": [executor], **more})
    call = {"agent": "worker", "input": "call"}
    spec["pattern"]["config"]["steps"] = [call, ASK, call]
    return spec


def caller() -> ScriptedModel:
    return ScriptedModel(lambda messages: "end" if "toolResult" in str(messages[-1]) else ToolCall("api", {}))


def kept(tmp_path: Path) -> str:
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert files
    return "".join(path.read_text(errors="replace") for path in files)


def test_literal_keys_are_sent_and_no_session_has_them(tmp_path: Path) -> None:
    with serving(echo) as server:
        workflow = Workflow.from_dict(holding(server), model=caller())
        paused = workflow.run()
        assert paused.session_id is not None
        assert workflow.resume(paused.session_id, "yes").success
    assert [headers["authorization"] for _, _, headers, _ in server.requests] == [f"Bearer {KEY}"] * 2
    assert [headers["x-api-key"] for _, _, headers, _ in server.requests] == ["abcd-efgh-ijkl"] * 2
    assert KEY not in kept(tmp_path) and "abcd-efgh-ijkl" not in kept(tmp_path)
    assert "Bearer ${API_AUTHORIZATION}" in kept(tmp_path) and "application/json" in kept(tmp_path)


def test_what_is_not_on_record_comes_from_the_file_or_the_environment_or_is_missed_by_its_name(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flows = ModuleType("flows")
    flows.workflow = Workflow.from_dict(solo(), model=caller())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "flows", flows)
    file = place / "flow.yaml"
    with serving(echo) as server:
        workflow = Workflow.from_dict(holding(server), model=caller())
        text = workflow.spec.to_yaml()

        def paused() -> str:
            file.write_text(text)
            return Workflow.from_file(file, model=caller()).run().session_id or ""

        def resumed(id_: str) -> list[str]:
            seen = len(server.requests)
            assert SessionManager().get_session(id_).resume("yes", app="flows:workflow").success
            return [headers["authorization"] for _, _, headers, _ in server.requests[seen:]]

        assert resumed(paused()) == [f"Bearer {KEY}"]

        session = paused()
        file.write_text(text.replace(KEY, "sk-rotated-98765"))
        assert resumed(session) == ["Bearer sk-rotated-98765"]

        session = paused()
        file.unlink()
        with pytest.raises(SecretError, match="'API_AUTHORIZATION' stood in the workflow file") as refused:
            resumed(session)
        assert "your answer is recorded" in str(refused.value)
        monkeypatch.setenv("API_AUTHORIZATION", "sk-of-the-environment")
        monkeypatch.setenv("API_X_API_KEY", "k")
        assert resumed(session) == ["Bearer sk-of-the-environment"]
    assert KEY not in kept(tmp_path) and "sk-of-the-environment" not in kept(tmp_path)


def test_a_rotated_key_is_no_change_of_the_workflow(tmp_path: Path) -> None:
    console = Console(tmp_path)
    spec = Workflow.from_dict(holding(), model=caller()).spec.to_yaml()
    file = console.write("flow.yaml", spec)
    console.run("run", "flow.yaml", "--offline", "-q", code=19)
    file.write_text(spec.replace(KEY, "sk-rotated-98765"))
    (session,) = (path.name.removeprefix("session_") for path in (console.home / "workflows").glob("session_*"))
    assert "changed" not in console.run("resume", session, "--response", "yes").stderr


SECRET_PLACES: dict[str, dict[str, Any]] = {
    "a header by another name": {"headers": {"Ocp-Apim-Subscription-Key": CANARY}},
    "a cookie": {"headers": {"Cookie": f"sid={CANARY}"}},
    "a query": {"url": f"https://example.com/mcp?tavilyApiKey={CANARY}&x=1"},
    "a login in a url": {"url": f"https://bob:{CANARY}@example.com/mcp"},
    "what a client logs in with": {"auth": {"client_id": "me", "client_secret": CANARY}},
    "a variable": {"env": {"GITHUB_TOKEN": CANARY}},
    "a variable in capitals": {"env": {"PGPASSWORD": CANARY}},
    "a url in a variable": {"env": {"DATABASE_URL": f"postgres://bob:{CANARY}@localhost/db"}},
    "an option": {"args": [f"--api-key={CANARY}"]},
    "an option and its value": {"args": ["--token", CANARY, "."]},
    "a header in an option": {"args": ["--header", f"Authorization: Bearer {CANARY}"]},
}


@pytest.mark.parametrize("case", SECRET_PLACES)
def test_secret_places_of_mcp_servers(tmp_path: Path, case: str) -> None:
    server = SECRET_PLACES[case]
    way = {"command": "none"} if {"env", "args"} & server.keys() else {"url": "https://example.com/mcp"}
    spec = solo(tools={"mcp": [{"id": "s", **way, **server}]})
    Workflow.from_dict(spec, offline=True).run()
    assert CANARY not in kept(tmp_path) and "${" in kept(tmp_path)


PLAIN = {
    "args": ["-y", "server", "--verbose", ".", "--max-tokens", "200"],
    "env": {"LOG_LEVEL": "info", "TOKENIZERS_PARALLELISM": "false", "AUTH_TYPE": "none", "AWS_ACCESS_KEY_ID": "AKIA1"},
}


def test_what_is_no_secret_stays_as_it_is(tmp_path: Path) -> None:
    spec = solo(tools={"mcp": [{"id": "s", "command": "none", **PLAIN}]})
    result = Workflow.from_dict(spec, offline=True).run()
    server = SessionManager().get_session(result.session_id or "").spec_dict["tools"]["mcp"][0]
    assert {name: server[name] for name in PLAIN} == PLAIN


def test_a_declared_secret_that_stands_in_a_text_is_not_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    spec = solo(2, agent={"prompt": f"Your key is {CANARY}."}, env={"secrets": [{"name": "MY_TOKEN"}]})
    spec["inputs"] = {"values": {"key": CANARY}}
    spec["pattern"]["config"]["steps"] = [{"agent": "worker", "input": f"{CANARY} {{{{ key }}}}"}, ASK]
    workflow = Workflow.from_dict(spec, offline=True)
    paused = workflow.run()
    assert workflow.resume(paused.session_id or "", "yes").success
    assert CANARY not in kept(tmp_path)


def test_a_secret_of_aws_is_known_before_anything_is_written(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto = pytest.importorskip("moto", reason="moto is not installed")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    @tool
    def leak() -> str:
        """Tell the secret."""
        return f"it is {CANARY}"

    spec = solo(agent={"tools": ["leak"]}, env={"secrets": [{"name": "APP", "source": "ssm", "path": "/app"}]})
    spec["pattern"]["config"]["steps"][0]["input"] = "{{ topic }}"
    model = ScriptedModel(lambda messages: CANARY if "toolResult" in str(messages[-1]) else ToolCall("leak", {}))
    workflow = Workflow.from_dict(spec, model=model, tools=[leak])
    with moto.mock_aws():
        with pytest.raises(ExecutionError, match="the secret 'APP' cannot be read from ssm"):
            workflow.run(topic="x")
        assert not list((tmp_path / "home").rglob("journal.jsonl"))
        boto3.client("ssm").put_parameter(Name="/app", Value=CANARY, Type="SecureString")
        result = workflow.run(topic=f"use {CANARY}")
    assert result.last_response == "[secret APP]"
    assert CANARY not in kept(tmp_path)


def test_an_answer_in_another_process_is_recorded_without_the_secret(tmp_path: Path, place: Path) -> None:
    file = place / "flow.yaml"
    file.write_text(Workflow.from_dict(holding(), offline=True).spec.to_yaml())
    paused = Workflow.from_file(file, offline=True).run()
    SessionManager().get_session(paused.session_id or "").answer("steps/1", f"use {KEY}")
    assert "use [secret API_AUTHORIZATION]" in kept(tmp_path) and KEY not in kept(tmp_path)
