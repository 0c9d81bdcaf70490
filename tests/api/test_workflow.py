"""The Python guide, as a user writes it: the OpenAI provider, its real client, a server on this machine."""

from __future__ import annotations

import asyncio
import json
import logging
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
    SessionFinishedError,
    SessionNotFoundError,
)
from strands_cli.exec.utils import AgentCache, ExecutionError
from strands_cli.kernel.events import Event
from strands_cli.loader import LoadError
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.session.repository import FileSessionRepository
from strands_cli.types import HITLState, RunResult
from support.stub_openai import Fault, Say, StubOpenAI

QUICK_START = """\
version: 0
name: interactive-research
runtime:
  provider: openai
  model_id: gpt-4o-mini
agents:
  researcher:
    prompt: "Research the topic and provide key findings"
  writer:
    prompt: "Write a summary based on the research"
pattern:
  type: chain
  config:
    steps:
      - agent: researcher
        input: "Research {{topic}}"
      - type: hitl
        prompt: "Review the research findings. Approve or request changes?"
        context_display: "{{ steps[0].response }}"
      - agent: writer
        input: "Write summary. HITL feedback: {{hitl_response}}"
"""


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    (tmp_path / "my_workflow.yaml").write_text(QUICK_START, encoding="utf-8")
    with StubOpenAI(lambda request: f"answer to: {request.prompt}") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        yield server


def approve(state: HITLState) -> str:
    return "approved"


def prompts(stub: StubOpenAI) -> list[str]:
    return [request.prompt for request in stub.requests]


def test_run_interactive_returns_every_field_of_the_result(stub: StubOpenAI) -> None:
    asked: list[HITLState] = []

    def handler(state: HITLState) -> str:
        asked.append(state)
        return "approved"

    result = Workflow.from_file("my_workflow.yaml").run_interactive(hitl_handler=handler, topic="quantum computing")
    assert prompts(stub) == ["Research quantum computing", "Write summary. HITL feedback: approved"]
    (state,) = asked
    assert state.active and state.prompt.startswith("Review the research findings")
    assert state.context_display == "answer to: Research quantum computing"
    assert state.question_id == state.key == "steps/1"
    assert result == RunResult(
        agent_id="writer",
        exit_code=0,
        last_response="answer to: Write summary. HITL feedback: approved",
        duration_seconds=result.duration_seconds,
        success=True,
        error_message=None,
        artifacts_written=[],
        session_id=result.session_id,
        token_usage={"researcher": 18, "writer": 18},
        execution_context=result.execution_context,
        status="completed",
        questions=[],
        pattern_type="chain",
        started_at=result.started_at,
        completed_at=result.completed_at,
    )
    steps = result.execution_context["steps"]
    assert [step["agent"] for step in steps] == ["researcher", "hitl", "writer"]
    assert steps[0]["response"] == "answer to: Research quantum computing" and steps[2]["tokens"] == 18
    assert steps[0]["duration"] > 0 and result.duration_seconds > 0
    assert result.started_at is not None and result.completed_at is not None
    assert json.dumps(result.to_dict())


def test_a_completed_interactive_session_is_cleaned_up_unless_kept(stub: StubOpenAI) -> None:
    workflow = Workflow.from_file("my_workflow.yaml", topic="bees")
    workflow.run_interactive(hitl_handler=approve)
    assert SessionManager().list_sessions() == []
    kept = workflow.run_interactive(hitl_handler=approve, keep_session=True)
    assert [session.id for session in SessionManager().list_sessions()] == [kept.session_id]


def test_an_async_handler(stub: StubOpenAI) -> None:
    async def handler(state: HITLState) -> str:
        await asyncio.sleep(0)
        return "from async"

    async def main() -> RunResult:
        workflow = Workflow.from_file(Path("my_workflow.yaml"))
        return await workflow.run_interactive_async(hitl_handler=handler, topic="AI")

    assert asyncio.run(main()).last_response.endswith("HITL feedback: from async")


def test_overrides_at_loading_are_defaults_at_running(stub: StubOpenAI) -> None:
    workflow = Workflow.from_file("my_workflow.yaml", topic="machine learning")
    workflow.run()
    workflow.run(topic="bees")
    workflow.run(variables={"topic": "ants"})
    assert prompts(stub) == ["Research machine learning", "Research bees", "Research ants"]


def test_json_files(stub: StubOpenAI, tmp_path: Path) -> None:
    spec = Workflow.from_file("my_workflow.yaml").spec
    (tmp_path / "flow.json").write_text(json.dumps(spec.to_dict()), encoding="utf-8")
    assert Workflow.from_file("flow.json").run(topic="json").status == "paused"


