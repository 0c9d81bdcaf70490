"""What the gate of a tool call says of the question that it asks, and what answers to it say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from strands.types.json_value import from_text
from strands_cli.errors import InvalidAnswerError
from strands_cli.review_words import choice_meant
from strands_cli.types import Json

CHANGED = "A person changed the arguments of this call to: "
"""How it begins what a model is told of a call whose arguments a person has changed."""


def gate_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the reason that a gate gives: the call, and the shape of its answer; nothing where no gate asks.

    Args:
        data: Of an `asked` entry, or of the question that it asks.
    """
    interrupt = data.get("interrupt") or {}
    reason = interrupt.get("reason") if interrupt.get("gate") == "approval" else None
    return reason if isinstance(reason, Mapping) else {}


def edit_of(value: Json) -> str:
    """Return the arguments that an answer to an approval writes behind "edit:"; "" when it writes none."""
    word, _, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    return rest.strip() if word.strip().casefold() == "edit" else ""


def in_options(value: str, options: Sequence[str]) -> str:
    """Return an answer to an approval with its decision as the options have it: "No: why" is "reject: why"."""
    before, _, told = value.partition(":")
    meant = choice_meant(("reject",), before) or before.strip().casefold()
    return f"{meant}: {told.strip()}" if meant in options else value


def check_written(question_id: str, value: Json) -> None:
    """Raise InvalidAnswerError when an answer to an approval has to be written out, and is not or cannot be read.

    Arguments are read later, from what is recorded; so they must be readable now.
    """
    if value == "respond":
        raise InvalidAnswerError(
            f"the answer to {question_id!r} says that the agent is told something instead, and not what",
            hint='Give it as well: "respond: what the agent is told".',
        )
    written = edit_of(value)
    try:
        if written and not isinstance(from_text(written, "what is behind edit:"), dict):
            raise ValueError("what stands behind edit: is not a JSON object")
    except json.JSONDecodeError as error:
        raise _unreadable(question_id, f"what is behind edit: is not JSON: {error}") from None
    except ValueError as error:
        raise _unreadable(question_id, str(error)) from None


def _unreadable(question_id: str, problem: str) -> InvalidAnswerError:
    return InvalidAnswerError(
        f"the answer to {question_id!r} cannot be taken: {problem}",
        hint='Write all arguments as one JSON object: edit: {"name": value}; or edit alone to be asked for them.',
    )
