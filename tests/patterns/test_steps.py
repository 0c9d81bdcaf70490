"""Steps: what an agent is told, and what a person is asked."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.errors import InvalidAnswerError
from support.cast import Cast, hitl, spec


def chain(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return spec("chain", {"steps": list(steps)}, **more)


def test_a_steps_vars_are_its_own() -> None:
    data = chain(
        {"agent": "a", "input": "{{ tone }} {{ size }} {{ topic }}", "vars": {"tone": "{{ topic }}!", "size": 3}},
        {"agent": "a", "input": "{{ tone is defined }}"},
    )
    cast = Cast(data, {"a": "x"})
    cast.run(topic="bees")
    assert cast.prompts("a") == ["bees! 3 bees", "False"]


def test_the_authors_message_is_told_to_somebody_whose_answer_does_not_match() -> None:
    ask = hitl("Ticket?", validation={"pattern": "[A-Z]+-[0-9]+", "message": "write it like ABC-12"})
    cast = Cast(chain(ask), {})
    paused = cast.run()
    with pytest.raises(InvalidAnswerError, match="'12' is no answer to 'steps/0': write it like ABC-12"):
        cast.resume(paused, "12")
    assert cast.resume(paused, "AB-12").last_response == "AB-12"


def test_before_anybody_answered_there_is_no_answer() -> None:
    step = {"agent": "a", "input": "{% if hitl_response %}{{ hitl_response }}{% else %}nothing{% endif %}"}
    cast = Cast(chain(step, hitl(), step), {"a": lambda prompt: prompt})
    assert cast.resume(cast.run(), "fine").last_response == "fine"
    assert cast.prompts("a") == ["nothing", "fine"]


def test_a_chain_that_ends_with_a_person_does_not_look_paused() -> None:
    cast = Cast(chain({"agent": "a", "input": "x"}, hitl()), {"a": "y"})
    result = cast.resume(cast.run(), "fine")
    assert (result.status, result.agent_id, result.last_response) == ("completed", "a", "fine")
