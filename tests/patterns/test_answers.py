"""What models and people answer, read: JSON wherever it stands in a text, and the words of a review."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strands_cli.cli.outcome import allowed
from strands_cli.loader.json_text import BrokenJsonError, find, whole
from strands_cli.patterns import shapes
from strands_cli.patterns.answers import Malformed, approves, read, rejects
from support.cast import Cast, hitl, spec

ROUTES = ["faq", "technical"]


def route(answer: str) -> str:
    return read(answer, lambda value: shapes.route(value, ROUTES), last=True)


@pytest.mark.parametrize(
    "answer",
    [
        '{"route": "faq"}',
        '  {"route":"faq","why":"short"}\n',
        '```json\n{"route": "faq"}\n```',
        'Sure:\n```\n{"route": "faq"}\n```\nAnything else?',
        'I choose {"route": "faq"} because it is short.',
        'The form is {"route": "NAME"}, and {"note": [1]} aside I say {"route": "faq"}.',
        '{"route": "FAQ "}',
        '[1] they ask {"route": "faq"}',
        "{'route': 'faq', 'sure': True}",
        '["faq"]',
        '[{"route": "faq"}]',
        '"faq"',
        "faq",
        "**FAQ**.",
        "`faq`",
        "route: faq",
        '{"route": "route:faq",}',
        'See {name} and [[note]] of {}: {"route": "faq"}',
    ],
)
def test_a_route_is_found_wherever_it_stands(answer: str) -> None:
    assert route(answer) == "faq"


def test_of_several_answers_the_last_one_counts() -> None:
    assert route('First {"route": "technical"}, no, {"route": "faq"}') == "faq"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("the faq", "no JSON"),
        ("", "no JSON"),
        ('{"route": 3}', "a text under"),
        ('["faq", "technical"]', "a text under"),
        ('{"route": "sales"}', "no route 'sales'"),
        ('{"route": "fa', "cut off"),
        ('{"route": "faq"', "cut off"),
        ('{"route": "technical", "or": {"route": "faq"}', "cut off"),
        ('{"route" "technical", "or": {"route": "faq"}}', "malformed"),
        ('{choice: {"route": "faq"}}', "part of something"),
        ('{"route": "technical", "route": "faq"}', "twice"),
        ("[" * 100_000, "nested"),
        ("{" * 100_000, "nested"),
    ],
)
def test_what_is_wrong_is_named(answer: str, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        route(answer)


def test_routes_that_differ_only_in_case_are_kept_apart() -> None:
    assert shapes.named("FAQ", ["faq", "FAQ"]) == "FAQ"
    assert shapes.named("Faq", ["faq", "FAQ"]) is None


def test_inner_objects_are_part_of_the_outer_one() -> None:
    assert [each.value for each in find('so {"a": {"b": 1}} it is')] == [{"a": {"b": 1}}]


@pytest.mark.parametrize(
    ("value", "score"),
    [({"score": 80}, 80), ({"score": "72.5"}, 72.5), ({"score": 0, "issues": None}, 0), ({"score": 100}, 100)],
)
def test_a_score(value: Any, score: float) -> None:
    assert shapes.evaluation(value) == {"score": score, "issues": [], "fixes": []}


@pytest.mark.parametrize("value", [{}, [], 80, {"score": True}, {"score": 101}, {"score": -1}, {"score": "high"}])
def test_no_score(value: Any) -> None:
    with pytest.raises(Malformed):
        shapes.evaluation(value)


def test_nan_is_no_score() -> None:
    with pytest.raises(Malformed):
        read('{"score": NaN}', shapes.evaluation)


def test_issues_are_texts_however_they_are_written() -> None:
    found = shapes.evaluation({"score": 1, "issues": "late", "fixes": ["soon", {"where": "top"}]})
    assert found["issues"] == ["late"]
    assert found["fixes"] == ["soon", '{"where": "top"}']


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ([{"task": "x"}, {"task": "y", "why": "z"}], ["x", "y"]),
        (["x"], ["x"]),
        ({"tasks": [{"task": "x"}]}, ["x"]),
        ({"subtasks": ["x"]}, ["x"]),
        ({"task": "x"}, ["x"]),
        ([], []),
    ],
)
def test_tasks(value: Any, texts: list[str]) -> None:
    assert [each["task"] for each in shapes.tasks(value)] == texts


@pytest.mark.parametrize("value", [3, "x", [1], [{"todo": "x"}], [{"task": ""}], {"tasks": "x"}])
def test_no_tasks(value: Any) -> None:
    with pytest.raises(Malformed):
        shapes.tasks(value)


def test_a_person_replaces_a_plan_with_an_array_and_nothing_else() -> None:
    assert shapes.replacement('[{"task": "x"}]') == [{"task": "x"}]
    assert shapes.replacement([{"task": "x"}]) == [{"task": "x"}]
    assert shapes.replacement("[]") == []
    assert shapes.replacement("see item [1]") is None
    assert shapes.replacement('[{"todo": "x"}]') is None
    assert shapes.replacement('{"task": "x"}') is None


def test_a_yes_is_nothing_but_a_yes() -> None:
    assert all(approves(word) for word in ("approved", "YES", " ok. ", "Approve!", True))
    assert not any(approves(word) for word in ("", "approved, but split it", "no", False, None, ["yes"]))
    assert all(rejects(word) for word in ("reject", "No", "stop.", False))
    assert not any(rejects(word) for word in ("", "no more than three tasks", "yes", None))


PLAN = [
    {"task": "one [1]", "why": 'a "b" {c}'},
    {"task": "two\n```json\n[]\n```"},
    {"task": "three's", "n": [1.5, None]},
]


@pytest.mark.parametrize(
    "text",
    [
        '[{"task": "one"}, {"task": "two",},]',
        '{"task": "one"}\n{"task": "two"}',
        '{"task": "one"}, {"task": "two"}',
        "```json\n{'task': 'one'}\n{'task': 'two'}\n```",
        'First [1].\n```json\n[{"task": "one"}, {"task": "two"}]\n```\nThat is all.',
        'Thus: [{"task": "one"}, {"task": "two"}]. Done.',
        '{"tasks": [{"task": "one"}, {"task": "two"}]}',
        '["one", "two"]',
    ],
)
def test_a_plan_however_it_is_written(text: str) -> None:
    assert [each["task"] for each in read(text, shapes.tasks)] == ["one", "two"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"task": "one"} {"task": "two"}]',
        '[{"task": "one"}, {"task": "two"}',
        '{"task": "one"}, {"task": "two"}]',
        '{"tasks": [{"task": "one"}], "more": [{"task": "two"}',
        '1. {"task": "one"}\n2. {"task": "two"}',
        '[{"task": "one"}]\n[{"task": "two"}]',
        'The plan [{"task": "one"}] and then [{"task": "tw',
        '[{"task": "one"}, {"task": "two", "task": "three"}]',
        '[{"task": "one", "n": NaN}]',
        '[{"task": "one", "n": 1e999}]',
    ],
)
def test_a_part_of_a_plan_is_no_plan(text: str) -> None:
    with pytest.raises(Malformed):
        read(text, shapes.tasks)


def test_line_breaks_inside_texts_are_mended() -> None:
    assert read('[{"task": "one\ntwo"}]', shapes.tasks) == [{"task": "one\ntwo"}]


@pytest.mark.parametrize("dressing", ["{}", "```json\n{}\n```", "Here it is:\n{}\nGood luck.", '{{"tasks": {}}}'])
@pytest.mark.parametrize("indent", [None, 2])
def test_no_cut_of_a_plan_is_another_plan(dressing: str, indent: int | None) -> None:
    text = dressing.format(json.dumps(PLAN, indent=indent))
    assert read(text, shapes.tasks) == PLAN
    for cut in range(len(text)):
        for part in (text[:cut], text[cut:], text[:cut] + text[cut + 3 :]):
            try:
                taken = read(part, shapes.tasks)
            except Malformed:
                continue
            assert len(taken) == len(PLAN), part


PLANS = st.lists(st.fixed_dictionaries({"task": st.text(min_size=1).filter(str.strip)}), max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(PLANS, st.data())
def test_no_beginning_of_a_plan_is_another_plan(plan: list[dict[str, str]], data: st.DataObject) -> None:
    text = json.dumps(plan, ensure_ascii=data.draw(st.booleans()))
    assert read(text, shapes.tasks) == plan
    for part in (text[: data.draw(st.integers(0, len(text)))], text[data.draw(st.integers(0, len(text))) :]):
        with contextlib.suppress(Malformed):
            assert read(part, shapes.tasks) == plan


@pytest.mark.parametrize(
    "text",
    [
        '{"score": 20, "summary": "weak, "best": {"score": 95}}',
        '{"score": 20, "best": {"score": 95}',
        '{score: 20, "best": {"score": 95}}',
        'I quote {"score": 95} from it. {"score": 20}',
    ],
)
def test_a_score_inside_something_else_is_no_score(text: str) -> None:
    with pytest.raises(Malformed):
        read(text, shapes.evaluation)


def test_the_score_set_apart_is_the_score() -> None:
    text = 'The draft says {"score": 95}.\n```json\n{"score": 20}\n```'
    assert read(text, shapes.evaluation)["score"] == 20


@pytest.mark.parametrize("text", ["", "x", "[1] x", "x [1]", "```\n[1]\n```\n", "[1", "[1]]"])
def test_a_text_that_is_more_or_less_than_one_value(text: str) -> None:
    with pytest.raises(BrokenJsonError):
        whole(text)


def test_a_hostile_text_costs_little() -> None:
    for text in ("[1, " * 200_000, '{"a": ' * 200_000, '["x", ' + "y" * 1_000_000, "[" + "1" * 5_000 + "]"):
        with pytest.raises(Malformed):
            route(text)


@pytest.mark.parametrize("pattern", ["routing", "orchestrator_workers", "evaluator_optimizer"])
def test_people_see_the_words_that_a_review_takes(pattern: str) -> None:
    step = {"agent": "a", "input": "x"}
    configs: dict[str, dict[str, Any]] = {
        "routing": {"router": {**step, "review_router": hitl()}, "routes": {"left": [step], "right": [step]}},
        "orchestrator_workers": {
            "orchestrator": {"agent": "b"},
            "worker_template": {"agent": "a"},
            "decomposition_review": hitl(),
        },
        "evaluator_optimizer": {
            "producer": "a",
            "evaluator": {"agent": "c"},
            "accept": {"min_score": 99},
            "review_gate": hitl(),
        },
    }
    parts = {"a": '{"route": "left"}', "b": '[{"task": "t"}]', "c": '{"score": 1}'}
    question = Cast(spec(pattern, configs[pattern]), parts).run().questions[0]
    word = {"routing": "right", "orchestrator_workers": "JSON list", "evaluator_optimizer": "feedback"}[pattern]
    assert word in question.data["hint"] and word in allowed(question)
