"""Whose a name is: the workflow's own variables win over what the engine calls its things for convenience."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.errors import InputError
from strands_cli.loader import load_dict
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.spec.registry import known_patterns, pattern_record
from support.cast import Cast, hitl, spec

SCORES = ['{"score": 10, "issues": ["short"]}', '{"score": 90}']


def evaluator(template: str) -> dict[str, Any]:
    config = {
        "producer": "a",
        "evaluator": {"agent": "b", "input": f"as json with a score: {template}"},
        "accept": {"min_score": 80, "max_iters": 3},
        "revise_prompt": f"again {template}",
        "review_gate": hitl(f"Good? {template}"),
    }
    return spec("evaluator_optimizer", config)


def orchestrator(template: str) -> dict[str, Any]:
    config = {
        "orchestrator": {"agent": "a", "input": f"json tasks {template}", "limits": {"max_rounds": 2}},
        "decomposition_review": hitl(f"Plan? {template}"),
        "worker_template": {"agent": "b", "input": f"work {template}"},
        "reduce_review": hitl(f"Good? {template}"),
        "reduce": {"agent": "c", "input": f"reduce {template}"},
        "writeup": {"agent": "c", "input": f"write {template}"},
    }
    return spec("orchestrator_workers", config)


def routing(template: str) -> dict[str, Any]:
    router = {"agent": "a", "input": f"json route x {template}", "review_router": hitl(f"Good? {template}")}
    return spec("routing", {"router": router, "routes": {"x": {"then": [{"agent": "b", "input": f"go {template}"}]}}})


def graph(template: str) -> dict[str, Any]:
    nodes = {"one": {"agent": "a", "input": f"one {template}"}, "two": {"agent": "b", "input": f"two {template}"}}
    return spec("graph", {"nodes": nodes, "edges": [{"from": "one", "to": "two"}]})


def parallel(template: str) -> dict[str, Any]:
    branches = [{"id": id, "steps": [{"agent": "a", "input": f"{id} {template}"}]} for id in "xy"]
    return spec("parallel", {"branches": branches, "reduce": {"agent": "b", "input": f"all {template}"}})


WRITTEN = ("json", "as json", "again", "work ", "reduce ", "write ", "go ", "one ", "two ", "x ", "y ", "all ")
"""How prompts begin that come from a template of the workflow."""

PARTS: dict[str, tuple[Callable[[str], dict[str, Any]], dict[str, Any]]] = {
    "evaluator_optimizer": (evaluator, {"a": "draft", "b": SCORES}),
    "orchestrator_workers": (
        orchestrator,
        {"a": ['[{"task": "dig"}, {"task": "sow"}]', "[]"], "b": "done", "c": "all"},
    ),
    "routing": (routing, {"a": "x", "b": "gone"}),
    "graph": (graph, {"a": "1", "b": "2"}),
    "parallel": (parallel, {"a": "1", "b": "2"}),
}


def played(cast: Cast, **variables: Any) -> Any:
    result = cast.run(**variables)
    while result.status == "paused":
        assert "mine" in result.questions[0].prompt
        result = cast.resume(result, "approved" if "Plan" in result.questions[0].prompt else "ok")
    return result


@pytest.mark.parametrize("pattern", PARTS)
def test_a_variable_wins_in_every_template_and_changes_nothing_else(pattern: str, tmp_path: Path) -> None:
    make, parts = PARTS[pattern]
    names = sorted(pattern_record(pattern).soft_names | {"execution_context", "TRACE"})
    template = " ".join(f"{{{{ {name} }}}}" for name in names)
    data = make(template)
    data["outputs"] = {"artifacts": [{"path": "names.txt", "from": template}]}
    variables = {name: f"mine-{name}" for name in names}
    cast = Cast(data, parts, output_dir=tmp_path)
    result = played(cast, **variables)
    assert result.success
    wanted = " ".join(variables.values())
    told = [prompt for _, prompt in cast.told if prompt.startswith(WRITTEN)]
    assert len(told) >= 2 and all(wanted in prompt for prompt in told)
    assert (tmp_path / "names.txt").read_text() == wanted
    plain = Cast(make("mine"), parts, output_dir=tmp_path)
    assert _shape(played(plain).execution_context) == _shape(result.execution_context)


def _shape(value: Any) -> Any:
    """Return what a result is made of, without what the prompts and the clock put into it."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items() if key not in ("tokens", "duration")}
    return [_shape(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("pattern", known_patterns())
def test_reserved_are_only_the_names_that_a_pattern_cannot_do_without(pattern: str) -> None:
    reserved = {"last_response", "hitl_response"} | pattern_record(pattern).names
    assert reserved <= {"steps", "tasks", "nodes", "branches", "last_response", "hitl_response"}
    assert not reserved & pattern_record(pattern).soft_names


def test_a_reserved_name_is_refused_where_its_pattern_has_it() -> None:
    data = spec("chain", {"steps": [{"agent": "a", "input": "x"}]})
    for name in ("steps", "last_response", "hitl_response"):
        with pytest.raises(InputError, match=f"{name!r} has a name that the engine uses"):
            Cast(data, {"a": "x"}).run(**{name: "y"})
    assert Cast(data, {"a": "x"}).run(tasks="y", nodes="z", branches="w", num_workers=3, iteration=1).success


def test_a_branch_may_be_a_step() -> None:
    branches = [
        {"agent": "a", "input": "1"},
        {"agent": "a"},
        {"id": "z", **hitl("Good?")},
        {"agent": "b", "input": "3"},
    ]
    cast = Cast(spec("parallel", {"branches": branches}), {"a": "x", "b": "y"})
    result = cast.resume(cast.run(), "fine")
    assert list(result.execution_context["branches"]) == ["a", "a_2", "z", "b"]
    assert result.execution_context["branches"]["z"]["response"] == "fine"


def test_a_route_may_be_a_step_or_a_list_of_steps() -> None:
    routes = {"one": {"agent": "b", "input": "1"}, "two": [{"agent": "b", "input": "2"}, {"agent": "b", "input": "3"}]}
    for route, told in (("one", ["1"]), ("two", ["2", "3"])):
        cast = Cast(spec("routing", {"router": {"agent": "a", "input": "?"}, "routes": routes}), {"a": route, "b": "x"})
        assert cast.run().success
        assert cast.prompts("b") == told


def test_a_problem_in_a_short_form_has_its_place() -> None:
    branches = [{"agent": "a", "input": "1"}, {"agent": "nobody"}]
    with pytest.raises(SchemaValidationError, match="'nobody' is not declared"):
        load_dict(spec("parallel", {"branches": branches}))


UNKNOWN = spec("chain", {"steps": [{"agent": "a", "input": "{{ topic }}"}]})
DECLARED = {**UNKNOWN, "inputs": {"required": {"topic": "string"}}}


@pytest.mark.parametrize(
    ("data", "name", "hint"),
    [
        (UNKNOWN, "tpic", "did you mean 'topic'?"),
        (DECLARED, "tpic", "did you mean 'topic'?"),
        (DECLARED, "zzz", "expected one of 'topic'"),
    ],
)
def test_an_unknown_variable_is_an_error(data: dict[str, Any], name: str, hint: str) -> None:
    with pytest.raises(InputError, match=name) as caught:
        Cast(data, {"a": "x"}).run(topic="x", **{name: "y"})
    assert hint in str(caught.value)


def test_the_trace_may_be_written_with_a_dollar(tmp_path: Path) -> None:
    artifacts = [{"path": f"{n}.json", "from": body} for n, body in enumerate(["{{ $TRACE }}", "{{$TRACE | trim}}"])]
    data = spec("chain", {"steps": [{"agent": "a", "input": "x"}]}, outputs={"artifacts": artifacts})
    assert Cast(data, {"a": "text"}, output_dir=tmp_path).run().success
    for number in range(2):
        assert json.loads((tmp_path / f"{number}.json").read_text())["steps"][0]["response"] == "text"


def test_an_evaluators_history() -> None:
    cast = Cast(evaluator("x"), {"a": "draft", "b": SCORES})
    data = evaluator("x")
    del data["pattern"]["config"]["review_gate"]
    cast = Cast(data, {"a": "draft", "b": SCORES})
    assert [each["score"] for each in cast.run().execution_context["history"]] == [10, 90]


def test_tools_may_be_listed_by_kind() -> None:
    tools = {
        "python": ["calculator", {"callable": "json:loads"}],
        "http_executors": [{"id": "h", "base_url": "http://x.org"}],
    }
    data = spec("chain", {"steps": [{"agent": "a", "input": "x"}, {"agent": "b", "input": "x"}]}, tools=tools)
    data["agents"]["a"]["tools"], data["agents"]["b"]["tools"] = ["python"], ["http_executors", "current_time"]
    data["agents"]["a"]["approvals"] = [{"tools": ["calc*"]}]
    model = ScriptedModel(["x", "y"])
    Workflow.from_dict(data, model=model).run()
    offered = [[each["name"] for each in request.tool_specs or ()] for request in model.requests]
    assert offered == [["calculator", "loads"], ["h", "current_time"]]
