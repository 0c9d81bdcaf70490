"""Tests of atomic agents: what they expect of an output, and what is said when it does not hold."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from strands_cli.atomic import AtomicError, load, run_cases
from strands_cli.atomic.cases import load_cases


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    file = tmp_path / "rater.yaml"
    file.write_text("name: rater\nprompt: Rate.\n")
    return file


def told(agent: Path, reply: Any, **expect: Any) -> list[str]:
    """Return what is said of one reply."""
    case = {"name": "one", "input": "text", "reply": reply, "expect": expect}
    agent.with_suffix(".tests.yaml").write_text(json.dumps({"tests": [case]}))
    (result,) = asyncio.run(run_cases(load(agent), offline=True))
    assert result.to_dict()["passed"] == (not result.problems)
    return result.problems


REPLY = {"score": 7, "tags": ["short", "clear"]}


@pytest.mark.parametrize(
    "expect",
    [
        {"contains": ["SCORE"], "not_contains": ["angry"], "matches": "sc.re"},
        {"fields": {"score": 7, "tags.0": "short", "tags.-1": "clear", "tags.9": None, "none.deep": None}},
        {"min_length": 3, "max_length": 100},
        {"checks": [{"type": "has_keys", "keys": ["score"]}, {"type": "contains", "value": "clear"}]},
        {"checks": [{"type": "max_length", "field": "score", "value": 1}]},
    ],
)
def test_an_output_as_it_should_be_passes(agent: Path, expect: dict[str, Any]) -> None:
    agent.write_text(agent.read_text() + "output_schema: {type: object}\n")
    assert told(agent, REPLY, **expect) == []


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ({"contains": ["angry"]}, "'angry' is not in the output"),
        ({"not_contains": ["SHORT"]}, "'SHORT' is in the output"),
        ({"matches": "^angry"}, "does not match '^angry'"),
        ({"equals": {"score": 8}}, "not {'score': 8}"),
        ({"equals": "x" * 200}, "..."),
        ({"fields": {"tags.0": "clear"}}, "tags.0 is 'short', not 'clear'"),
        ({"min_length": 1000}, "fewer than 1000"),
        ({"max_length": 3}, "more than 3"),
        ({"output_schema": {"type": "object", "required": ["why"]}}, "why"),
        ({"checks": [{"type": "has_keys", "keys": ["why"]}]}, "no field 'why'"),
        ({"checks": [{"type": "contains", "value": "angry"}]}, "'angry' is not in the output"),
        ({"checks": [{"type": "max_length", "field": "why", "value": 1}]}, "no field 'why'"),
        ({"checks": [{"type": "max_length", "field": "tags", "value": 1}]}, "more than 1"),
        ({"fails": "budget"}, "it was to fail with 'budget' and did not"),
    ],
)
def test_what_does_not_hold_is_said(agent: Path, expect: dict[str, Any], problem: str) -> None:
    agent.write_text(agent.read_text() + "output_schema: {type: object}\n")
    (said,) = told(agent, REPLY, **expect)
    assert problem in said


def test_a_run_that_fails_is_told_unless_it_was_to_fail_like_that(agent: Path) -> None:
    agent.write_text(agent.read_text() + "output_schema: {type: object}\n")
    (said,) = told(agent, "no object")
    assert told(agent, "no object", fails=said.split()[0]) == []


def refused(agent: Path, **case: Any) -> str:
    agent.with_suffix(".tests.yaml").write_text(json.dumps({"tests": [{"name": "one", "reply": "fine", **case}]}))
    with pytest.raises(AtomicError) as error:
        asyncio.run(run_cases(load(agent), offline=True))
    return error.value.message


@pytest.mark.parametrize(
    ("case", "cause"),
    [
        ({"expect": {"checks": [{"type": "max_length", "value": 3}]}}, "max_length needs a field"),
        ({"expect": {"checks": [{"type": "max_length", "field": "a", "value": "3"}]}}, "whole number"),
        ({"expect": {"checks": [{"type": "contains"}]}}, "contains needs a text"),
        ({"input": "./none.json"}, "'./none.json', which cannot be read: No such file"),
        ({"expect": {"output_schema": "rater.yaml"}}, "'rater.yaml', which cannot be read: it is not JSON"),
    ],
)
def test_a_test_that_is_malformed_is_refused(agent: Path, case: dict[str, Any], cause: str) -> None:
    assert cause in refused(agent, **case)


def test_an_agent_without_tests_says_where_they_belong(agent: Path) -> None:
    with pytest.raises(AtomicError, match="agent 'rater' has no tests") as error:
        load_cases(load(agent))
    assert "rater.tests.yaml" in error.value.hint


def test_inputs_and_schemas_may_stand_in_files_beside_the_tests(agent: Path) -> None:
    (agent.parent / "input.json").write_text('{"text": "hello"}')
    (agent.parent / "shape.json").write_text('{"type": "integer"}')
    expect = {"output_schema": "shape.json"}
    case = {"name": "one", "input": "./input.json", "reply": "fine", "expect": expect}
    agent.with_suffix(".tests.yaml").write_text(json.dumps({"tests": [case]}))
    (result,) = asyncio.run(run_cases(load(agent), only="on", offline=True))
    assert "integer" in result.problems[0]
    with pytest.raises(AtomicError, match="no test of agent 'rater' has 'two' in its name"):
        asyncio.run(run_cases(load(agent), only="two"))
