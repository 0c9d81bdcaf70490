"""The Python guide, as a user writes it: the OpenAI provider, its real client, a server on this machine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands_cli.errors import (
    SessionFinishedError,
)
from strands_cli.kernel.events import Event
from strands_cli.types import HITLState, RunResult
from support.guide import approve, prompts
from support.stub_openai import StubOpenAI


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
        usage={
            agent: {"input": 11, "output": 7, "cache_read": 0, "cache_write": 0} for agent in ("researcher", "writer")
        },
        cost=result.cost,
        cost_by_agent=dict.fromkeys(("researcher", "writer"), (result.cost or 0) / 2),
    )
    assert result.cost == pytest.approx(2 * (11 * 0.15 + 7 * 0.6) / 1_000_000)
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
