"""How questions are named on a command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from strands_cli.errors import InvalidAnswerError

if TYPE_CHECKING:
    from strands_cli.api.session_view import SessionView

_NUMBER = re.compile(r"[qQ]?([1-9][0-9]{0,8})")


def meant(session: SessionView, name: str) -> str | None:
    """Return the id of the question that is called so, answered ones too, or None where none is.

    A question is called by its id, by q1, q2, ... or the bare number, or by a beginning of its id that no other has.
    Numbers follow the order in which the session asked, and answered questions count: neither an answer nor a new
    question makes a name mean another question.

    Raises:
        InvalidAnswerError: Several are called so.
    """
    if name in session.question_ids:
        return name
    found = {key for key in session.question_ids if name and key.startswith(name)}
    number = _NUMBER.fullmatch(name)
    if number is not None:
        found |= {key for key, place in session.numbers.items() if place == int(number[1])}
    if len(found) > 1:
        listed = [f"{key} (q{place})" for key, place in session.numbers.items() if key in found]
        raise InvalidAnswerError(
            f"{name!r} names {len(found)} questions of session {session.id!r}",
            hint=f"Name one of them: {', '.join(listed[:10])}{', ...' if len(listed) > 10 else ''}.",
        )
    return found.pop() if found else None
