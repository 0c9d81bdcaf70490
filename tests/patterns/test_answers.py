"""What models and people answer, read: JSON wherever it stands in a text, and the words of a review."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.patterns import shapes
from strands_cli.patterns.answers import Malformed, approves, json_values, read, rejects

ROUTES = ["faq", "technical"]


def route(answer: str) -> str:
    return read(answer, lambda value: shapes.route(value, ROUTES))


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
    ],
)
def test_a_route_is_found_wherever_it_stands(answer: str) -> None:
    assert route(answer) == "faq"


def test_of_several_answers_the_last_one_counts() -> None:
    assert route('First {"route": "technical"}, no, {"route": "faq"}') == "faq"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("faq", "no JSON"),
        ("", "no JSON"),
        ('{"route": 3}', "a text under"),
        ('["faq"]', "a text under"),
        ('{"route": "sales"}', "no route 'sales'"),
        ('{"route": "fa', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("{" * 100_000, "no JSON"),
    ],
)
def test_what_is_wrong_is_named(answer: str, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        route(answer)


def test_routes_that_differ_only_in_case_are_kept_apart() -> None:
    assert shapes.named("FAQ", ["faq", "FAQ"]) == "FAQ"
    assert shapes.named("Faq", ["faq", "FAQ"]) is None


def test_inner_objects_are_part_of_the_outer_one() -> None:
    assert list(json_values('so {"a": {"b": 1}} it is')) == [{"a": {"b": 1}}]


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


def test_a_hostile_text_costs_little() -> None:
    for text in ("[1, " * 200_000, '{"a": ' * 200_000, '["x", ' + "y" * 1_000_000, "[" + "1" * 5_000 + "]"):
        with pytest.raises(Malformed):
            route(text)
