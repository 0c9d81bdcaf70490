"""One form in every place: what is filled in comes to the same answer in a terminal, on a page, in Slack, over MCP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from strands_cli.forms import Form, FormAnswerError, form_of_schema, read
from strands_cli.forms.elicitation import requested_schema
from strands_cli.forms.slack import ACTION, PREFIX, blocks, submitted
from strands_cli.terminal import form as terminal


@dataclass
class Case:
    """A field, and the ways in which each place says the same of it. A place that cannot show it has None."""

    schema: Mapping[str, Any]
    value: Any
    typed: str
    posted: Any
    slack: Mapping[str, Any] | None = None
    mcp: Any = None
    required: bool = True
    labels: tuple[str, ...] = field(default=())


CASES = {
    "text": Case({"type": "string"}, "a b", "a b", "a b", {"value": "a b"}, "a b"),
    "text of several lines": Case(
        {"type": "string", "maxLength": 500}, "a\nb", "a\nb", "a\r\nb", {"value": "a\nb"}, "a\nb"
    ),
    "integer": Case({"type": "integer", "minimum": 1}, 3, "3", " 3 ", {"value": "3"}, 3),
    "number": Case({"type": "number"}, 1.5, "1.5", "1.5", {"value": "1.5"}, 1.5),
    "yes": Case({"type": "boolean"}, True, "y", "true", {"selected_option": {"value": "true"}}, True),
    "no": Case({"type": "boolean"}, False, "no", "false", {"selected_option": {"value": "false"}}, False),
    "one of": Case({"enum": ["red", "blue"]}, "blue", "2", "blue", {"selected_option": {"value": "blue"}}, "blue"),
    "one of numbers": Case({"enum": [10, 20]}, 20, "20", "20", {"selected_option": {"value": "20"}}, "20"),
    "one of what looks alike": Case(
        {"enum": [1, "1"]}, "1", '"1"', '"1"', {"selected_option": {"value": '"1"'}}, '"1"'
    ),
    "one of titled": Case(
        {"oneOf": [{"const": "eu", "title": "Europe"}, {"const": "us", "title": "America"}]},
        "us",
        "america",
        "us",
        {"selected_option": {"value": "us"}},
        "us",
    ),
    "several of": Case(
        {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        ["a", "c"],
        "1, c",
        ["a", "c"],
        {"selected_options": [{"value": "a"}, {"value": "c"}]},
        ["a", "c"],
    ),
    "none of several": Case(
        {"type": "array", "items": {"enum": ["a", "b"]}}, [], "[]", [], {"selected_options": []}, []
    ),
    "texts": Case(
        {"type": "array", "items": {"type": "string"}},
        ["a", "b c"],
        "a, b c",
        "a\r\nb c\r\n",
        {"value": "a\nb c"},
        "a\nb c",
    ),
    "integers": Case(
        {"type": "array", "items": {"type": "integer"}}, [1, 22], "1,22", "1\n22", {"value": "1\n22"}, "1\n22"
    ),
    "date": Case(
        {"type": "string", "format": "date"},
        "2026-12-01",
        "2026-12-01",
        "2026-12-01",
        {"selected_date": "2026-12-01"},
        "2026-12-01",
    ),
    "date and time": Case(
        {"type": "string", "format": "date-time"},
        "2026-12-01T09:30:00Z",
        "2026-12-01T09:30Z",
        "2026-12-01T09:30",
        {"selected_date_time": 1796117400},
        "2026-12-01T09:30:00Z",
    ),
    "nullable": Case(
        {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 4, "4", "4", {"value": "4"}, 4, required=False
    ),
    "an object": Case({"type": "object"}, {"a": [1]}, '{"a": [1]}', '{"a": [1]}', {"value": '{"a": [1]}'}, None),
    "objects": Case(
        {"type": "array", "items": {"type": "object"}},
        [{"a": 1}],
        '[{"a": 1}]',
        '[{"a": 1}]',
        {"value": '[{"a": 1}]'},
        None,
    ),
}
NAMES = ["f", "beside"]


def of(case: Case) -> dict[str, Any]:
    """Return the schema of an object with the field, beside another, so that it is filled in by itself."""
    required = ["f"] if case.required else []
    return {"type": "object", "properties": {"f": case.schema, "beside": {"type": "string"}}, "required": required}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_same_answer_from_every_place(case: Case) -> None:
    form, expected = form_of_schema(of(case)), {"f": case.value}
    assert read(form, {"f": case.posted, "beside": ""}) == expected
    assert in_terminal(of(case), case.typed, "") == expected
    assert in_slack(form, case) == expected
    if case.mcp is None:
        assert requested_schema(form) is None
    else:
        assert over_mcp(form, {"f": case.mcp}) == expected


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_field_holds_comes_back_unchanged(case: Case) -> None:
    form = form_of_schema(of(case), {"f": case.value})
    shown = form.fields[0]
    held = [each.written for each in shown.options if shown.is_chosen(each, case.value)]
    assert read(form, {"f": held if shown.kind == "choices" else (held or [shown.text])[0]}) == {"f": case.value}
    assert in_terminal(of(case), "", "", default=case.value) == {"f": case.value}


@pytest.mark.parametrize(
    ("schema", "posted", "problem"),
    [
        ({"type": "integer"}, "many", "is not an integer"),
        ({"type": "integer", "maximum": 3}, "4", "greater than the maximum"),
        ({"type": "number"}, "nan", "is not a finite number"),
        ({"type": "boolean"}, "maybe", "neither yes nor no"),
        ({"type": "boolean"}, "", "choose one"),
        ({"enum": ["a"]}, "b", "is none of a"),
        ({"type": "string", "pattern": "^x"}, "y", "does not match"),
        ({"type": "string"}, "  ", "needs a value"),
        ({"type": "string", "format": "date"}, "2026-02-30", "is not a date"),
        ({"type": "string", "format": "date-time"}, "tomorrow", "is not a date and time"),
        ({"type": "array", "items": {"type": "integer"}}, "1\nx", "is not an integer"),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1}, [], "needs a value"),
        ({"type": "object"}, "{", "is not JSON"),
    ],
)
def test_what_does_not_fit_is_told_of_its_field(schema: dict[str, Any], posted: Any, problem: str) -> None:
    form = form_of_schema(of(Case(schema, None, "", "")))
    with pytest.raises(FormAnswerError) as caught:
        read(form, {"f": posted})
    assert list(caught.value.problems) == ["f"]
    assert problem in caught.value.problems["f"]


def test_all_problems_are_told_at_once() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}}, "required": ["b"]}
    with pytest.raises(FormAnswerError) as caught:
        read(form_of_schema(schema), {"a": "x"})
    assert list(caught.value.problems) == ["a", "b"]


@pytest.mark.parametrize("text", ["pay\u202eyap", "a\rb", "zero\u200bwidth", "bell\x07"])
def test_what_nobody_would_see_is_edited_as_json_with_escapes(text: str) -> None:
    form = form_of_schema(
        {"type": "object", "properties": {"f": {"type": "string"}, "n": {"type": "integer"}}}, {"f": text}
    )
    assert form.fields[0].kind == "json"
    assert form.fields[0].text.isascii() and form.fields[0].text.isprintable()
    assert read(form, {"f": form.fields[0].text}) == {"f": text}


def test_references_lead_to_the_definitions_of_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"f": {"$ref": "#/$defs/Colour"}, "n": {"type": "integer"}},
        "required": ["f"],
        "$defs": {"Colour": {"enum": ["red", "blue"], "title": "Colour"}},
    }
    form = form_of_schema(schema)
    assert [form.fields[0].kind, form.fields[0].label] == ["choice", "Colour"]
    assert read(form, {"f": "blue"}) == {"f": "blue"}


def test_a_form_too_large_for_slack_becomes_a_link() -> None:
    long = {"type": "object", "properties": {"f": {"type": "string", "default": "x" * 4_000}}}
    many = {"type": "object", "properties": {f"f{number}": {"type": "string"} for number in range(120)}}
    wordy = {"type": "object", "properties": {"f": {"enum": ["x" * 80, "y"]}}}
    assert [blocks(form_of_schema(each)) for each in (long, many, wordy)] == [None, None, None]


def in_terminal(schema: Mapping[str, Any], *typed: str, default: Any = None) -> Any:
    import json

    lines = list(typed)

    async def read_line(label: str) -> str:
        return lines.pop(0)

    text = None if default is None else json.dumps({"f": default})
    return asyncio.run(terminal.fill(schema, read_line, pytest.fail, text))


def in_slack(form: Form, case: Case) -> Any:
    made = blocks(form)
    assert made is not None and [each["block_id"] for each in made] == [PREFIX + name for name in NAMES]
    return read(form, submitted(form, {PREFIX + "f": {ACTION: case.slack or {}}, PREFIX + "beside": {ACTION: {}}}))


def over_mcp(form: Form, content: dict[str, Any]) -> Any:
    from strands.types.json_schema import problems

    schema = requested_schema(form)
    assert schema is not None and not problems(schema, content)
    return read(form, content)
