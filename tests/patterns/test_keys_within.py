"""What fails in a workflow within is named by the key that it has on record."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.errors import ExecutionError
from strands_cli.testing import rehearse
from support.cast import hitl, spec

STEP = {"workflow": "review", "inputs": {"draft": "{{ topic }}"}}
A = {"agent": "a", "input": "x"}
WITHIN: dict[str, dict[str, Any]] = {
    "a condition": {**A, "when": "draft > 3"},
    "no list": {"for_each": "{{ draft }}", "steps": [A]},
}
GATE = hitl("Good?", on_reject="stop")


def chain_around(step: dict[str, Any]) -> dict[str, Any]:
    inner = spec("chain", {"steps": [step]}, "a", inputs={"required": {"draft": "string"}})
    return spec("chain", {"steps": [A, STEP]}, "a", workflows={"review": inner})


@pytest.mark.parametrize("case", WITHIN)
def test_what_fails_within_is_named_by_the_whole_key_of_its_step(case: str) -> None:
    with pytest.raises(ExecutionError, match="'steps/1/workflow/steps/0'"):
        rehearse(chain_around(WITHIN[case]), topic="x")


def test_what_is_rejected_within_is_named_by_the_whole_key_of_its_step() -> None:
    assert rehearse(chain_around(GATE), answers=["no"], topic="x").error == "'steps/1/workflow/steps/0' was rejected"
