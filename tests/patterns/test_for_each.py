"""Lists: steps for each item, branches and workers that may fail, times and choices that come from data."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.errors import ExecutionError, StrandsError
from strands_cli.loader import load_dict
from strands_cli.plan import plan
from strands_cli.schema.validator import SchemaValidationError
from support.cast import Cast, hitl, spec

A = {"agent": "a", "input": "x"}
GONE = {"type": "fail", "message": "gone"}


def chain(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return spec("chain", {"steps": list(steps)}, **more)


def echo(prompt: str) -> str:
    return f"<{prompt}>"


EACH = {
    "for_each": "{{ files }}",
    "as": "file",
    "steps": [
        {"agent": "a", "input": "{{ file.name }} {{ index }}"},
        hitl("Good?", context_display="{{ steps[0].response }}", on_reject="stop"),
    ],
}
FILES = [{"name": "p"}, {"name": "q"}]


def test_each_item_has_its_own_gate() -> None:
    cast = Cast(chain(EACH, {"agent": "b", "input": "{{ last_response | join(' ') }}"}), {"a": echo, "b": echo})
    paused = cast.run(files=FILES)
    ids = [question.id for question in paused.questions]
    assert ids == ["steps/0/items/0/steps/1", "steps/0/items/1/steps/1"]
    assert [question.context for question in paused.questions] == ["<p 0>", "<q 1>"]
    result = cast.resume(paused, "yes", "yes")
    assert result.last_response == "<<p 0> <q 1>>"


@pytest.mark.parametrize("on_failure", ["fail", "continue"])
def test_an_item_that_is_rejected(on_failure: str) -> None:
    data = chain({**EACH, "on_failure": on_failure}, {"agent": "b", "input": "{{ steps[0]['items'][1].status }}"})
    cast = Cast(data, {"a": echo, "b": echo})
    result = cast.resume(cast.run(files=FILES), "yes", "reject: too long")
    if on_failure == "fail":
        assert result.exit_code == 21 and "too long" in (result.error_message or "")
    else:
        assert result.last_response == "<rejected>"
        assert result.execution_context["steps"][0]["response"] == ["<p 0>", ""]


@pytest.mark.parametrize("pattern", ["graph", "workflow", "parallel"])
def test_it_may_stand_wherever_a_step_may(pattern: str) -> None:
    each = {"for_each": [1, "{{ n }}"], "steps": [{"agent": "a", "input": "{{ item + 1 }}"}]}
    data = {
        "graph": spec("graph", {"nodes": {"e": each}}),
        "workflow": spec("workflow", {"tasks": [{"id": "e", **each}]}),
        "parallel": spec("parallel", {"branches": [A, {"id": "r", "steps": [A]}], "reduce": each}),
    }[pattern]
    cast = Cast(data, {"a": echo})
    assert cast.run(n=5).last_response == '["<2>", "<6>"]'
    assert any(node.id.endswith("items/*/steps/0") for node in plan(load_dict(data)).nodes)


def test_lists_in_lists() -> None:
    inner = {"for_each": "{{ row }}", "as": "cell", "steps": [{"set": {"at": "{{ row[0] }}{{ cell }}"}}]}
    cast = Cast(chain({"for_each": "{{ rows }}", "as": "row", "steps": [inner]}), {})
    response = cast.run(rows=[["a"], ["b", "c"]]).execution_context["steps"][0]["response"]
    assert response == [[{"at": "aa"}], [{"at": "bb"}, {"at": "bc"}]]


def test_an_empty_list_and_what_is_none() -> None:
    assert Cast(chain(EACH), {}).run(files=[]).execution_context["steps"][0]["response"] == []
    with pytest.raises(ExecutionError, match="for_each needs a list"):
        Cast(chain(EACH), {}).run(files="p, q")
    assert Cast(chain({**EACH, "for_each": "{{ files | fromjson }}"}), {}).run(files="[]").success


def test_items_that_nobody_named_are_found() -> None:
    declared = {"required": {"files": "array"}}
    assert Cast(chain(EACH, inputs=declared), {}).run(files=[]).success
    with pytest.raises(StrandsError, match="variable 'file' is missing"):
        Cast(chain({**EACH, "as": "fiel"}, inputs=declared), {}).run(files=[])


def test_branches_do_their_best() -> None:
    branches = [
        {"id": "good", "steps": [A]},
        {"id": "bad", "steps": [A, GONE], "on_failure": "continue"},
        {"id": "asked", "steps": [hitl("?", on_reject="stop"), A], "on_failure": "continue"},
    ]
    reduce = {
        "agent": "a",
        "input": "{% for b in branches.values() %}{{ b.status }} {% endfor %}{{ branches.bad.error }}",
    }
    cast = Cast(spec("parallel", {"branches": branches, "reduce": reduce}), {"a": echo})
    result = cast.resume(cast.run(), "no")
    assert result.last_response == "<completed failed rejected gone>"
    del branches[1]["on_failure"]
    cast = Cast(spec("parallel", {"branches": branches, "reduce": reduce}), {"a": echo})
    assert cast.resume(cast.run(), "no").status == "failed"


def test_workers_do_their_best() -> None:
    def work(prompt: str) -> str:
        return " " if prompt == "y" else echo(prompt)

    config = {
        "orchestrator": {"agent": "b"},
        "worker_template": {"agent": "a", "on_failure": "continue"},
        "writeup": {"agent": "c", "input": "{{ workers | map(attribute='status') | join(' ') }}"},
    }
    runtime = {"provider": "scripted", "failure_policy": {"retries": 0}}
    data = spec("orchestrator_workers", config, runtime=runtime)
    cast = Cast(data, {"a": work, "b": '[{"task": "x"}, {"task": "y"}]', "c": echo})
    assert cast.run().last_response == "<completed failed>"


@pytest.mark.parametrize(
    ("written", "seconds"), [(90, 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("{{ n }}m", 240)]
)
def test_times_have_units_and_may_come_from_data(written: Any, seconds: float) -> None:
    cast = Cast(chain(hitl("?", timeout_seconds=written)), {})
    assert cast.run(n=4).questions[0].timeout_seconds == seconds
    cast = Cast(chain({**A, "timeout_s": written}), {"a": "done"})
    assert cast.run(n=4).success


def test_a_time_that_is_none_is_told() -> None:
    with pytest.raises(SchemaValidationError, match="must be a number"):
        load_dict(chain(hitl("?", timeout_seconds="soon")))
    with pytest.raises(ExecutionError, match="gives no time"):
        Cast(chain(hitl("?", timeout_seconds="{{ n }}")), {}).run(n="soon")


def test_choices_and_defaults_come_from_data() -> None:
    ask = hitl("Which?", choices="{{ options }}", default="{{ options[1] }}")
    cast = Cast(chain(ask, {"agent": "a", "input": "{{ hitl_response }}"}), {"a": echo})
    paused = cast.run(options=["north", "south"])
    assert (paused.questions[0].choices, paused.questions[0].default) == (("north", "south"), "south")
    assert cast.resume(paused, "").last_response == "<south>"
    paused = Cast(chain(hitl("?", choices=["{{ options[0] }}", "none"])), {}).run(options=["north"])
    assert paused.questions[0].choices == ("north", "none")
    with pytest.raises(ExecutionError, match="no list of choices"):
        cast.run(options="north")


def test_keys_of_the_authors_own() -> None:
    data = chain({**A, "x-why": 1}, **{"x-shared": {"a": 1}})
    data["agents"]["a"]["x-owner"] = "me"
    assert Cast(data, {"a": "done"}).run().success
    with pytest.raises(SchemaValidationError, match="unknown key 'why'") as caught:
        load_dict(chain({**A, "x-why": 1, "why": 2}))
    assert "x-why" not in str(caught.value)
