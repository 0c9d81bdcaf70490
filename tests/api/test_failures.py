"""What can go wrong with a workflow: named, with a way out, and nothing lost."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands_cli.capability.checker import CapabilityError
from strands_cli.errors import (
    ArtifactError,
    BudgetExceededError,
    InputError,
    ProviderNotReadyError,
    SessionNotFoundError,
)
from strands_cli.exec.utils import AgentCache, ExecutionError
from strands_cli.kernel.events import Event
from strands_cli.loader import LoadError
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.session.repository import FileSessionRepository
from strands_cli.types import HITLState
from support.guide import QUICK_START, approve
from support.stub_openai import Fault, Say, StubOpenAI


def test_case_22_variables_are_checked_before_any_call(stub: StubOpenAI) -> None:
    workflow = Workflow.from_file("my_workflow.yaml")
    for wrong, name in (
        ({}, "topic"),
        ({"topic": "x", "steps": 1}, "steps"),
        ({"topic": object()}, "topic|plain data"),
    ):
        with pytest.raises(InputError, match=name):
            workflow.run(variables=wrong)
    assert stub.requests == [] and SessionManager().list_sessions() == []


def test_a_missing_key_is_named_before_the_first_step(stub: StubOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    with pytest.raises(ProviderNotReadyError, match=r"OPENAI_API_KEY(.|\n)*--offline"):
        Workflow.from_file("my_workflow.yaml").run(topic="AI")
    assert SessionManager().list_sessions() == []


def test_errors_at_their_import_paths(stub: StubOpenAI, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="nowhere"):
        Workflow.from_file("nowhere.yaml")
    (tmp_path / "bad.yaml").write_text(QUICK_START.replace("agent: writer", "agent: writr"), encoding="utf-8")
    with pytest.raises(SchemaValidationError, match="writer") as caught:
        Workflow.from_file("bad.yaml")
    assert caught.value.json_pointer == "/pattern/config/steps/2/agent" and caught.value.line
    assert issubclass(ExecutionError, Exception) and issubclass(CapabilityError, Exception) and callable(AgentCache)


def test_a_failing_provider_fails_the_run_and_the_session_goes_on_later(
    stub: StubOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = True

    def script(request: Any) -> Any:
        return Fault(400, "no such model") if broken and "summary" in request.prompt else "fine"

    with StubOpenAI(script) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(ExecutionError, match="no such model") as caught:
            Workflow.from_file("my_workflow.yaml").run_interactive(hitl_handler=approve, topic="AI")
        failed = caught.value.result
        assert failed is not None and failed.exit_code == 10 and failed.status == "failed"
        assert f"strands resume {failed.session_id}" in str(caught.value)
        assert len(server.requests) == 2, "a 400 is not tried again"
        broken = False
        assert SessionManager().get_session(failed.session_id).resume().success
        assert len(server.requests) == 3


def test_case_39_throttling_is_waited_out_and_asked_again(stub: StubOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    replies: Iterator[Fault | Say] = iter([Fault(429, headers={"Retry-After": "0.05"}), Fault(503), Say("at last")])
    with StubOpenAI(lambda request: next(replies)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        spec = QUICK_START.replace(
            "  model_id", "  failure_policy: {retries: 2, wait_min: 0, wait_max: 0.1}\n  model_id"
        )
        events: list[Event] = []
        workflow = Workflow.from_yaml(spec)
        workflow.on("retry", events.append)
        assert workflow.run(topic="AI").questions[0].context == "at last"
        assert [event.attempt for event in events] == [1, 2]
        assert events[0].wait == 0.05


def test_a_budget_of_tokens_stops_the_run_and_says_so(stub: StubOpenAI) -> None:
    spec = QUICK_START.replace("  model_id", "  budgets: {max_tokens: 10}\n  model_id")
    with pytest.raises(BudgetExceededError, match="10 tokens") as caught:
        Workflow.from_yaml(spec).run_interactive(hitl_handler=approve, topic="AI")
    assert caught.value.exit_code == 20
    assert len(stub.requests) == 1


def test_a_budget_may_ask_a_person_to_extend_it(stub: StubOpenAI) -> None:
    spec = QUICK_START.replace("  model_id", "  budgets: {max_tokens: 10, on_exceed: ask}\n  model_id")
    asked: list[str] = []

    def handler(state: HITLState) -> str:
        asked.append(state.prompt)
        return "extend" if state.kind == "budget" else "approved"

    result = Workflow.from_yaml(spec).run_interactive(hitl_handler=handler, topic="AI")
    assert result.success and len(asked) == 2 and "Extend" in asked[1]


ARTIFACT = (
    QUICK_START
    + """\
