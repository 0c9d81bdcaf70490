"""Variables: where their values come from, and what is refused before any model is called."""

from __future__ import annotations

import pytest

from strands_cli.errors import USAGE, InputError
from strands_cli.loader import coerce_text, resolve_inputs
from strands_cli.loader.inputs import missing_inputs, spec_names
from support.spec_text import chain, load, pattern

INPUTS = """
inputs:
  required:
    topic: string
    level: {type: string, description: Who reads it, enum: [low, high]}
    count: {type: integer, default: 2}
  optional:
    ratio: number
    flag: {type: boolean, default: true}
  values: {level: low, topic: from the file}
"""


def test_values_win_over_defaults_and_what_is_given_wins_over_both() -> None:
    spec = load(chain(more=INPUTS))

    assert resolve_inputs(spec, {}) == {
        "topic": "from the file",
        "level": "low",
        "count": 2,
        "ratio": None,
        "flag": True,
    }
    given = resolve_inputs(spec, {"topic": "given", "count": 7, "ratio": 1, "flag": False})
    assert given == {"topic": "given", "level": "low", "count": 7, "ratio": 1, "flag": False}


def refusal(text: str, **variables: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        resolve_inputs(load(text), variables)
    assert caught.value.exit_code == USAGE
    return caught.value.message.splitlines()


def test_case_22_every_problem_is_named_at_once() -> None:
    text = chain("- {agent: a, input: '{{ topic }} {{ place }}'}", more=INPUTS)

    assert refusal(text, topic=5, level="middle", steps=[], flag="yes") == [
        "variable 'steps' has a name that the engine uses; choose another one",
        "variable 'place' is missing: /pattern/config/steps/0/input uses it",
        "variable 'topic' must be a string, not an integer 5",
        "variable 'level' cannot be 'middle'; expected one of 'low', 'high' (one of 'low', 'high')",
        "variable 'flag' must be a boolean, not a string 'yes'",
    ]


def test_case_22_a_required_variable_is_named_with_what_it_is() -> None:
    text = chain(more="inputs: {required: {level: {description: Who reads it, enum: [low, high]}}}\n")

    assert refusal(text) == ["variable 'level' is missing (string, one of low, high): Who reads it"]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("string", 1),
        ("string", None),
        ("integer", 1.5),
        ("integer", True),
        ("integer", "1"),
        ("number", "1"),
        ("number", float("nan")),
        ("number", True),
        ("boolean", 1),
        ("array", "a"),
        ("object", []),
    ],
)
def test_case_22_python_values_keep_their_types_and_must_fit(type_: str, value: object) -> None:
    assert "must be" in refusal(chain(more=f"inputs: {{required: {{x: {type_}}}}}\n"), x=value)[0]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("string", ""),
        ("integer", 0),
        ("number", 1),
        ("number", 0.5),
        ("boolean", False),
        ("array", (1,)),
        ("object", {}),
    ],
)
def test_values_that_fit(type_: str, value: object) -> None:
    spec = load(chain(more=f"inputs: {{required: {{x: {type_}}}}}\n"))

    assert resolve_inputs(spec, {"x": value})["x"] == (list(value) if isinstance(value, tuple) else value)


def test_case_22_a_name_that_only_another_pattern_has() -> None:
    told = refusal(chain("- {agent: a, input: '{{ tasks.x }} {{ step }}'}"))

    assert told[0].endswith("(did you mean 'steps'?)")
    assert told[1].endswith("(the pattern 'workflow' has a name 'tasks', 'chain' has not)")


def test_case_22_a_slip_of_the_pen_does_not_go_unnoticed() -> None:
    text = chain(more="inputs: {values: {topic: x}}\n")

    assert refusal(text, topci="y") == ["variable 'topci' is not used by this workflow; did you mean 'topic'?"]
    assert resolve_inputs(load(text), {"unrelated": 1})["unrelated"] == 1


def test_case_22_what_json_cannot_hold_is_no_variable() -> None:
    assert "a variable holds what JSON can hold" in refusal(chain(), x=object())[0]


def test_names_that_are_guarded_need_no_value() -> None:
    steps = "- {agent: a, input: \"{{ a | default('x') }}{% if b is defined %}{{ b }}{% endif %}\"}"

    assert resolve_inputs(load(chain(steps)), {}) == {}