def test_run_pauses_and_a_finished_step_is_never_asked_again(stub: StubOpenAI) -> None:
    result = Workflow.from_file("my_workflow.yaml").run(topic="AI")
    assert (result.agent_id, result.exit_code, result.status, result.success) == ("hitl", 19, "paused", False)
    assert [question.id for question in result.questions] == ["steps/1"]
    assert result.session_id is not None

    session = SessionManager().get_session(result.session_id)
    assert session.status == "paused" and session.questions[0].context == "answer to: Research AI"
    resumed = session.resume(hitl_response="approved")
    assert resumed.success and resumed.token_usage == {"researcher": 18, "writer": 18}
    assert prompts(stub) == ["Research AI", "Write summary. HITL feedback: approved"]
    assert SessionManager().get_session(result.session_id).status == "completed"
    with pytest.raises(SessionFinishedError):
        SessionManager().get_session(result.session_id).resume()


def test_resuming_through_the_workflow_by_prefix_and_by_question_id(stub: StubOpenAI) -> None:
    workflow = Workflow.from_file("my_workflow.yaml", topic="AI")
    first, second = workflow.run(), workflow.run()
    assert first.session_id and second.session_id
    assert workflow.resume(first.session_id, "yes").success
    assert workflow.resume(second.session_id[:-2], {"steps/1": "yes"}).success


def test_a_changed_file_does_not_change_a_paused_session(stub: StubOpenAI, tmp_path: Path) -> None:
    result = Workflow.from_file("my_workflow.yaml").run(topic="AI")
    (tmp_path / "my_workflow.yaml").write_text("broken: [", encoding="utf-8")
    assert result.session_id is not None
    assert SessionManager().get_session(result.session_id).resume("fine").success


def test_many_runs_of_one_workflow_at_once_share_one_client(stub: StubOpenAI) -> None:
    async def main() -> list[RunResult]:
        async with Workflow.from_file("my_workflow.yaml") as workflow:
            return list(await asyncio.gather(*(workflow.run_async(topic=f"t{n}") for n in range(50))))

    results = asyncio.run(main())
    assert all(result.status == "paused" for result in results)
    assert sorted(prompts(stub)) == sorted(f"Research t{n}" for n in range(50))
    assert len({result.session_id for result in results}) == 50


def test_leaving_the_context_cleans_up_what_it_finished_and_keeps_what_is_paused(stub: StubOpenAI) -> None:
    async def main() -> str | None:
        async with Workflow.from_file("my_workflow.yaml", topic="AI") as workflow:
            await workflow.run_interactive_async(hitl_handler=approve, keep_session=True)
            return (await workflow.run_async()).session_id

    paused = asyncio.run(main())
    assert [session.id for session in SessionManager().list_sessions()] == [paused]


def test_sync_calls_work_inside_a_running_loop(stub: StubOpenAI) -> None:
    async def notebook_cell() -> RunResult:
        return Workflow.from_file("my_workflow.yaml").run(topic="AI")

    assert asyncio.run(notebook_cell()).status == "paused"


def test_events_are_heard_and_a_failing_listener_breaks_nothing(
    stub: StubOpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    workflow = Workflow.from_file("my_workflow.yaml", topic="AI")
    seen: list[Event] = []
    workflow.on("*", seen.append)

    @workflow.on("step_complete")
    def log_step(event: Event) -> None:
        assert event.step_id and event.duration > 0 and event.tokens == 18

    @workflow.on("hitl_requested")
    async def notify(event: Event) -> None:
        assert event.prompt.startswith("Review")
        raise RuntimeError("pager down")

    result = workflow.run_interactive(hitl_handler=approve)
    assert result.success
    types = [event.type for event in seen if event.type != "token"]
    assert types == [
        "workflow_start",
        "step_start",
        "step_complete",
        "hitl_requested",
        "hitl_answered",
        "step_start",
        "step_complete",
        "workflow_complete",
    ]
    assert {event.session_id for event in seen} == {result.session_id}
    first = "".join(event.text for event in seen if event.type == "token" and event.step_id == "steps/0")
    assert first == "answer to: Research AI"
    assert "pager down" in caplog.text
    with pytest.raises(ValueError, match="step_completed"):
        workflow.on("step_completed", print)


def test_streaming_yields_events_and_then_the_result(stub: StubOpenAI) -> None:
    async def main() -> list[Any]:
        workflow = Workflow.from_file("my_workflow.yaml", topic="AI")
        return [item async for item in workflow.stream_async(hitl_handler=approve)]

    *events, result = asyncio.run(main())
    assert isinstance(result, RunResult) and result.success
    assert events[0].type == "workflow_start" and events[-1].type == "workflow_complete"


# -- what can go wrong ------------------------------------------------------------------------------------------------


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
    assert issubclass(ExecutionError, Exception) and issubclass(CapabilityError, Exception) and AgentCache


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
        assert "strands resume" in str(caught.value)
        assert len(server.requests) == 2, "a 400 is not tried again"
        broken = False
        assert failed.session_id is not None
        assert SessionManager().get_session(failed.session_id).resume().success
        assert len(server.requests) == 3


def test_case_39_throttling_is_waited_out_and_asked_again(stub: StubOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    replies = iter([Fault(429, headers={"Retry-After": "0.05"}), Fault(503), Say("at last")])
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
        Workflow.from_yaml(ARTIFACT, output_dir=tmp_path / "out").run(topic="sub/file")
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
