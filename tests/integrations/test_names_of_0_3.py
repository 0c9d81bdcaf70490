"""Programs that were written for strands-cli 0.3 run as they are: its imports, builder calls, and names for results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands.models.scripted import ScriptedModel
from strands_cli import Workflow, __version__
from strands_cli.api import FluentBuilder, SessionManager
from strands_cli.session import SessionStatus
from strands_cli.types import (
    Agent,
    HITLState,
    Pattern,
    PatternConfig,
    PatternType,
    ProviderType,
    RunResult,
    Runtime,
    Spec,
    WorkflowTask,
)
from support.specs import solo


def begun(name: str) -> FluentBuilder:
    builder = FluentBuilder(name).description("What it is for")
    return (
        builder.runtime("openai", model="gpt-4o-mini", temperature=0.7, max_tokens=8000)
        .agent("writer", "You write.")
        .agent("critic", "You judge.")
    )


BUILT: dict[str, Callable[[], Any]] = {
    "chain": lambda: (
        begun("chain")
        .chain()
        .step("writer", "About {{ topic }}", vars={"depth": "deep"})
        .step("critic", "{{ steps[0].response | truncate(200) }}")
    ),
    "workflow": lambda: (
        begun("workflow")
        .workflow()
        .task("a", "writer", "About {{ topic }}", description="First")
        .task("b", "critic", "{{ tasks.a.response }}", description="Then", depends_on=["a"])
    ),
    "parallel": lambda: (
        begun("parallel")
        .parallel()
        .branch("one")
        .step("writer", "{{ topic }}")
        .done()
        .branch("two")
        .step("critic", "{{ topic }}")
        .done()
        .reduce("writer", "{{ branches.one.response }} {{ branches.two.response }}")
    ),
    "routing": lambda: (
        begun("routing")
        .routing()
        .router("critic", "Which? {{ topic }}", max_retries=3)
        .route("short")
        .step("writer", "Briefly, as {{ router.chosen_route }}")
        .done()
        .route("long")
        .step("writer", "At length")
        .done()
    ),
    "graph": lambda: (
        begun("graph")
        .graph()
        .node("intake", "writer", "{{ topic }}")
        .node("end", "critic")
        .conditional_edge("intake", [("{{ 'x' in nodes.intake.response.lower() }}", "end"), ("else", "end")])
        .max_iterations(5)
    ),
    "evaluator_optimizer": lambda: (
        begun("evaluator")
        .evaluator_optimizer()
        .producer("writer")
        .evaluator("critic", "{{ draft }}")
        .accept(min_score=85, max_iterations=3)
        .revise_prompt("{{ evaluation.score }}")
    ),
    "orchestrator_workers": lambda: (
        begun("orchestrator")
        .orchestrator_workers()
        .orchestrator("critic", max_workers=3, max_rounds=1)
        .worker_template("writer", tools=[])
        .reduce_step("writer")
    ),
}


@pytest.mark.parametrize("pattern", BUILT)
def test_the_calls_of_its_builder_build(pattern: str, tmp_path: Path) -> None:
    workflow = BUILT[pattern]().output_dir("./artifacts").artifact("{{ name }}.md", "{{ last_response }}").build()
    told = workflow.spec.to_dict()
    assert told["description"] == "What it is for"
    assert told["pattern"]["type"] == pattern
    assert told["outputs"] == {
        "to": "./artifacts",
        "artifacts": [{"path": "{{ name }}.md", "from": "{{ last_response }}"}],
    }


def chain(*replies: str) -> Workflow:
    return Workflow.from_dict(solo(2), model=ScriptedModel(list(replies)))


def test_results_events_and_chunks_have_its_names() -> None:
    workflow, told = chain("first", "second"), list[Any]()
    for kind in ("workflow_start", "step_start", "step_complete", "workflow_complete"):
        workflow.on(kind)(told.append)
    result = workflow.run()
    assert (result.error, result.model_dump()["last_response"]) == (None, "second")
    assert [event.event_type for event in told] == [
        "workflow_start", "step_start", "step_complete", "step_start", "step_complete", "workflow_complete"
    ]  # fmt: skip
    assert {(event.spec_name, event.pattern_type, event.session_id) for event in told} == {
        (workflow.spec.name, "chain", result.session_id)
    }
    assert [event.data["step_index"] for event in told if event.type == "step_complete"] == [0, 1]
    assert [event.data["response"] for event in told if event.type == "step_complete"] == ["first", "second"]
    assert told[-1].data["duration_seconds"] == pytest.approx(result.duration_seconds)
    assert told[0].to_dict()["timestamp"].endswith("+00:00")


def test_a_failure_is_told_under_its_name() -> None:
    workflow, told = chain(), list[Any]()
    workflow.on("error")(told.append)
    with pytest.raises(Exception, match=r"."):
        workflow.run()
    assert all(event.data["error"] for event in told)
    assert told


def test_a_stream_ends_with_a_chunk_that_says_so() -> None:
    async def chunks() -> list[Any]:
        return [chunk async for chunk in chain("first", "second").stream_async()]

    told = asyncio.run(chunks())
    assert [chunk.chunk_type for chunk in told].count("complete") == 1
    assert told[-1].data["duration_seconds"] >= 0
    assert [chunk.data["step_index"] for chunk in told if chunk.chunk_type == "step_start"] == [0, 1]


def test_an_executor_runs_inside_a_block() -> None:
    async def run() -> RunResult:
        async with chain("first", "second").async_executor() as executor:
            return await executor.run({})

    result = asyncio.run(run())
    assert (result.success, result.pattern_type) == (True, "chain")


ASKING: dict[str, Any] = {
    "pattern": {"type": "chain", "config": {"steps": [{"type": "hitl", "prompt": "Go?"}]}},
}


def test_sessions_are_listed_shown_resumed_and_removed_by_its_manager(tmp_path: Path) -> None:
    workflow = Workflow.from_dict(solo(1, **ASKING), store=tmp_path)
    paused, other = workflow.run(), workflow.run()
    manager = SessionManager(tmp_path)

    async def program() -> None:
        found = await manager.list(status=SessionStatus.PAUSED, limit=10)
        assert {each.metadata.session_id for each in found} == {paused.session_id, other.session_id}
        assert len(await manager.list(offset=1, limit=1)) == 1
        assert await manager.list(workflow_name="another") == []
        session = await manager.get(paused.session_id)
        assert session is not None
        told = session.metadata
        assert (told.status.value, told.pattern_type, session.variables) == ("paused", "chain", {})
        assert told.created_at <= told.updated_at
        assert await manager.get("nothing") is None
        result = await manager.resume(paused.session_id, "yes", verbose=True)
        assert result.success
        assert await manager.cleanup(older_than_days=30) == 0
        assert await manager.cleanup(older_than_days=0, status_filter=[SessionStatus.FAILED]) == 0
        assert await manager.cleanup(older_than_days=0) == 1
        await manager.delete(other.session_id)
        assert await manager.list() == []

    asyncio.run(program())


def test_a_session_of_a_page_has_its_names() -> None:
    spec = Spec(
        name="page",
        runtime=Runtime(provider=ProviderType.OPENAI, model_id="gpt-5-nano"),
        agents={"greeter": Agent(prompt="You greet.")},
        pattern=Pattern(
            type=PatternType.WORKFLOW,
            config=PatternConfig(
                tasks=[
                    WorkflowTask(id="greet", agent="greeter", description="Greet"),
                    WorkflowTask(id="ask", type="hitl", prompt="Your name?", deps=["greet"]),
                    WorkflowTask(id="end", agent="greeter", input="{{ tasks.ask.response }}", deps=["ask"]),
                ]
            ),
        ),
    )
    session = Workflow(spec, model=ScriptedModel(["hello", "hello Ann"])).create_session()
    assert session.is_running()
    session.start()
    assert session.wait(20).status == "paused"
    assert session.is_paused()
    assert (session.state.value, session.session_id) == ("paused", session.id)
    state = session.get_hitl_state()
    assert isinstance(state, HITLState)
    assert state.prompt == "Your name?"
    session.resume("Ann")
    session.wait(20)
    assert session.is_complete()
    assert not session.is_failed()
    assert (session.get_error(), session.get_hitl_state()) == (None, None)
    result = session.get_result()
    assert result is not None
    assert result.model_dump()["last_response"] == "hello Ann"


def test_the_package_has_a_version() -> None:
    assert __version__.count(".") >= 1
