"""The form of a question: what its kind, its choices and its schema let a person fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strands_cli.forms.model import Field, FieldOption, Form
from strands_cli.forms.of_schema import field_of, fields_of, option_list
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.types import OpenQuestion

VALUE = "value"
_ALL_ARGUMENTS = "All arguments, as one JSON object."
_WORDS = {
    "approve": "Approve",
    "reject": "Reject",
    "edit": "Edit the arguments",
    "respond": "Respond in its place",
    "run again": "Run it again",
    "skip": "Skip it",
    "result": "Give its result",
    "accept": "Send this",
    "decline": "Decline",
}

_SCOPES = {
    "never": "For this call only",
    "exact": "For the same arguments",
    "session": "For all of this session",
    "always": "For later sessions too",
}


def form_of(question: OpenQuestion) -> Form:
    """Return what a person fills in to answer a question."""
    choices, schema = question.choices or (), question.schema
    if question.kind == "approval" and choices and schema:
        return _decision(question, choices)
    if question.kind == "ambiguous_tool" and "result" in choices:
        return _result(choices)
    if question.kind == "elicitation":
        return _elicitation(schema, question.default)
    if choices:
        options = option_list(choices)
        return Form((Field(VALUE, "choice", "Your answer", required=True, options=options),), schema=schema)
    if schema:
        return form_of_schema(schema, question.default if question.has_default else None)
    text = Field(VALUE, "text", "Your answer", required=True, long=True)
    if question.pattern:
        text = replace(text, schema={"type": "string"}, long=False, description=str(question.data.get("refusal") or ""))
    if question.has_default and isinstance(question.default, str):
        text = replace(text, default=question.default, has_default=True)
    return Form((text,))


def form_of_schema(schema: Mapping[str, Json], default: Json = None) -> Form:
    """Return the form of a value that must fit a JSON Schema: field by field where that is an object of such.

    Args:
        schema: The JSON Schema.
        default: What the form holds at first, before what the schema says; None for nothing.
    """
    fields = fields_of(schema, default if isinstance(default, Mapping) else None)
    if fields is not None:
        return Form(tuple(fields), "object", schema)
    field = field_of(VALUE, schema, schema, required=True, **({} if default is None else {"default": default}))
    label = field.label if field.label != VALUE else "Your answer"
    return Form((replace(field, label=label, required=True),), "value", schema)


def call_of(question: OpenQuestion) -> tuple[str, Json] | None:
    """Return the tool and the arguments of the call that a question is about, or None where it is about none."""
    reason: Any = (question.data.get("interrupt") or {}).get("reason")
    if not isinstance(reason, Mapping):
        return None
    changed = reason.get("changed")
    call = changed if isinstance(changed, Mapping) else reason
    return (str(call["tool"]), call.get("input")) if "tool" in call else None


def _decision(question: OpenQuestion, choices: Sequence[str]) -> Form:
    """Of the fields that an answer as an object has, those that the schema of the question names."""
    known = _properties_of_object(question.schema or {})
    fields = [Field("decision", "choice", "Your decision", required=True, options=_worded(choices))]
    arguments: Json = None
    wanted = question.arguments_schema
    if "edit" in choices and "arguments" in known:
        call = call_of(question)
        arguments = call[1] if call else None
        fields += _argument_fields(wanted, arguments)
    if "feedback" in known and "reject" in choices:
        told = "What the agent is told about a rejection."
        fields.append(Field("feedback", "text", "Why", told, long=True, only_with=("reject",)))
    if "respond" in choices and "response" in known:
        told = "What the agent gets as the result; the call is not made."
        text = Field("response", "text", "Response", told, required=True, long=True, only_with=("respond",))
        fields.append(text)
    scopes = known.get("remember", {}).get("enum") or []
    if len(scopes) > 1:
        about = "How far this decision reaches; without one, as far as the workflow says."
        options = option_list(scopes, [_SCOPES.get(scope, scope) for scope in scopes])
        fields.append(Field("remember", "choice", "Remember it", about, options=options))
    return Form(tuple(fields), "decision", wanted, arguments)


def _argument_fields(schema: Any, arguments: Json) -> list[Field]:
    found = None
    if isinstance(schema, Mapping):
        found = fields_of(schema, arguments if isinstance(arguments, Mapping) else None)
    if found is None:
        whole = Field("arguments", "json", "Arguments", _ALL_ARGUMENTS, required=True, schema={"type": "object"})
        return [replace(whole, default=arguments, has_default=arguments is not None, only_with=("edit",))]
    return [replace(each, name=f"arguments.{each.name}", only_with=("edit",)) for each in found]


def _result(choices: Sequence[str]) -> Form:
    about = "What the call returned: a text, or a JSON object or list."
    return Form(
        (
            Field("decision", "choice", "Your decision", required=True, options=_worded(choices)),
            Field("result", "text", "Result", about, required=True, long=True, only_with=("result",)),
        ),
        "result",
    )


def _elicitation(schema: Mapping[str, Json] | None, default: Json) -> Form:
    action = Field("action", "choice", "Your answer", required=True, options=_worded(("accept", "decline")))
    fields = fields_of(schema, default if isinstance(default, Mapping) else None) if schema else None
    if schema and schema.get("properties") and fields is None:
        whole = Field("content", "json", "Content", "The form as one JSON object.", required=True, schema=schema)
        return Form((action, replace(whole, only_with=("accept",))), "elicitation", schema)
    inner = [replace(each, name=f"content.{each.name}", only_with=("accept",)) for each in fields or ()]
    return Form((action, *inner), "elicitation", schema)


def _worded(choices: Sequence[str]) -> tuple[FieldOption, ...]:
    return option_list(choices, [_WORDS.get(choice, choice) for choice in choices])


def _properties_of_object(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of the ways to answer with an object, of all together."""
    found: dict[str, Any] = {}
    for way in schema.get("anyOf") or ():
        if isinstance(way, Mapping) and isinstance(way.get("properties"), Mapping):
            found.update(way["properties"])
    return found
