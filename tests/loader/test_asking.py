"""Who a question is for, as a spec says it: what is checked when it is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.loader import load_dict
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.spec.asking import has_rules


def spec(step: dict[str, Any], *, rule: dict[str, Any] | None = None, budgets: dict[str, Any] | None = None) -> Any:
    steps = [{"type": "hitl", "prompt": "First?"}, {"agent": "a"}, {"type": "hitl", "prompt": "x", **step}]
    return {
        "version": 0,
        "name": "t",
        "runtime": {"provider": "scripted", **({"budgets": budgets} if budgets else {})},
        "agents": {"a": {"prompt": "p", **({"approvals": [{"tools": ["*"], **rule}]} if rule else {})}},
        "pattern": {"type": "chain", "config": {"steps": steps}},
    }


CHOICES = {"choices": ["yes", "no"]}


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        (spec({"ask": {"rolls": ["x"]}}), "did you mean 'roles'"),
        (spec({"ask": {"roles": []}}), "'roles' needs at least 1 entry"),
        (spec({"ask": {"users": []}}), "'users' needs at least 1 entry"),
        (spec({"ask": {"auth": "password"}}), "cannot be 'password'"),
        (spec({"ask": {"exclude": ["steps/1"]}}), "no step 'steps/1' that asks somebody"),
        (spec({"ask": {"exclude": "steps/00"}}), "did you mean 'steps/0'"),
        (spec({"quorum": {"yes": 2}}), "has none"),
        (spec({**CHOICES, "quorum": {"yess": 2}}), "did you mean 'yes'"),
        (spec({**CHOICES, "quorum": {"yes": 0}}), "must be at least 1"),
        (spec({"delegate": "nobody"}), "cannot be 'nobody'"),
        (spec({}, rule={"quorum": {"edit": 2}}), "expected one of 'approve', 'reject'"),
        (spec({}, rule={"ask": {"exclude": ["starters"]}}), "did you mean 'starter'"),
        (spec({}, budgets={"max_steps": 1, "on_exceed": "ask", "quorum": {"extent": 2}}), "did you mean 'extend'"),
        (spec({}, budgets={"max_steps": 1, "ask": {"roles": ["x"]}}), "Add on_exceed: ask"),
    ],
)
def test_a_mistake_is_named_when_it_is_loaded(document: dict[str, Any], cause: str) -> None:
    with pytest.raises(SchemaValidationError) as caught:
        load_dict(document)

    assert cause in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        spec({"ask": {"roles": "finance", "users": ["anna"], "exclude": ["starter", "steps/0"], "auth": "login"}}),
        spec({**CHOICES, "quorum": {"yes": 2}, "delegate": "anyone"}),
        spec({}, rule={"options": ["approve", "edit", "reject"], "quorum": {"edit": 2}}),
        spec({}, budgets={"max_steps": 1, "on_exceed": "ask", "ask": {"roles": ["x"]}}),
    ],
)
def test_what_is_right_is_taken_and_its_sessions_are_of_the_newer_format(document: dict[str, Any]) -> None:
    loaded = load_dict(document)
    assert has_rules(loaded.plain())
    assert load_dict(loaded.to_dict()).to_dict() == loaded.to_dict()


def test_what_asks_everybody_has_no_rules() -> None:
    assert not has_rules(load_dict(spec(CHOICES, rule={}, budgets={"max_steps": 1})).plain())
