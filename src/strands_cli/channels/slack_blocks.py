"""What is shown in Slack: a question with its buttons, and what became of it. Text of others is never markup."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from strands_cli.channels.channel import ChannelNote
from strands_cli.forms import Form, form_of
from strands_cli.forms.slack import blocks as form_blocks
from strands_cli.terminal.escape import one_line, unambiguous
from strands_cli.types import OpenQuestion

Block: TypeAlias = dict[str, Any]

ANSWER = "answer:"
_MOST_TEXT = 3_000
_MOST_PARTS = 12
_MOST_BUTTONS = 10
_MOST_VALUE = 2_000
_LABEL = 75
_RED = frozenset({"reject", "deny", "no", "cancel"})
_WORDS = {
    "question.reminded": "Still open",
    "question.escalated": "Nobody has answered",
    "question.assigned": "For you",
}


def message(note: ChannelNote, question: OpenQuestion) -> tuple[list[Block], str]:
    """Return the blocks of a question and the text of its notification.

    What does not fit is not cut: then there are no buttons, and the page shows it whole.
    """
    head = f"{_WORDS.get(note.event, 'Question')}: {one_line(note.workflow, 60)}"
    told = _told(question)
    buttons = [*(_buttons(note, question) if told is not None else []), *_page(note)]
    if told is None:
        told = [_text("It is too long to be shown here whole.")]
    blocks = [_context(head), *told, *([{"type": "actions", "elements": buttons}] if buttons else [])]
    return blocks, f"{head}: {one_line(question.prompt, 200)}"


def closed(note: ChannelNote, question: OpenQuestion) -> tuple[list[Block], str]:
    """Return the blocks of a question that waits for no answer any more, and their text."""
    told = _told(question) or [_text(one_line(question.prompt, 2_000))]
    outcome = one_line(note.outcome, 500)
    return [_context(one_line(note.workflow, 60)), *told, _context(outcome)], outcome


def modal(ref: str, question: OpenQuestion, form: Form, decision: str, where: str) -> Block | None:
    """Return the view in which a question is answered; None where its form does not fit one.

    Args:
        ref: The question.
        question: What is asked.
        form: How it is answered.
        decision: The option that a button has taken already; "" for none.
        where: The channel in which it was asked.
    """
    fields, told = form_blocks(form, decision), _told(question)
    held = json.dumps({"ref": ref, "shown": question.shown, "decision": decision, "channel": where})
    if fields is None or told is None or len(held) > 3_000:
        return None
    return {
        "type": "modal",
        "callback_id": "answer",
        "private_metadata": held,
        "title": _plain("Answer", 24),
        "submit": _plain(decision.capitalize() or "Answer", 24),
        "close": _plain("Cancel", 24),
        "blocks": [*told, *fields],
    }


def said(text: str) -> Block:
    """Return a view that says something, and has nothing to fill in."""
    view: Block = {"type": "modal", "title": _plain("Answer", 24), "close": _plain("Close", 24)}
    return {**view, "blocks": [_text(text)]}


def _told(question: OpenQuestion) -> list[Block] | None:
    """Return the prompt and the whole context; None where they do not fit."""
    parts = [unambiguous(question.prompt)]
    if question.context:
        parts.append(unambiguous(question.context))
    cut = [part[begin : begin + _MOST_TEXT] for part in parts for begin in range(0, len(part) or 1, _MOST_TEXT)]
    return [_text(part or " ") for part in cut] if len(cut) <= _MOST_PARTS else None


def _buttons(note: ChannelNote, question: OpenQuestion) -> list[Block]:
    form = form_of(question)
    decides = form.decides or form.fields[0]
    is_choice = decides.kind == "choice" and (form.decides is not None or len(form.fields) == 1)
    if not is_choice or not 0 < len(decides.options) <= _MOST_BUTTONS:
        return [_button(note, question, 0, "Answer…", "", "form")]
    found = []
    for number, option in enumerate(decides.options):
        found.append(_button(note, question, number, option.label, option.written, "choice"))
    whole = [each for each in found if len(each["value"]) <= _MOST_VALUE]
    return whole if len(whole) == len(found) else []


def _button(note: ChannelNote, question: OpenQuestion, number: int, label: str, choice: str, how: str) -> Block:
    value = json.dumps({"ref": note.ref, "shown": question.shown, how: choice}, separators=(",", ":"))
    button: Block = {
        "type": "button",
        "action_id": f"{ANSWER}{number}",
        "text": _plain(label[:1].upper() + label[1:], _LABEL),
        "value": value,
    }
    return {**button, "style": "danger"} if choice.casefold() in _RED else button


def _page(note: ChannelNote) -> list[Block]:
    if not note.url:
        return []
    return [{"type": "button", "action_id": "page", "text": _plain("Open", _LABEL), "url": note.url}]


def _text(text: str) -> Block:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "plain_text", "text": text or " ", "emoji": False}]}


def _plain(text: str, most: int) -> Block:
    shown = one_line(text, most) or "-"
    return {"type": "plain_text", "text": shown, "emoji": False}
