"""Answers: what fits a question is taken, falsy or not; what does not leaves it open."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from strands.interrupt import Interrupt
from strands_cli.errors import (
    InvalidAnswerError,
)
from strands_cli.kernel import questions
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.session import answers
from strands_cli.types import HITLState
from support.driving import Echo, driven, session, spec


def gate(**hitl: Any) -> dict[str, Any]:
    return spec("chain", {"steps": [{"type": "hitl", "prompt": "Go on?", **hitl}, {"agent": "a", "input": "done"}]})


@pytest.mark.parametrize(
    ("hitl", "value", "taken"),
    [
        ({}, "anything", "anything"),
        ({}, False, False),
        ({}, 0, 0),
        ({"default": "yes"}, "", "yes"),
        ({"choices": ["yes", "no"]}, " YES ", "yes"),
        ({"schema": {"type": "string"}}, "", ""),
        ({"schema": {"type": "integer", "minimum": 0}}, 0, 0),
        ({"schema": {"type": "integer"}}, "41", 41),
        ({"schema": {"type": "object", "required": ["ok"]}}, '{"ok": false}', {"ok": False}),
        ({"validation": {"pattern": "[A-Z]{3}"}}, "ABC", "ABC"),
    ],
)
def test_an_answer_that_fits_is_taken_falsy_or_not(hitl: dict[str, Any], value: Any, taken: Any) -> None:
    async def main() -> None:
        journal = await session()
        await driven(journal, gate(**hitl), Echo())
        await answers.give(journal, "steps/0", value, by="ann")
        answer = State(await journal.load()).answer("steps/0")
        assert answer is not None and answer.value == taken and type(answer.value) is type(taken)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("hitl", "value"),
    [
        ({}, ""),
        ({}, "  \n"),
        ({}, "\ud800"),
        ({}, {1, 2}),
        ({"choices": ["yes", "no"]}, "maybe"),
        ({"choices": ["yes", "no"], "default": "yes"}, "perhaps"),
        ({"schema": {"type": "integer"}}, "many"),
        ({"schema": {"type": "string", "maxLength": 5}}, "x" * 10_000_000),
        ({"schema": {"type": "string", "minLength": 1}}, ""),
        ({"validation": {"pattern": "[A-Z]{3}"}}, "ABCD"),
        ({"schema": {"type": "object"}}, '{"ok": ' + "[" * 150 + "]" * 150 + "}"),
        ({"schema": {"type": "object"}}, '{"ok": true, "ok": false}'),
        ({"schema": {"type": "object"}}, '{"ok": "\\ud800"}'),
    ],
)
def test_case_23_an_answer_that_does_not_fit_leaves_the_question_open(hitl: dict[str, Any], value: Any) -> None:
    async def main() -> None:
        journal, echo = await session(), Echo()
        await driven(journal, gate(**hitl), echo)
        with pytest.raises(InvalidAnswerError, match="steps/0") as caught:
            await answers.give(journal, "steps/0", value, by="ann")
        assert caught.value.hint and len(str(caught.value)) < 1000
        rest = await driven(journal, gate(**hitl), echo)
        assert rest.status == "paused" and not echo.calls

    asyncio.run(main())


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"type": "object", "properties": {"copies": {"minimum": 1}}}, '{"copies": 0}', "copies"),
        ({"type": "integer", "minimum": 1}, "0", "minimum"),
        ({"type": "object"}, '{"copies": ', "not JSON"),
        ({"type": ["string", "null"], "pattern": "[a-z]+"}, "41", "'41'"),
        ({"enum": ["a", "b"]}, "41", "'41'"),
    ],
)
def test_a_refused_text_is_told_what_is_wrong_with_the_json_that_it_was_meant_as(
    schema: dict[str, Any], value: str, told: str
) -> None:
    async def main() -> None:
        journal = await session()
        await driven(journal, gate(schema=schema), Echo())
        with pytest.raises(InvalidAnswerError) as caught:
            await answers.give(journal, "steps/0", value, by="ann")
        assert told in caught.value.message and "of type 'object'" not in caught.value.message

    asyncio.run(main())


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("run again", "run again"),
        (" SKIP ", "skip"),
        ("result: paid", "result: paid"),
        ({"result": None}, {"result": None}),
        ('{"result": {"id": 7}}', {"result": {"id": 7}}),
        ("result", None),
        ("yes", None),
        ("3", None),
        ({"result": 1, "more": 2}, None),
    ],
)
def test_what_may_be_said_of_a_call_that_may_have_happened(value: Any, taken: Any) -> None:
    doubt = questions.from_interrupt(Interrupt("i", "ambiguous_tool_call", {"message": "Again?"}), "a", "steps/0")
    asked = Entry(0, "asked", "q", questions.stored(doubt, 0.0), 0.0)
    if taken is not None:
        assert questions.checked(questions.opened(asked), value) == taken
    else:
        with pytest.raises(InvalidAnswerError) as caught:
            questions.checked(questions.opened(asked), value)
        assert caught.value.hint
        assert value != "yes" or "result: WHAT IT RETURNED" in caught.value.hint


def test_a_handler_whose_answer_does_not_fit_is_told_why_and_asked_again() -> None:
    async def main() -> None:
        problems: list[str | None] = []

        def handler(state: HITLState) -> str:
            problems.append(state.problem)
            return "maybe" if len(problems) == 1 else "yes"

        rest = await driven(await session(), gate(choices=["yes", "no"]), Echo(), handler=handler)
        assert rest.status == "completed"
        assert problems[0] is None and "not one of the choices" in str(problems[1])

    asyncio.run(main())
