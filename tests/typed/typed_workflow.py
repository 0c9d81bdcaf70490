"""Workflows, builders and sessions, as a type checker sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from typing_extensions import assert_type

from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel
from strands_cli.api import (
    ChainBuilder,
    FluentBuilder,
    GraphBuilder,
    ParallelBuilder,
    Session,
    SessionManager,
    Workflow,
    WorkflowBuilder,
)
from strands_cli.errors import ExecutionError
from strands_cli.kernel.events import Event
from strands_cli.spec import Spec
from strands_cli.types import HITLState, OpenQuestion, RunResult


def _approve(state: HITLState) -> str:
    assert_type(state.prompt, str)
    return "approved" if state.default_response is None else state.default_response


async def _approve_later(state: HITLState) -> bool:
    return bool(state.choices)


def _approve_text(prompt: str) -> str:
    return prompt


def _gate(event: BeforeToolCallEvent) -> None:
    event.interrupt("ok")


def a_workflow_is_loaded() -> None:
    workflow = Workflow.from_file(Path("flow.yaml"), topic="AI", model=ScriptedModel(["x"]), hooks=[_gate])
    assert_type(workflow, Workflow)
    assert_type(workflow.spec, Spec)
    assert_type(Workflow.from_dict({"version": 0}, offline=True), Workflow)
    Workflow.from_file(7)  # type: ignore[arg-type]
    Workflow.from_file("flow.yaml", hooks=["log"])  # type: ignore[list-item]
    Workflow.from_dict("flow.yaml")  # type: ignore[arg-type]
    Workflow.from_dict({}, modl=ScriptedModel([]))  # type: ignore[call-arg]
    Workflow.from_yaml("version: 0", model="scripted")  # type: ignore[arg-type]


def it_is_run(workflow: Workflow) -> None:
    assert_type(workflow.run(topic="AI"), RunResult)
    assert_type(workflow.run_interactive(hitl_handler=_approve, topic="AI"), RunResult)
    assert_type(asyncio.run(workflow.run_interactive_async(hitl_handler=_approve_later)), RunResult)
    workflow.run_interactive(hitl_handler="approved")  # type: ignore[arg-type]
    workflow.run_interactive(hitl_handler=_approve_text)  # type: ignore[arg-type]
    workflow.run(session_id=7)  # type: ignore[arg-type]


def a_result_says_what_came_of_it(workflow: Workflow, result: RunResult) -> None:
    assert_type(result.session_id, str)
    assert_type(result.questions, list[OpenQuestion])
    assert_type(result.token_usage, dict[str, int])
    if result.status == "paused":
        answered = workflow.resume(result.session_id, answers={result.questions[0].id: "yes"})
        assert_type(answered, RunResult)
    print(result.status == "waiting")  # type: ignore[comparison-overlap]
    print(result.response)  # type: ignore[attr-defined]


def it_goes_on(workflow: Workflow) -> None:
    workflow.resume("s", "yes", hitl_handler=_approve, accept_changes=True)
    workflow.resume()  # type: ignore[call-arg]
    workflow.resume("s", anwsers={"q": "yes"})  # type: ignore[call-arg]
    workflow.resume("s", hitl_handler="yes")  # type: ignore[arg-type]


def a_failure_has_its_result(workflow: Workflow) -> None:
    try:
        workflow.run()
    except ExecutionError as error:
        assert_type(error.result, RunResult | None)
        assert_type(error.session_id, str | None)
        assert_type(error.hint, str)


def its_events_are_heard(workflow: Workflow) -> None:
    @workflow.on("step_complete")
    def log(event: Event) -> None:
        assert_type(event.duration, float)

    assert_type(log(Event("step_complete", "s", "w", "chain")), None)
    workflow.on("*", log)
    workflow.on("*", _approve_text)  # type: ignore[type-var]
    workflow.on(log)  # type: ignore[call-overload]

    @workflow.on("error")  # type: ignore[type-var]
    def wrong(text: str) -> None:
        print(text)


async def they_are_streamed(workflow: Workflow) -> None:
    stream = workflow.stream_async(hitl_handler=_approve)
    assert_type(stream, AsyncIterator[Event | RunResult])
    async for item in stream:
        if isinstance(item, RunResult):
            print(item.success)
        else:
            assert_type(item, Event)


def builders_return_themselves() -> None:
    chain = ChainBuilder("c").with_runtime("scripted").add_agent("a", "You work.")
    assert_type(chain, ChainBuilder)
    assert_type(chain.add_step("a", "go").add_hitl("Good?"), ChainBuilder)
    assert_type(chain.step("a"), ChainBuilder)
    assert_type(chain.build(offline=True), Workflow)
    assert_type(chain.spec(), Spec)
    chain.add_step()  # type: ignore[call-arg]
    chain.add_step(7)  # type: ignore[arg-type]
    chain.add_branch("x")  # type: ignore[attr-defined]
    chain.build(ofline=True)  # type: ignore[call-arg]
    dag = WorkflowBuilder("w").runtime("scripted").agent("a", "You work.")
    assert_type(dag.add_task("one", "a").task("two", "a", deps=["one"]), WorkflowBuilder)
    dag.add_task("two", "a", deps=1)  # type: ignore[arg-type]
    assert_type(ParallelBuilder("p").add_branch("x").step("a").done(), ParallelBuilder)
    graph = GraphBuilder("g").node("one", "a").edge("one", choose=[("x > 1", "two")])
    assert_type(graph.max_iterations(3), GraphBuilder)
    graph.max_iterations("3")  # type: ignore[arg-type]
    assert_type(FluentBuilder("f").chain(), ChainBuilder)


def sessions_are_found_and_answered(result: RunResult) -> None:
    manager = SessionManager(Path("sessions"))
    assert_type(manager.list_sessions(status="paused", limit=3), list[Session])
    session = manager.get_session(result.session_id)
    assert_type(session, Session)
    assert_type(session.questions, list[OpenQuestion])
    assert_type(session.resume("yes", hitl_handler=_approve, by="ann"), RunResult)
    session.answer(session.questions[0].id, "yes", by="ann")
    manager.get_session(None)  # type: ignore[arg-type]
    manager.list_sessions(state="paused")  # type: ignore[call-arg]
    manager.list_sessions(limit="3")  # type: ignore[arg-type]
    session.resume("yes", answer={})  # type: ignore[call-arg]
    session.resume("yes", on_event=_approve_text)  # type: ignore[arg-type]
    session.cancel("ann")  # type: ignore[call-arg]