def test_prompts_of_agents_that_nobody_calls_need_no_value() -> None:
    agents = "a: {prompt: p}\nunused: {prompt: '{{ never }}'}"

    assert resolve_inputs(load(chain(agents=agents)), {}) == {}


def test_the_vars_of_a_step_are_known_in_it_and_in_its_agent() -> None:
    text = chain("- {agent: a, input: '{{ tone }}', vars: {tone: kind}}", agents="a: {prompt: 'Be {{ tone }}'}")

    assert resolve_inputs(load(text), {}) == {}
    assert "'tone' is missing" in refusal(text.replace(", vars: {tone: kind}", ""))[0]


ENGINE_NAMES = {
    "chain": ("steps: [{agent: a, input: %s}]", "steps last_response hitl_response name runtime.model_id timestamp"),
    "workflow": ("tasks: [{id: t, agent: a, input: %s}]", "tasks last_response hitl_response"),
    "routing": ("router: {agent: a, input: %s}\nroutes: {x: {then: [{agent: a}]}}", "router steps"),
    "parallel": (
        "branches: [{id: x, steps: [{agent: a}]}, {id: y, steps: [{agent: a}]}]\nreduce: {agent: a, input: %s}",
        "branches",
    ),
    "evaluator_optimizer": (
        "producer: a\nevaluator: {agent: a, input: %s}\naccept: {min_score: 1}",
        "draft iteration evaluation iterations current_draft current_evaluation iteration_index",
    ),
    "orchestrator_workers": (
        "orchestrator: {agent: a}\nworker_template: {agent: a}\nreduce: {agent: a, input: %s}",
        "subtasks task_count orchestrator_response workers num_workers worker_count round_count reduce_response task",
    ),
    "graph": ("nodes: {x: {agent: a, input: %s}}", "nodes total_steps terminal_node execution_context"),
}


@pytest.mark.parametrize("type_", ENGINE_NAMES)
def test_the_names_of_the_engine_need_no_value(type_: str) -> None:
    config, names = ENGINE_NAMES[type_]
    template = " ".join("{{ " + name + " }}" for name in names.split())

    assert resolve_inputs(load(pattern(type_, config % f'"{template}"')), {}) == {}


def test_a_variable_may_have_a_name_that_only_another_pattern_uses() -> None:
    spec = load(
        chain("- {agent: a, input: '{{ iterations }} {{ name }}'}", more="inputs: {required: {iterations: integer}}\n")
    )

    assert resolve_inputs(spec, {"iterations": 3, "name": "mine"}) == {"iterations": 3, "name": "mine"}


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("string", "007", "007"),
        ("integer", " 12 ", 12),
        ("number", "1.5", 1.5),
        ("number", "2", 2),
        ("boolean", "Yes", True),
        ("boolean", "off", False),
        ("array", '["a", 1]', ["a", 1]),
        ("array", "a, b", ["a", "b"]),
        ("object", '{"a": 1}', {"a": 1}),
    ],
)
def test_texts_of_a_command_line_become_what_is_declared(type_: str, text: str, value: object) -> None:
    spec = load(chain(more=f"inputs: {{required: {{x: {type_}}}}}\n"))

    assert coerce_text(spec, "x", text) == value
    assert coerce_text(spec, "undeclared", text) == text


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("integer", "1.5"),
        ("number", "x"),
        ("number", "inf"),
        ("boolean", "maybe"),
        ("array", '{"a": 1}'),
        ("object", "x"),
    ],
)
def test_texts_that_mean_nothing(type_: str, text: str) -> None:
    spec = load(chain(more=f"inputs: {{required: {{x: {type_}}}}}\n"))

    with pytest.raises(InputError, match=f"variable 'x' is declared as {type_}: expected"):
        coerce_text(spec, "x", text)


def test_what_is_missing_can_be_asked_for() -> None:
    spec = load(chain("- {agent: a, input: '{{ place }}'}", more="inputs: {required: {level: {enum: [low]}}}\n"))

    missing = missing_inputs(spec, {})
    assert list(missing) == ["level", "place"]
    assert missing["level"] is not None and missing["level"].enum == ["low"]
    assert missing_inputs(spec, {"level": "low", "place": "x"}) == {}


def test_the_names_that_come_from_the_spec() -> None:
    names = spec_names(load(chain()), now=0)

    assert (names["name"], names["timestamp"], names["context_policy"]) == ("demo", "1970-01-01T00:00:00Z", {})
    assert isinstance(names["runtime"], dict) and names["runtime"]["model_id"] == "m"
