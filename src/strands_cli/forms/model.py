"""Forms and their fields: plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from strands._terminal import unambiguous
from strands_cli.types import Json

Kind = Literal["text", "integer", "number", "boolean", "choice", "choices", "list", "date", "datetime", "json"]
"""What is filled in: one value, one or several of some options, a list of values, or any value as JSON."""

Shape = Literal["value", "object", "decision", "result", "elicitation"]
"""How the fields become the answer: see `Form`."""


@dataclass(frozen=True, slots=True)
class FieldOption:
    """One of the values that a field may have; `label` is what a person reads, `written` what a form sends."""

    value: Json
    label: str
    written: str


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in.

    Attributes:
        name: What it is called where the form is sent.
        kind: What is filled in.
        label: What a person reads above it.
        description: More words about it, or "".
        required: Whether it must be filled in.
        default: What it holds at first.
        has_default: Whether it holds something at first (None may be it).
        options: The values of a choice.
        of: The kind of each entry of a list.
        schema: What the value must fit, as JSON Schema.
        long: Whether a text may have several lines.
        only_with: The options of the form's first field with which this one counts; empty for every one.
    """

    name: str
    kind: Kind
    label: str
    description: str = ""
    required: bool = False
    default: Json = None
    has_default: bool = False
    options: tuple[FieldOption, ...] = ()
    of: Kind = "text"
    schema: Mapping[str, Json] = field(default_factory=dict)
    long: bool = False
    only_with: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What it holds at first as a text: one entry of a list on each line, a date and time in UTC."""
        return self.texts_of(self.default) if self.has_default else ""

    def texts_of(self, value: Json) -> str:
        """Return a value as the text that a person edits."""
        if value is None and self.kind != "json":
            return ""
        if self.kind == "list" and isinstance(value, list):
            return "\n".join(as_written(each) for each in value)
        if self.kind == "json":
            plain = json.dumps(value, indent=2, ensure_ascii=False)
            return plain if is_shown_whole(plain) else json.dumps(value, indent=2)
        return as_written(value)

    def is_chosen(self, option: FieldOption, value: Json) -> bool:
        """Whether `value`, of this field, is or holds an option; true is not 1."""
        held = value if self.kind == "choices" and isinstance(value, list) else [value]
        return any(type(each) is type(option.value) and each == option.value for each in held)


@dataclass(frozen=True, slots=True)
class Form:
    """What is filled in to answer a question.

    Attributes:
        fields: In the order in which they are shown.
        shape: How they become the answer. `value`: the one field is it. `object`: an object of them. `decision`: of a
            tool call, the first field, with what counts beside it. `result`: the same of a call that may already have
            happened. `elicitation`: what an MCP server is told.
        schema: What the answer, or the edited arguments of a decision, must fit as a whole, or None.
        arguments: The arguments that a decision is about, or None.
    """

    fields: tuple[Field, ...]
    shape: Shape = "value"
    schema: Mapping[str, Json] | None = None
    arguments: Json = None

    def field(self, name: str) -> Field | None:
        """Return the field of this name, or None."""
        return next((each for each in self.fields if each.name == name), None)

    @property
    def decides(self) -> Field | None:
        """The field whose option says which others count, or None."""
        return self.fields[0] if self.shape in ("decision", "result", "elicitation") else None


class FormAnswerError(ValueError):
    """What was filled in does not make an answer.

    Attributes:
        problems: What is wrong, by the name of the field; "" is of the form as a whole.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" if name else problem for name, problem in problems.items()))
        self.problems: dict[str, str] = dict(problems)


def as_written(value: Json) -> str:
    """Return a value as a person writes it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_shown_whole(text: str) -> bool:
    """Whether a person sees all of a text where they edit it: nothing invisible, nothing that acts or poses."""
    return "\r" not in text and unambiguous(text.replace("\t", " ")) == text.replace("\t", " ")
