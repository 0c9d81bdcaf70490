"""What stands for an answer in a printed command that is to be copied: it names what may be said, and answers none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strands_cli.errors import InvalidAnswerError
from strands_cli.terminal.escape import exact_line
from strands_cli.types import OpenQuestion

_MOST = 40
"""Characters of the choices that are named."""


def placeholder(question: OpenQuestion) -> str:
    """Return what stands for the answer to a question: <approve|reject>, <TEXT>, <JSON>.

    Whatever may be answered, this may not: a line that is pasted as it was printed approves nothing.
    """
    if question.choices:
        choices = "|".join(map(exact_line, question.choices))
        return f"<{choices}>" if len(choices) <= _MOST else "<CHOICE>"
    return "<JSON>" if question.schema else "<TEXT>"


def check_filled_in(questions: Sequence[OpenQuestion], given: Mapping[str, Any]) -> None:
    """Check that no answer, by question id, is still what stands for one.

    Raises:
        InvalidAnswerError: One is; nothing was answered.
    """
    for question in questions:
        if given.get(question.id) == placeholder(question):
            named = f"one of: {', '.join(map(exact_line, question.choices))}" if question.choices else "your answer"
            raise InvalidAnswerError(
                f"{placeholder(question)} stands for the answer to {question.id!r}",
                hint=f"Write {named} in its place, without < and >.",
            )
