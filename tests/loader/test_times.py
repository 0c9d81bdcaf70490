"""Reminders, escalations and what counts at a deadline, as a spec says them: what is checked when it is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.loader import load_dict
from strands_cli.schema.validator import SchemaValidationError


def spec(step: dict[str, Any], *, rule: dict[str, Any] | None = None, budgets: dict[str, Any] | None = None) -> Any:
    return {
        "version": 0,
        "name": "t",
        "runtime": {"provider": "scripted", **({"budgets": budgets} if budgets else {})},
        "agents": {"a": {"prompt": "p", **({"approvals": [{"tools": ["*"], **rule}]} if rule else {})}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a"}, {"type": "hitl", "prompt": "x", **step}]}},
    }


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("4h", 14_400),
        ("1d", 86_400),
        ("2w", 1_209_600),
        (90, 90),
        (0.5, 0.5),
        ("1.5h", 5400),
    ],
)
def test_a_duration_is_seconds_or_has_a_unit(written: Any, seconds: float) -> None:
    step = load_dict(spec({"remind": [written]})).pattern.config.steps[1]
    assert step.remind == [seconds]


def test_one_reminder_need_not_be_a_list() -> None:
    assert load_dict(spec({"remind": "4h"})).pattern.config.steps[1].remind == [14_400]


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        (spec({"remind": ["soon"]}), "no duration"),
        (spec({"remind": ["4 hours"]}), "no duration"),
        (spec({"remind": [0]}), "more than 0"),
        (spec({"remind": [-1]}), "more than 0"),
        (spec({"remind": [True]}), "no duration"),
        (spec({"remind": []}), "at least 1"),
        (spec({"remind": ["1e400s"]}), "no duration"),
        (spec({"escalate": [{"after": "1d"}]}), "roles, users or notify"),
        (spec({"escalate": [{"roles": ["cfo"]}]}), "after"),
        (spec({"escalate": [{"after": "1d", "role": "cfo"}]}), "did you mean 'roles'"),
        (spec({"on_timeout": "fail"}), "no deadline"),
        (spec({"timeout_seconds": 60, "on_timeout": "default"}), "no default"),
        (spec({"timeout_seconds": 60, "on_timeout": "deny"}), "which answer denies"),
        (spec({"timeout_seconds": 60, "choices": ["a", "b"], "on_timeout": "deny"}), "which answer denies"),
        (spec({"timeout_seconds": 60, "remind": ["2m"]}), "the deadline after 60 s"),
        (spec({"timeout_seconds": 60, "escalate": [{"after": 60, "roles": "cfo"}]}), "the deadline after 60 s"),
        (spec({}, rule={"timeout_seconds": 60, "remind": ["1m"]}), "the deadline after 60 s"),
        (spec({}, rule={"on_timeout": "deny"}), "no deadline"),
        (spec({}, budgets={"max_steps": 1, "remind": ["1m"]}), "nobody is asked"),
        (spec({}, budgets={"max_steps": 1, "on_exceed": "ask", "on_timeout": "deny"}), "no deadline"),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, Any], cause: str) -> None:
    with pytest.raises(SchemaValidationError, match=cause):
        load_dict(document)


@pytest.mark.parametrize(
    "document",
    [
        spec({"timeout_seconds": 60, "default": "x", "on_timeout": "fail", "remind": [30]}),
        spec({"timeout_seconds": 60, "choices": ["Approve", "Reject"], "on_timeout": "deny"}),
        spec({}, rule={"timeout_seconds": 60, "on_timeout": "deny", "remind": "30s"}),
        spec({}, budgets={"max_steps": 1, "on_exceed": "ask", "timeout_seconds": 60, "on_timeout": "deny"}),
    ],
)
def test_what_is_right_is_taken_and_says_the_same_when_it_is_written_again(document: dict[str, Any]) -> None:
    loaded = load_dict(document)
    assert load_dict(loaded.to_dict()).to_dict() == loaded.to_dict()
