"""Forms as the blocks of a Slack modal (Block Kit), and what such a modal sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeAlias

from strands_cli.forms.model import Field, FieldOption, Form
from strands_cli.forms.of_schema import option_list
from strands_cli.types import Json

Block: TypeAlias = dict[str, Any]

PREFIX = "field:"
ACTION = "value"
_MOST_BLOCKS = 90
_MOST_TEXT = 3_000
_MOST_OPTIONS = 100
_MOST_SHOWN = 10
"""Options up to which all are shown, rather than a menu of them."""
_OPTION_TEXT, _OPTION_VALUE = 75, 150
_LABEL, _HINT = 2_000, 2_000
_YES_OR_NO = option_list([True, False], ["Yes", "No"])


def blocks(form: Form, decision: str = "") -> list[Block] | None:
    """Return an input block for each field, or None where the form does not fit a modal: then a link has to do.

    Args:
        form: The form.
        decision: The option of its first field that was taken already, by a button; "" to ask for it, too.
    """
    fields = shown(form, decision)
    made = [_block(field) for field in fields]
    found = [each for each in made if each is not None]
    return found if len(found) == len(made) and len(made) <= _MOST_BLOCKS else None


def shown(form: Form, decision: str = "") -> list[Field]:
    """Return the fields that are asked for once a decision is taken."""
    decides = form.decides
    if decides is None or not decision:
        return list(form.fields)
    return [each for each in form.fields[1:] if not each.only_with or decision in each.only_with]


def submitted(form: Form, values: Mapping[str, Mapping[str, Mapping[str, Any]]], decision: str = "") -> dict[str, Json]:
    """Return what `read` takes of what a modal sends: `view.state.values` of its payload.

    Args:
        form: The form that the modal shows.
        values: Block id to action id to what was put in.
        decision: As for `blocks`.
    """
    given: dict[str, Json] = {}
    decides = form.decides
    if decides is not None and decision:
        given[decides.name] = decision
    for field in shown(form, decision):
        put_in = values.get(PREFIX + field.name, {}).get(ACTION)
        value = _put_in(put_in) if put_in is not None else None
        if value is not None:
            given[field.name] = value
    return given


def _put_in(part: Mapping[str, Any]) -> Json:
    if part.get("selected_option"):
        return part["selected_option"]["value"]
    if "selected_options" in part:
        return [each["value"] for each in part["selected_options"]]
    if part.get("selected_date_time") is not None:
        at = datetime.fromtimestamp(int(part["selected_date_time"]), timezone.utc)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return part.get("selected_date") or part.get("value")


def _block(field: Field) -> Block | None:
    element = _ELEMENTS[field.kind](field)
    if element is None or not field.label.strip():
        return None
    block: Block = {
        "type": "input",
        "block_id": PREFIX + field.name,
        "optional": not field.required or bool(field.only_with),
        "label": _plain(field.label, _LABEL),
        "element": {**element, "action_id": ACTION},
    }
    hint = field.description
    if field.kind == "list":
        hint = f"{hint} One on each line.".strip()
    if field.kind == "json":
        hint = f"{hint} Written as JSON.".strip()
    return {**block, "hint": _plain(hint, _HINT)} if hint else block


def _text(field: Field) -> Block | None:
    first = field.text
    if len(first) > _MOST_TEXT:
        return None
    lines = field.long or field.kind in ("list", "json")
    return _first({"type": "plain_text_input", "multiline": lines}, "initial_value", first)


def _number(field: Field) -> Block | None:
    element: Block = {"type": "number_input", "is_decimal_allowed": field.kind == "number"}
    for word, name in (("minimum", "min_value"), ("maximum", "max_value")):
        if isinstance(field.schema.get(word), (int, float)):
            element[name] = str(field.schema[word])
    return _first(element, "initial_value", field.text)


def _boolean(field: Field) -> Block | None:
    return _choice(Field(field.name, "choice", field.label, default=field.default, options=_YES_OR_NO))


def _choice(field: Field) -> Block | None:
    if not _fit(field.options):
        return None
    kind = "radio_buttons" if len(field.options) <= _MOST_SHOWN else "static_select"
    chosen = [each for each in field.options if field.is_chosen(each, field.default)]
    element: Block = {"type": kind, "options": [_option(each) for each in field.options]}
    return _first(element, "initial_option", _option(chosen[0]) if chosen else None)


def _choices(field: Field) -> Block | None:
    if not _fit(field.options):
        return None
    kind = "checkboxes" if len(field.options) <= _MOST_SHOWN else "multi_static_select"
    chosen = [_option(each) for each in field.options if field.is_chosen(each, field.default)]
    element: Block = {"type": kind, "options": [_option(each) for each in field.options]}
    return _first(element, "initial_options", chosen)


def _date(field: Field) -> Block | None:
    return _first({"type": "datepicker"}, "initial_date", field.text)


def _datetime(field: Field) -> Block | None:
    element: Block = {"type": "datetimepicker"}
    if not field.has_default or not isinstance(field.default, str):
        return element
    at = datetime.fromisoformat(field.default.replace("Z", "+00:00").replace("z", "+00:00"))
    return {**element, "initial_date_time": int(at.timestamp())}


_ELEMENTS: dict[str, Callable[[Field], Block | None]] = {
    "text": _text,
    "json": _text,
    "list": _text,
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "choice": _choice,
    "choices": _choices,
    "date": _date,
    "datetime": _datetime,
}


def _fit(options: tuple[FieldOption, ...]) -> bool:
    short = all(len(each.label) <= _OPTION_TEXT and len(each.written) <= _OPTION_VALUE for each in options)
    return short and 0 < len(options) <= _MOST_OPTIONS


def _option(option: FieldOption) -> Block:
    return {"text": _plain(option.label, _OPTION_TEXT), "value": option.written}


def _plain(text: str, most: int) -> Block:
    return {"type": "plain_text", "text": text if len(text) <= most else f"{text[: most - 1]}…", "emoji": False}


def _first(element: Block, name: str, value: Any) -> Block:
    return {**element, name: value} if value else element
