"""Artifacts go to a directory or to a bucket: once, whoever dies meanwhile, and over nothing of somebody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.errors import ArtifactError
from support.stub_s3 import Request, Stored, StubS3


def spec(**outputs: Any) -> dict[str, Any]:
    artifacts = [{"path": f"{name}.txt", "from": f"{name}: {{{{ last_response }}}}"} for name in ("one", "two")]
    return {
        "version": 0,
        "name": "written",
        "runtime": {"provider": "scripted"},
        "agents": {"a": {"prompt": "p"}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "go"}]}},
        "outputs": {"artifacts": artifacts, **outputs},
    }


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StubS3]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with StubS3() as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", stub.url)
        yield stub


def puts(s3: StubS3) -> list[str]:
    return [request.key for request in s3.requests if request.method == "PUT"]


def test_artifacts_go_to_a_bucket(s3: StubS3) -> None:
    result = Workflow.from_dict(spec(), store="kept", output_dir="s3://bucket/of/ann").run()
    assert result.artifacts_written == ["s3://bucket/of/ann/one.txt", "s3://bucket/of/ann/two.txt"]
    assert {key: stored.body[:4] for key, stored in s3.objects.items()} == {
        "of/ann/one.txt": b"one:",
        "of/ann/two.txt": b"two:",
    }


@pytest.mark.parametrize("named", ["option", "spec", "environment"])
def test_where_they_go_is_said_by_option_or_spec_or_environment(
    named: str, s3: StubS3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STRANDS_OUT", "s3://bucket/environment")
    outputs = {} if named == "environment" else {"to": "s3://bucket/spec"}
    option = "s3://bucket/option" if named == "option" else None
    Workflow.from_dict(spec(**outputs), store="kept", output_dir=option).run()
    assert {key.partition("/")[0] for key in s3.objects} == {named}
    assert sorted(os.listdir(tmp_path)) == ["kept"]


def test_a_directory_in_the_spec_is_relative_to_where_it_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Workflow.from_dict(spec(to="out/deep"), store="kept").run()
    assert (tmp_path / "out" / "deep" / "one.txt").read_text().startswith("one:")


def test_an_object_of_somebody_else_is_not_replaced_without_being_told(s3: StubS3) -> None:
    s3.objects["p/two.txt"] = Stored(b"theirs", 0.0)
    workflow = Workflow.from_dict(spec(), store="kept", output_dir="s3://bucket/p")
    with pytest.raises(ArtifactError, match=r"'two.txt' exists") as refused:
        workflow.run()
    assert s3.objects["p/two.txt"].body == b"theirs" and "p/one.txt" not in s3.objects
    session_id = str(refused.value.session_id)
    manager = SessionManager(store="kept")
    assert manager.get_session(session_id).resume(overwrite=True).success
    assert s3.objects["p/two.txt"].body.startswith(b"two:")


def test_one_that_comes_meanwhile_is_not_replaced(s3: StubS3) -> None:
    def fate(request: Request) -> Any:
        if request.method == "PUT" and request.key == "p/two.txt":
            s3.objects.setdefault("p/two.txt", Stored(b"theirs", 0.0))
        return ""

    s3.fate = fate
    with pytest.raises(ArtifactError, match=r"'two.txt' exists"):
        Workflow.from_dict(spec(), store="kept", output_dir="s3://bucket/p").run()
    assert s3.objects["p/two.txt"].body == b"theirs"


_RUNS = """
import json, sys
from strands import Workflow
Workflow.from_dict(json.loads(sys.argv[1]), store="kept", output_dir="s3://bucket/p").run()
"""


@pytest.mark.parametrize("after", ["unheard", "unanswered"])
def test_a_run_that_is_killed_while_it_writes_goes_on_and_writes_each_once(after: Any, s3: StubS3) -> None:
    import json

    killed: list[int] = []

    def fate(request: Request) -> Any:
        if request.method == "PUT" and request.key == "p/two.txt" and not killed:
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)
            return after
        return ""

    s3.fate = fate
    with subprocess.Popen([sys.executable, "-c", _RUNS, json.dumps(spec())]) as worker:
        assert worker.wait() == -signal.SIGKILL
    (session,) = SessionManager(store="kept").list_sessions()
    result = session.resume()
    assert result.success and len(result.artifacts_written) == 2
    assert puts(s3).count("p/one.txt") == 1 and sorted(s3.objects) == ["p/one.txt", "p/two.txt"]


@pytest.mark.parametrize("url", ["ftp://host/path", "s3://", "s3://bucket?x=1"])
def test_a_place_that_is_none_is_named_before_anything_runs(url: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"artifacts cannot go to") as refused:
        Workflow.from_dict(spec(), store=tmp_path / "kept", output_dir=url).run()
    assert "s3://BUCKET/PREFIX" in refused.value.hint
    assert SessionManager(store=tmp_path / "kept").list_sessions() == []


@pytest.mark.parametrize("refused", [{"PUT"}, {"HEAD"}, {"GET", "HEAD", "PUT"}], ids=["write", "look", "all"])
@pytest.mark.parametrize("prefix", ["/of/ann", ""])
def test_a_bucket_that_refuses_is_named_with_the_rights_it_takes_and_no_step_runs_again(
    refused: set[str], prefix: str, s3: StubS3
) -> None:
    s3.fate = lambda request: 403 if request.method in refused else ""
    model = ScriptedModel(["once"])
    workflow = Workflow.from_dict(spec(), store="kept", output_dir=f"s3://bucket{prefix}", model=model)
    with pytest.raises(ArtifactError, match=rf"s3://bucket{prefix}/one.txt' could not be written") as caught:
        workflow.run()
    assert f"s3:PutObject on arn:aws:s3:::bucket{prefix}/*, and s3:ListBucket on" in caught.value.hint
    assert s3.objects == {}
    session = SessionManager(store="kept").get_session(str(caught.value.session_id))
    assert session.status == "failed" and "could not be written" in str(session.error)
    s3.fate = lambda request: ""
    assert workflow.resume(session.id).success
    assert s3.objects[f"{prefix}/one.txt".lstrip("/")].body == b"one: once"
