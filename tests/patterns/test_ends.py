"""How a workflow ends: where it says so, with a failure of its own, or at a person's no."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.errors import InvalidAnswerError
from strands_cli.schema.validator import SchemaValidationError
from support.cast import Cast, hitl, spec

A = {"agent": "a", "input": "x"}


def chain(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return spec("chain", {"steps": list(steps)}, **more)


def graph(nodes: dict[str, Any], *edges: dict[str, Any]) -> dict[str, Any]:
    return spec("graph", {"nodes": nodes, "edges": list(edges)})


def problems_of(data: dict[str, Any]) -> str:
    with pytest.raises(SchemaValidationError) as caught:
        Cast(data, {})
    return str(caught.value)


@pytest.mark.parametrize(("answer", "path"), [("yes", ["ask"]), ("no", ["ask", "work"])])
def test_a_graph_ends_where_an_edge_says_so(answer: str, path: list[str]) -> None:
    choose = [{"when": "hitl_response == 'yes'", "to": "end"}, {"when": "else", "to": "work"}]
    data = graph({"ask": hitl(), "work": A}, {"from": "ask", "choose": choose}, {"from": "work", "to": "end"})
    cast = Cast(data, {"a": "done"})
    result = cast.resume(cast.run(), answer)
    assert result.success and result.execution_context["execution_path"] == path


def test_a_node_may_be_called_end() -> None:
    cast = Cast(graph({"first": A, "end": A}, {"from": "first", "to": "end"}), {"a": "done"})
    assert cast.run().execution_context["terminal_node"] == "end"


FAIL = {"type": "fail", "message": "{{ last_response }} is not enough", "exit_code": 3}
PLACES: dict[str, dict[str, Any]] = {
    "chain": chain(A, FAIL, A),
    "graph": graph({"a": A, "no": FAIL}, {"from": "a", "to": "no"}),
    "workflow": spec("workflow", {"tasks": [{"id": "a", **A}, {"id": "no", "deps": "a", **FAIL}]}),
    "routing": spec("routing", {"router": A, "routes": {"r": [A, FAIL]}}),
    "parallel": spec("parallel", {"branches": [{"id": "l", "steps": [A, FAIL]}, {"id": "r", "steps": [A]}]}),
    "orchestrator_workers": spec(
        "orchestrator_workers", {"orchestrator": {"agent": "b"}, "worker_template": {"agent": "a"}, "writeup": FAIL}
    ),
}


@pytest.mark.parametrize("pattern", PLACES)
def test_a_step_may_say_that_the_run_fails(pattern: str) -> None:
    said = {"routing": '{"route": "r"}', "orchestrator_workers": "half"}.get(pattern, "half")
    cast = Cast(PLACES[pattern], {"a": said, "b": '[{"task": "t"}]'})
    result = cast.run()
    assert (result.status, result.success, result.exit_code) == ("failed", False, 3)
    assert result.error_message is not None and "is not enough" in result.error_message
    again = cast.workflow.resume(result.session_id)
    assert (again.status, again.exit_code) == ("failed", 3)


def test_a_no_goes_on_unless_the_gate_says_otherwise() -> None:
    cast = Cast(chain(A, hitl(), A), {"a": "done"})
    assert cast.resume(cast.run(), "reject").success


@pytest.mark.parametrize("answer", ["no", "Reject", "cancel.", "reject: too early"])
@pytest.mark.parametrize("pattern", ["chain", "graph", "routing", "parallel"])
def test_a_rejected_gate_stops_what_it_stands_in(pattern: str, answer: str) -> None:
    gate = hitl("Ship?", on_reject="stop")
    data = {
        "chain": chain(A, gate, A),
        "graph": graph({"a": A, "gate": gate, "b": A}, {"from": "a", "to": "gate"}, {"from": "gate", "to": "b"}),
        "routing": spec("routing", {"router": A, "routes": {"r": [gate, A]}}),
        "parallel": spec("parallel", {"branches": [{"id": "l", "steps": [gate, A]}, {"id": "r", "steps": [A]}]}),
    }[pattern]
    cast = Cast(data, {"a": '{"route": "r"}'})
    paused = cast.run()
    assert paused.questions[0].choices == ("approve", "reject")
    result = cast.resume(paused, answer)
    assert (result.status, result.exit_code) == ("failed", 21)
    assert f"{paused.questions[0].id!r} was rejected" in (result.error_message or "")
    assert ("too early" in (result.error_message or "")) == ("early" in answer)
    assert len(cast.told) == 1


@pytest.mark.parametrize("answer", ["approve", "LGTM", "yes", "ok."])
def test_what_means_yes_is_taken_as_the_gates_yes(answer: str) -> None:
    cast = Cast(chain(hitl("Ship?", on_reject="stop"), {"agent": "a", "input": "{{ hitl_response }}"}), {"a": "done"})
    assert cast.resume(cast.run(), answer).success
    assert cast.prompts("a") == ["approve"]


def test_a_gate_takes_neither_silence_nor_other_words() -> None:
    cast = Cast(chain(A, hitl("Ship?", on_reject="stop")), {"a": "done"})
    paused = cast.run()
    for answer in ("", "perhaps", "not sure: x"):
        with pytest.raises(InvalidAnswerError):
            cast.resume(paused, answer)


def test_a_no_may_lead_back() -> None:
    data = chain(
        {"agent": "a", "input": "{{ hitl_response | default('first') }}"}, A, hitl("Good?", on_reject={"to": 0}), A
    )
    cast = Cast(data, {"a": lambda told: f"<{told}>"})
    again = cast.resume(cast.run(), "reject: shorter")
    assert [question.id for question in again.questions] == ["steps/2#2"]
    result = cast.resume(again, "approve")
    assert cast.prompts("a") == ["first", "x", "reject: shorter", "x", "x"]
    assert [step["response"] for step in result.execution_context["steps"]] == [
        "<reject: shorter>",
        "<x>",
        "approve",
        "<x>",
    ]


def test_a_no_may_end_a_chain_well() -> None:
    cast = Cast(chain(A, hitl("More?", on_reject={"to": "end"}), A), {"a": "done"})
    result = cast.resume(cast.run(), "no")
    assert result.success and result.last_response == "done" and len(cast.told) == 1


def test_a_no_may_lead_to_a_node() -> None:
    nodes = {"a": A, "gate": hitl("Good?", on_reject={"to": "a"}), "last": A}
    cast = Cast(graph(nodes, {"from": "a", "to": "gate"}, {"from": "gate", "to": "last"}), {"a": "done"})
    again = cast.resume(cast.run(), "no")
    assert again.execution_context["execution_path"] == ["a", "gate", "a"]
    assert cast.resume(again, "yes").execution_context["terminal_node"] == "last"


def test_a_gates_own_choices_need_a_no() -> None:
    told = problems_of(chain(hitl("Ship?", choices=["go", "hold"], on_reject="stop")))
    assert "none of the choices is one" in told
    cast = Cast(chain(hitl("Ship?", choices=["go", "stop"], on_reject="stop")), {})
    assert cast.resume(cast.run(), "stop").exit_code == 21


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (chain(hitl("?", on_reject={"to": 3})), "an earlier one"),
        (chain(hitl("?", on_reject={"to": "a"})), "an earlier one"),
        (graph({"a": hitl("?", on_reject={"to": "b"})}), "node 'b' is not declared"),
        (spec("workflow", {"tasks": [{"id": "t", **hitl("?", on_reject={"to": "end"})}]}), "no way elsewhere"),
        (chain({**A, "on_error": "contine"}), "did you mean 'continue'"),
        (chain(hitl("?", on_reject="go")), "'on_reject' cannot be 'go'"),
        (graph({"a": A}, {"from": "a", "to": "edn"}), "did you mean 'end'"),
    ],
)
def test_a_target_that_there_is_not_is_found_before_a_run(data: dict[str, Any], told: str) -> None:
    assert told in problems_of(data)


@pytest.mark.parametrize("pattern", ["chain", "graph", "workflow"])
def test_a_decision_at_the_end_is_not_the_response(pattern: str) -> None:
    gate = hitl("Good?")
    data = {
        "chain": chain(A, gate),
        "graph": graph({"a": A, "gate": gate}, {"from": "a", "to": "gate"}),
        "workflow": spec("workflow", {"tasks": [{"id": "a", **A}, {"id": "gate", "deps": "a", **gate}]}),
    }[pattern]
    cast = Cast(data, {"a": "the text"})
    paused = cast.run()
    assert cast.resume(paused, "yes").last_response == "the text"
    assert cast.resume(cast.run(), "words of my own").last_response == "words of my own"


def test_a_choice_at_the_end_is_not_the_response() -> None:
    cast = Cast(chain(A, hitl("Where?", choices=["here", "there"])), {"a": "the text"})
    assert cast.resume(cast.run(), "here").last_response == "the text"
