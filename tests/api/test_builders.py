"""Builders: the same spec as YAML, made call by call; a wrong call fails itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import ChainBuilder, FluentBuilder, WorkflowBuilder
from strands.models.scripted import ScriptedModel
from strands_cli.api import (
    DagBuilder,
    EvaluatorOptimizerBuilder,
    GraphBuilder,
    OrchestratorWorkersBuilder,
    ParallelBuilder,
    RoutingBuilder,
    Workflow,
)
from strands_cli.api.builders.base import Builder
from strands_cli.loader import load_dict, load_text
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.spec.registry import own_patterns, pattern_record
from support import pattern_stories as patterns


def begun(builder: Any, *agents: str) -> Any:
    builder.with_runtime("scripted")
    for agent in agents:
        builder.add_agent(agent, f"You are {agent}.")
    return builder


def test_the_guides_example() -> None:
    workflow = (
        ChainBuilder("research-workflow")
        .with_runtime(provider="openai", model_id="gpt-4o")
        .add_agent("researcher", prompt="Research {{topic}}")
        .add_step(agent="researcher", input="{{topic}}")
        .add_hitl(prompt="Review findings?")
        .add_step(agent="researcher", input="Finalize with feedback")
        .build(
            model=ScriptedModel(lambda messages: f"<{messages[-1]['content'][0]['text']}>"),
            repository=MemorySessionRepository(),
        )
    )
    result = workflow.run_interactive(topic="AI", hitl_handler=lambda state: "good")
    assert result.last_response == "<Finalize with feedback>"
    assert [step["response"] for step in result.execution_context["steps"]] == [
        "<AI>",
        "good",
        "<Finalize with feedback>",
    ]


def test_the_fluent_one(tmp_path: Path) -> None:
    workflow = (
        FluentBuilder("research")
        .runtime("scripted", model="m")
        .agent("researcher", "Research {{topic}}")
        .chain()
        .step("researcher", "{{topic}}")
        .hitl("Review?", show="{{ steps[0].response }}")
        .step("researcher", "{{ hitl_response }}")
        .artifact("./{{ topic }}.md", "{{ last_response }}")
        .build(model=ScriptedModel(["one", "two"]), repository=MemorySessionRepository(), output_dir=tmp_path)
    )
    paused = workflow.run(topic="AI")
    assert paused.questions[0].context == "one"
    assert workflow.resume(str(paused.session_id), "fine").success
    assert (tmp_path / "AI.md").read_text() == "two"


def workflow_builder() -> Builder:
    builder: WorkflowBuilder = begun(WorkflowBuilder("workflow"), "a", "b", "c")
    return (
        builder.add_task("top", "a", "{{ topic }}")
        .add_task("left", "a", "l {{ tasks.top.response }}", deps=["top"])
        .add_task("right", "b", "r {{ tasks.top.response }}", deps="top")
        .add_hitl("ask", "Left good?", deps=["left"], context_display="{{ tasks.left.response }}")
        .add_hitl("ask2", "Right good?", depends_on=["right"])
        .task("end", "a", "{{ tasks.ask.response }} {{ tasks.ask2.response }}", deps=["ask", "ask2"])
    )


def routing_builder() -> Builder:
    builder: RoutingBuilder = begun(RoutingBuilder("routing"), "router", "a", "b")
    return (
        builder.with_router("router", "Where to?")
        .with_review("{{ router.chosen_route }}?")
        .add_route("flat")
        .add_step("a", "flat")
        .add_route("deep")
        .add_step("a", "{{ router.chosen_route }} {{ topic }}")
        .add_hitl("Good?", show="{{ last_response }}")
        .add_step("b", "{{ hitl_response }} {{ steps[0].response }}")
    )


def evaluator_builder() -> Builder:
    builder: EvaluatorOptimizerBuilder = begun(EvaluatorOptimizerBuilder("evaluator_optimizer"), "writer", "critic")
    return (
        builder.with_producer("writer")
        .with_evaluator("critic", 'JSON with "score": DRAFT {{ draft }}')
        .with_accept(90, 4)
        .with_revise_prompt("{{ hitl_response }} OLD {{ draft }}")
        .with_review_gate("Iteration {{ iteration }}: {{ evaluation.score }}")
    )


def orchestrator_builder() -> Builder:
    builder: OrchestratorWorkersBuilder = begun(OrchestratorWorkersBuilder("orchestrator_workers"), "boss", "a", "b")
    return (
        builder.with_orchestrator("boss", "Split {{ topic }}", max_workers=2, max_rounds=3)
        .with_decomposition_review("{{ task_count }} tasks?", show="{{ orchestrator_response }}")
        .with_worker("a")
        .with_reduce_review("{{ num_workers }} results?")
        .with_reduce("b", "{{ num_workers }} {{ hitl_response }}")
        .with_writeup(prompt="Title?", show="{{ reduce_response }}")
    )


def graph_builder() -> Builder:
    builder: GraphBuilder = begun(GraphBuilder("graph"), "a", "b", "c")
    again = "{{ topic }}{% if nodes.check %} {{ nodes.check.response }}{% endif %}"
    return (
        builder.add_node("write", "a", again)
        .add_hitl("check", "Good?", show="{{ nodes.write.response }}")
        .add_node("publish", "b", "{{ nodes.write.response }} {{ nodes.write.iteration }}")
        .add_edge("write", "check")
        .add_edge("check", choose=[("hitl_response == 'yes'", "publish"), {"when": "else", "to": "write"}])
    )


BUILT: dict[str, Callable[[], Builder]] = {
    "workflow": workflow_builder,
    "routing": routing_builder,
    "evaluator_optimizer": evaluator_builder,
    "orchestrator_workers": orchestrator_builder,
    "graph": graph_builder,
}


@pytest.mark.parametrize("name", BUILT)
def test_a_builder_makes_the_same_spec_as_a_dict(name: str) -> None:
    assert BUILT[name]().spec() == load_dict(patterns.STORIES[name])


@pytest.mark.parametrize("name", BUILT)
def test_a_built_spec_survives_yaml(name: str) -> None:
    spec = BUILT[name]().spec()
    assert load_text(spec.to_yaml()).to_dict() == spec.to_dict()


def test_a_parallel_one() -> None:
    builder: ParallelBuilder = begun(ParallelBuilder("p"), "a", "b")
    spec = (
        builder.add_branch("web")
        .add_step("a", "web")
        .add_hitl("Good?")
        .done()
        .branch("docs")
        .step("b", "docs", timeout_s=5)
        .with_reduce("b", "{{ branches.web.response }}")
        .spec()
    )
    config = spec.to_dict()["pattern"]["config"]
    assert config == {
        "branches": [
            {"id": "web", "steps": [{"agent": "a", "input": "web"}, {"type": "hitl", "prompt": "Good?"}]},
            {"id": "docs", "steps": [{"agent": "b", "input": "docs", "timeout_s": 5}]},
        ],
        "reduce": {"agent": "b", "input": "{{ branches.web.response }}"},
    }


def parallel_builder() -> Builder:
    builder: ParallelBuilder = begun(ParallelBuilder("parallel"), "a")
    return builder.add_branch("left").add_step("a").add_branch("right").add_step("a").with_reduce("a")


@pytest.mark.parametrize("pattern", own_patterns())
def test_every_key_of_a_pattern_has_a_method_of_its_builder(pattern: str) -> None:
    builder = {**BUILT, "chain": lambda: chain().add_step("researcher"), "parallel": parallel_builder}[pattern]()
    if isinstance(builder, GraphBuilder):
        builder.with_max_iterations(3)
    assert builder.pattern_type == pattern
    assert type(getattr(FluentBuilder("f"), pattern)()) is type(builder)
    keys = {field.alias or name for name, field in pattern_record(pattern).model.model_fields.items()}
    assert set(builder.to_dict()["pattern"]["config"]) == keys


@pytest.mark.parametrize("name", BUILT)
def test_what_one_method_sets_may_be_set_as_a_file_has_it(name: str) -> None:
    config = BUILT[name]().to_dict()["pattern"]["config"]
    builder = begun(FluentBuilder(name), "router", "writer", "critic", "boss", "a", "b", "c").pattern(name)
    for key, value in config.items():
        for part in value if isinstance(value, list) else ():
            builder.add_part(key, part)
        for id, part in value.items() if key in ("nodes", "routes") else ():
            builder.add_part(key, part, name=id)
        if not isinstance(value, list) and key not in ("nodes", "routes"):
            builder.with_part(key, value)
    assert builder.to_dict()["pattern"] == {"type": name, "config": config}


def test_everything_beside_the_pattern() -> None:
    builder: ChainBuilder = begun(ChainBuilder("all", description="what for"))
    data = (
        builder.with_budgets(max_steps=3)
        .add_agent("a", "p", tools=["calculator"], inference={"temperature": 0})
        .add_input("topic", description="what about")
        .add_input("size", "integer", default=3)
        .with_values(topic="bees")
        .with_section("tools", {"python": ["calculator"]})
        .with_section("tags", ["x"])
        .add_artifact("out.md")
        .add_step("a")
        .spec()
        .to_dict()
    )
    assert data["description"] == "what for"
    assert data["runtime"]["budgets"] == {"max_steps": 3}
    assert data["inputs"] == {
        "required": {"topic": {"type": "string", "description": "what about"}},
        "optional": {"size": {"type": "integer", "default": 3}},
        "values": {"topic": "bees"},
    }
    assert data["outputs"] == {"artifacts": [{"path": "out.md", "from": "{{ last_response }}"}]}
    assert data["agents"]["a"]["tools"] == ["calculator"]
    assert data["tags"] == ["x"]


def chain() -> ChainBuilder:
    builder: ChainBuilder = begun(ChainBuilder("c"), "researcher")
    return builder


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: chain().add_step("resercher"), "'resercher' .*'researcher'"),
    (lambda: chain().add_step("researcher", inputs="x"), "'inputs'.*'input'"),
    (lambda: chain().add_step("researcher", "{{ x"), "malformed template"),
    (lambda: chain().add_step("researcher", timeout_s=0), "timeout_s"),
    (lambda: chain().add_hitl("?", choises=["a"]), "'choises'.*'choices'"),
    (lambda: chain().add_hitl("?", choices=["a"], default="b"), "not one of the choices"),
    (lambda: chain().add_agent("researcher", "again"), "'researcher' already"),
    (lambda: chain().add_agent("other", "p", modelid="x"), "'modelid'.*'model_id'"),
    (lambda: chain().add_input("n", "int"), "'int'.*'integer'"),
    (lambda: chain().add_input("steps"), "'steps'"),
    (lambda: chain().with_section("telemtry", {}), "'telemtry'.*'telemetry'"),
    (lambda: chain().with_budgets(max_step=1), "'max_step'.*'max_steps'"),
    (lambda: ChainBuilder("c").with_budgets(max_steps=1), "no runtime yet"),
    (lambda: ChainBuilder("c").with_runtime("opnai"), "'opnai'.*'openai'"),
    (lambda: ChainBuilder("c").with_runtime("openai", temprature=1), "'temprature'.*'temperature'"),
    (lambda: begun(DagBuilder("w"), "a").add_task("one", "a").add_task("one", "a"), "task 'one' already"),
    (lambda: begun(DagBuilder("w"), "a").add_task("one", "a").add_task("two", "a", deps="on"), "'on'.*'one'"),
    (lambda: begun(ParallelBuilder("p"), "a").add_step("a"), "add_branch"),
    (lambda: begun(ParallelBuilder("p"), "a").add_branch("x").add_branch("x"), "branch 'x' already"),
    (lambda: begun(ParallelBuilder("p"), "a").add_branch("x y"), "'x y'|/id"),
    (lambda: begun(ParallelBuilder("p"), "a").with_part("branchs", []), "'branchs'.*'branches'"),
    (lambda: begun(ParallelBuilder("p"), "a").with_reduce(), "neither an agent nor a prompt"),
    (lambda: begun(ParallelBuilder("p"), "ab").add_branch("x").add_step("ac"), "'ac'.*'ab'"),
    (lambda: begun(RoutingBuilder("r"), "a").with_router("b"), "'b' is not declared"),
    (lambda: begun(RoutingBuilder("r"), "a").add_route("x").add_route("x"), "route 'x' already"),
    (lambda: begun(RoutingBuilder("r"), "a").add_hitl("?"), "add_route"),
    (lambda: begun(GraphBuilder("g"), "a").add_node("one", "a").add_edge("one", "onne"), "'onne'.*'one'"),
    (lambda: begun(GraphBuilder("g"), "a").add_node("x", "a").add_edge("x", "x").add_edge("x", "x"), "edge already"),
    (lambda: begun(GraphBuilder("g"), "a").add_node("x", "a").add_edge("x", choose=[("x ==", "x")]), "malformed"),
    (lambda: begun(GraphBuilder("g"), "a").with_max_iterations(0), "max_iterations"),
    (lambda: begun(EvaluatorOptimizerBuilder("e"), "a").with_producer("b"), "'b' is not declared"),
    (lambda: begun(EvaluatorOptimizerBuilder("e"), "a").with_accept(120), "at most 100"),
    (lambda: begun(OrchestratorWorkersBuilder("o"), "a").with_orchestrator("a", max_rounds=0), "max_rounds"),
    (lambda: chain().build(), "'steps' is missing"),
    (lambda: ChainBuilder("c").add_agent("a", "p").add_step("a").build(), "no runtime"),
    (lambda: FluentBuilder("f").runtime("openai").build(), "no pattern yet.*graph"),
    (lambda: begun(DagBuilder("w"), "a").build(), "'tasks' is missing"),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_wrong_call_fails_itself_and_names_the_nearest(call: Callable[[], object], message: str) -> None:
    with pytest.raises(SchemaValidationError, match=f"(?s){message}"):
        call()


def test_after_a_wrong_call_the_builder_goes_on() -> None:
    builder = chain()
    with pytest.raises(SchemaValidationError):
        builder.add_step("nobody")
    with pytest.raises(SchemaValidationError):
        builder.with_section("runtime", {"provider": 3})
    spec = builder.add_step("researcher").spec()
    assert len(spec.to_dict()["pattern"]["config"]["steps"]) == 1
    assert spec.runtime.provider == "scripted"


def test_tools_given_in_python_may_be_listed() -> None:
    from strands import tool

    @tool
    def ring_bell() -> str:
        """Ring the bell."""
        return "ding"

    builder = ChainBuilder("c").with_runtime("scripted").add_agent("a", "p", tools=["ring_bell"]).add_step("a", "go")
    with pytest.raises(SchemaValidationError, match="ring_bell"):
        builder.build()
    assert isinstance(builder.build(tools=[ring_bell]), Workflow)


def test_a_built_workflow_can_be_built_again_and_stays_as_it_was() -> None:
    builder = chain().add_step("researcher", "one")
    first = builder.build()
    second = builder.add_step("researcher", "two").build()
    assert [len(each.spec.to_dict()["pattern"]["config"]["steps"]) for each in (first, second)] == [1, 2]


@pytest.mark.parametrize("name", BUILT)
def test_a_built_workflow_runs(name: str) -> None:
    calls: list[str] = []
    workflow = BUILT[name]().build(model=patterns.model(calls), repository=MemorySessionRepository())
    answers = patterns.ANSWERS[name]
    result = asyncio.run(
        workflow.run_interactive_async(
            hitl_handler=lambda state: answers.get(state.question_id, "approved"), variables=patterns.VARIABLES[name]
        )
    )
    assert result.last_response == patterns.EXPECTED[name]


def deploy(environment: str) -> str:
    """Deploy."""
    return f"on {environment}"


def test_steps_without_a_model() -> None:
    chain = begun(ChainBuilder("x")).add_agent("a", "You are a.")
    chain.add_set({"where": "{{ topic }}"}).add_http("https://example.com", request={"method": "HEAD"}, when="false")
    chain.add_tool("deploy", {"environment": "{{ steps[0].response.where }}"}).add_fail("{{ last_response }}")
    result = chain.build(tools=[deploy], repository=MemorySessionRepository()).run(topic="staging")
    assert not result.success and "on staging" in (result.error_message or "")


def test_nodes_tasks_and_branches_without_a_model() -> None:
    graph = begun(GraphBuilder("x"), "a").add_tool("t", "deploy", {"environment": "x"}, on_error={"to": "f"})
    graph.add_fail("f", "no").add_set("s", {"b": 1}).add_edge("t", "s").add_edge("s", "end")
    assert graph.build(tools=[deploy], repository=MemorySessionRepository()).run().success
    tasks = begun(WorkflowBuilder("x"), "a").add_tool("t", "deploy", {"environment": "x"})
    tasks.add_set("s", {"b": "{{ tasks.t.response }}"}, deps=["t"])
    assert tasks.build(tools=[deploy], repository=MemorySessionRepository()).run().last_response == '{"b": "on x"}'
    lanes = begun(ParallelBuilder("x"), "a").add_branch("l").add_set({"a": 1}).add_branch("r").add_tool("deploy", {})
    with pytest.raises(SchemaValidationError, match="deploy"):
        lanes.build()
