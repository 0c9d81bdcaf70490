"""routing: an agent chooses which chain of steps runs."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.errors import ExecutionError, InvalidAnswerError
from support.cast import Cast, hitl, spec

ROUTES: dict[str, Any] = {
    "faq": {"then": [{"agent": "b", "input": "faq: {{ router.chosen_route }}"}]},
    "technical": {
        "then": [
            {"agent": "b", "input": "dig: {{ q }}"},
            hitl("Sound?", context_display="{{ steps[0].response }}"),
            {"agent": "c", "input": "{{ hitl_response }}: {{ last_response }} / {{ steps[0].response }}"},
        ]
    },
}


def routing(**router: Any) -> dict[str, Any]:
    return spec("routing", {"router": {"agent": "a", "input": "Where to? {{ q }}", **router}, "routes": ROUTES})


def test_the_chosen_route_runs_as_a_chain() -> None:
    cast = Cast(routing(), {"a": '{"route": "faq"}', "b": "an answer"})
    result = cast.run(q="a password")
    assert result.success
    assert result.last_response == "an answer"
    assert cast.prompts("b") == ["faq: faq"]
    context = result.execution_context
    assert (context["chosen_route"], context["router_agent"]) == ("faq", "a")
    assert [step["response"] for step in context["steps"]] == ["an answer"]


def test_the_router_is_told_the_routes_unless_its_prompt_does() -> None:
    cast = Cast(routing(), {"a": '{"route": "faq"}', "b": "x"})
    cast.run(q="a password")
    assert cast.prompts("a")[0].startswith("Where to? a password")
    assert "one of: faq, technical" in cast.prompts("a")[0]

    own = 'Where to, faq or technical? Answer in JSON: {"route": "..."}'
    cast = Cast(routing(input=own), {"a": '{"route": "faq"}', "b": "x"})
    cast.run(q="a password")
    assert cast.prompts("a") == [own]


def test_a_malformed_choice_is_asked_again_with_the_problem_named() -> None:
    cast = Cast(routing(), {"a": ["I would say faq", '{"route": "sales"}', '{"route": "faq"}'], "b": "x"})
    result = cast.run(q="?")
    assert result.success
    _, second, third = cast.prompts("a")
    assert "no JSON" in second
    assert "one of: faq, technical" in second
    assert "no route 'sales'" in third
    assert len(cast.requests[2]) == 5, "the router sees its earlier answers"
    assert result.execution_context["router"]["response"] == '{"route": "faq"}'


def test_after_max_retries_it_fails_and_says_why() -> None:
    cast = Cast(routing(max_retries=1), {"a": ["x", '{"route": "sales"}']})
    with pytest.raises(
        ExecutionError, match="agent 'a' gave no usable answer for 'router' in 2 tries: there is no route"
    ):
        cast.run(q="?")


def test_no_retries() -> None:
    with pytest.raises(ExecutionError, match="in 1 try"):
        Cast(routing(max_retries=0), {"a": "x"}).run(q="?")


def test_a_route_stops_at_its_question() -> None:
    cast = Cast(routing(), {"a": '{"route": "technical"}', "b": "found", "c": lambda prompt: f"<{prompt}>"})
    paused = cast.run(q="it broke")
    assert [question.id for question in paused.questions] == ["routes/technical/steps/1"]
    assert paused.questions[0].context == "found"
    result = cast.resume(paused, "go")
    assert result.last_response == "<go: go / found>"
    assert len(cast.prompts("a")) == 1, "the choice is on record"


def test_the_router_and_a_route_may_share_an_agent_but_not_its_conversation() -> None:
    config = {
        "router": {"agent": "a", "input": "Where to?"},
        "routes": {"faq": {"then": [{"agent": "a", "input": "Now"}]}},
    }
    cast = Cast(spec("routing", config), {"a": ['{"route": "faq"}', "done"]})
    assert cast.run().last_response == "done"
    assert len(cast.requests[1]) == 1


REVIEW = hitl("Right?", context_display="{{ router.chosen_route }}: {{ router.response }}")


@pytest.mark.parametrize(
    ("answer", "route"),
    [
        ("approved", "faq"),
        ("Yes", "faq"),
        (" approve. ", "faq"),
        ("route:technical", "technical"),
        ("ROUTE: Technical", "technical"),
        ("technical", "technical"),
        ("route:faq", "faq"),
    ],
)
def test_the_review_confirms_or_changes_the_choice(answer: str, route: str) -> None:
    cast = Cast(routing(review_router=REVIEW), {"a": '{"route": "faq"}', "b": "x", "c": "y"})
    paused = cast.run(q="?")
    assert [(question.id, question.context) for question in paused.questions] == [
        ("router/review", 'faq: {"route": "faq"}')
    ]
    result = cast.resume(paused, answer)
    assert result.status == ("completed" if route == "faq" else "paused")
    assert cast.prompts("b") == [f"faq: {route}" if route == "faq" else "dig: ?"]


@pytest.mark.parametrize("answer", ["sales", "route:sales", "approved, I think", "route:", "route:yes", "no"])
def test_the_review_refuses_what_means_neither(answer: str) -> None:
    cast = Cast(routing(review_router=REVIEW), {"a": '{"route": "faq"}', "b": "x"})
    paused = cast.run(q="?")
    with pytest.raises(InvalidAnswerError, match=r"approved, or route:NAME with one of faq, technical"):
        cast.resume(paused, answer)
    assert cast.resume(paused, "approved").success


def test_the_case_of_a_route_is_kept() -> None:
    config = {
        "router": {"agent": "a", "input": "?", "review_router": hitl()},
        "routes": {name: {"then": [{"agent": "b", "input": name}]} for name in ("Sales", "SALES")},
    }
    cast = Cast(spec("routing", config), {"a": '{"route": "SALES"}', "b": lambda prompt: prompt})
    paused = cast.run()
    assert cast.resume(paused, "route:Sales").last_response == "Sales"


def test_the_authors_own_choices_stand() -> None:
    review = hitl("Right?", choices=["yes", "technical"])
    cast = Cast(routing(review_router=review), {"a": '{"route": "faq"}', "b": "x", "c": "y"})
    paused = cast.run(q="?")
    with pytest.raises(InvalidAnswerError):
        cast.resume(paused, "route:technical")
    assert cast.resume(paused, "technical").questions[0].id == "routes/technical/steps/1"


def test_a_default_that_names_no_route_fails_by_name() -> None:
    review = hitl("Right?", default="sales", choices=["sales", "yes"])
    cast = Cast(routing(review_router=review), {"a": '{"route": "faq"}'})
    paused = cast.run(q="?")
    with pytest.raises(ExecutionError, match="'router/review' was answered 'sales'"):
        cast.resume(paused, "")
