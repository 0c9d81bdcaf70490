"""What each kind of question lets a person fill in, and the answer that the session then takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from strands_cli.errors import InvalidAnswerError
from strands_cli.forms import FormAnswerError, form_of, read
from strands_cli.kernel.questions import AMBIGUOUS_CHOICES, AMBIGUOUS_SCHEMA, checked
from strands_cli.resources.decision_log import answer_schema
from strands_cli.types import OpenQuestion

OPTIONS = ("approve", "edit", "reject")
ARGUMENTS = {"path": "/tmp", "days": 3}


def question(**more: Any) -> OpenQuestion:
    return OpenQuestion("steps/0", "Well?", **more)


def approval(remember: str = "never", arguments: Any = ARGUMENTS, options: tuple[str, ...] = OPTIONS) -> OpenQuestion:
    data = {"interrupt": {"reason": {"tool": "delete", "input": arguments}}}
    return question(kind="approval", choices=options, schema=answer_schema(options, remember), data=data)


def taken(asked: OpenQuestion, **given: Any) -> Any:
    """Return what a session records of the form as it was filled in."""
    return checked(asked, read(form_of(asked), {name.replace("__", "."): value for name, value in given.items()}))


@pytest.mark.parametrize(
    ("asked", "given", "answer"),
    [
        (question(), {"value": "yes, but later"}, "yes, but later"),
        (question(choices=("ship", "hold")), {"value": "hold"}, "hold"),
        (question(schema={"type": "boolean"}), {"value": "no"}, False),
        (question(schema={"type": "integer"}), {"value": "0"}, 0),
        (question(default="later", has_default=True), {"value": "later"}, "later"),
        (question(kind="budget", choices=("extend", "stop")), {"value": "stop"}, "stop"),
        (approval(), {"decision": "approve"}, "approve"),
        (approval(), {"decision": "approve", "feedback": "said to nobody", "arguments": "{"}, "approve"),
        (approval(), {"decision": "reject", "feedback": "too many"}, {"decision": "reject", "feedback": "too many"}),
        (
            approval("session"),
            {"decision": "approve", "remember": "exact"},
            {"decision": "approve", "remember": "exact"},
        ),
        (
            approval(),
            {"decision": "edit", "arguments": '{"path": "/var", "days": 1}'},
            {"decision": "edit", "arguments": {"path": "/var", "days": 1}},
        ),
    ],
)
def test_what_is_filled_in_is_an_answer(asked: OpenQuestion, given: Mapping[str, str], answer: Any) -> None:
    assert taken(asked, **given) == answer


def test_a_response_needs_its_text() -> None:
    asked = approval(options=("approve", "respond"))
    answer = {"decision": "respond", "response": "It is gone."}
    assert taken(asked, decision="respond", response="It is gone.") == answer
    with pytest.raises(FormAnswerError):
        read(form_of(asked), {"decision": "respond", "response": " "})


def test_the_arguments_of_an_edit_are_there_to_be_changed() -> None:
    field = form_of(approval()).field("arguments")
    assert field is not None and field.default == ARGUMENTS
    assert taken(approval(), decision="edit", arguments=field.text) == {"decision": "edit", "arguments": ARGUMENTS}


def test_a_decision_is_never_made_in_advance() -> None:
    for asked in (approval(), question(choices=("approve", "reject"), default="approve", has_default=True)):
        field = form_of(asked).fields[0]
        assert (field.has_default, field.required) == (False, True)
        with pytest.raises(FormAnswerError, match="choose one"):
            read(form_of(asked), {})


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"decision": "run again"}, "run again"),
        ({"decision": "skip", "result": "x"}, "skip"),
        ({"decision": "result", "result": "42 files"}, {"result": "42 files"}),
        ({"decision": "result", "result": '{"files": 42}'}, {"result": {"files": 42}}),
    ],
)
def test_a_call_that_may_have_happened(given: Mapping[str, str], answer: Any) -> None:
    asked = question(kind="ambiguous_tool", choices=AMBIGUOUS_CHOICES, schema=AMBIGUOUS_SCHEMA)
    assert taken(asked, **given) == answer


def test_what_an_mcp_server_asks_is_sent_or_declined() -> None:
    schema = {"type": "object", "properties": {"seats": {"type": "integer"}}, "required": ["seats"]}
    asked = question(kind="elicitation", schema=schema)
    assert taken(asked, action="decline", content__seats="many") == {"action": "decline"}
    assert taken(asked, action="accept", content__seats="2") == {"action": "accept", "content": {"seats": 2}}
    assert taken(question(kind="elicitation"), action="accept") == {"action": "accept"}


def test_an_answer_that_is_no_date_is_refused_wherever_it_comes_from() -> None:
    schema = {"type": "object", "properties": {"due": {"type": "string", "format": "date"}}}
    assert checked(question(schema=schema), {"due": "2028-02-29"}) == {"due": "2028-02-29"}
    with pytest.raises(InvalidAnswerError, match=r"\$\.due: '2027-02-29' is not a date like 2026-12-01"):
        checked(question(schema=schema), {"due": "2027-02-29"})
    with pytest.raises(InvalidAnswerError, match="not a date and time"):
        checked(question(schema={"type": "array", "items": {"type": "string", "format": "date-time"}}), ["noon"])