outputs:
  artifacts:
    - path: "./{{ topic }}.md"
      from: "# {{ topic }}\\n{{ last_response }}\\n{{ steps[1].response }}"
"""
)


def test_artifacts_are_written_where_asked_and_never_over_a_file(stub: StubOpenAI, tmp_path: Path) -> None:
    workflow = Workflow.from_yaml(ARTIFACT, output_dir=tmp_path / "out")
    result = workflow.run_interactive(hitl_handler=approve, topic="bees")
    (path,) = result.artifacts_written
    assert Path(path) == tmp_path / "out" / "bees.md" and "approved" in Path(path).read_text("utf-8")
    asked = len(stub.requests)
    with pytest.raises(ArtifactError, match=r"bees\.md.*exists"):
        workflow.run_interactive(hitl_handler=approve, topic="bees")
    assert len(stub.requests) == asked, "said before the first call"
    overwriting = Workflow.from_yaml(ARTIFACT, output_dir=tmp_path / "out", overwrite=True)
    assert overwriting.run_interactive(hitl_handler=approve, topic="bees").success


@pytest.mark.parametrize("topic", ["../escape", "a/../../escape", "nul\0", "line\nbreak"])
def test_case_38_artifact_paths_stay_below_the_output_directory(stub: StubOpenAI, tmp_path: Path, topic: str) -> None:
    with pytest.raises(ArtifactError, match="output directory"):
        Workflow.from_yaml(ARTIFACT, output_dir=tmp_path / "out").run(topic=topic)
    assert not list(tmp_path.rglob("escape*"))


def test_case_38_artifacts_do_not_follow_links(stub: StubOpenAI, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(outside)
    with pytest.raises(ArtifactError, match="symbolic link"):
        spec = ARTIFACT.replace("./{{ topic }}.md", "./sub/{{ topic }}.md")
        Workflow.from_yaml(spec, output_dir=tmp_path / "out").run(topic="file")
    assert not list(outside.iterdir())


def test_a_session_that_is_not_there(stub: StubOpenAI) -> None:
    for wrong in ("nothing", "..", "a/b", "x" * 300, ""):
        with pytest.raises(SessionNotFoundError):
            SessionManager().get_session(wrong)


def test_old_sessions_are_cleaned_up_but_never_an_open_question(stub: StubOpenAI) -> None:
    workflow = Workflow.from_file("my_workflow.yaml", topic="AI")
    paused = workflow.run()
    workflow.run_interactive(hitl_handler=approve, keep_session=True)
    manager = SessionManager()
    assert len(manager.cleanup_old_sessions(max_age_days=0)) == 1
    assert [session.id for session in manager.list_active_sessions()] == [paused.session_id]
    assert manager.cleanup_old_sessions(max_age_days=0, paused=True) == [paused.session_id]


def test_the_repository_of_the_guide(stub: StubOpenAI) -> None:
    assert FileSessionRepository().root.name == "workflows"


def test_host_of_the_runtime_is_honoured(stub: StubOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY")
    spec = QUICK_START.replace("  model_id", f"  host: {stub.url}\n  model_id")
    assert Workflow.from_yaml(spec).run(topic="AI").status == "paused"


def test_logging_the_name_of_the_spec(stub: StubOpenAI, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("guide").info("Starting workflow: %s", Workflow.from_file("my_workflow.yaml").spec.name)
    assert "interactive-research" in caplog.text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this platform")
def test_case_38_artifacts_replace_files_only_and_other_names_of_a_file_keep_theirs(
    stub: StubOpenAI, tmp_path: Path
) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside.md"
    out.mkdir()
    os.mkfifo(out / "pipe.md")
    with pytest.raises(ArtifactError, match="regular file"):
        Workflow.from_yaml(ARTIFACT, output_dir=out, overwrite=True).run(topic="pipe")
    outside.write_text("kept")
    os.link(outside, out / "linked.md")
    workflow = Workflow.from_yaml(ARTIFACT, output_dir=out, overwrite=True)
    assert workflow.run_interactive(hitl_handler=approve, topic="linked").success
    assert outside.read_text() == "kept" and "approved" in (out / "linked.md").read_text()
