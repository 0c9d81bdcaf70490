"""The words of a review: what a person says for yes and for no."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

YES = (
    "approved",
    "approve",
    "accepted",
    "accept",
    "agreed",
    "yes",
    "y",
    "yep",
    "yeah",
    "yup",
    "ok",
    "okay",
    "lgtm",
    "looks good",
    "looks good to me",
    "ship it",
    "go ahead",
    "true",
    "👍",
)
NO = (
    "rejected",
    "reject",
    "no",
    "n",
    "nope",
    "nah",
    "deny",
    "denied",
    "decline",
    "declined",
    "refuse",
    "refused",
    "false",
    "👎",
)
APPROVING = (*YES, "continue", "proceed")
"""What is a yes where the question is whether to go on; at a tool's call these say too little."""
REJECTING = (*NO, "stop", "abort", "end", "cancel")
"""What is a no where the question is whether to go on."""
GATE = ("approve", "reject")
"""What a gate offers whose author names no answers."""


def word(answer: Any) -> str:
    """Return a person's answer as a word to compare: without case, spaces around it and a full stop."""
    return text(answer).strip().rstrip(".!").casefold()


def approves(answer: Any) -> bool:
    """Whether an answer is nothing but a yes."""
    return word(answer) in APPROVING


def rejects(answer: Any) -> bool:
    """Whether an answer is nothing but a no."""
    return word(answer) in REJECTING


def decided(answer: Any) -> bool | None:
    """Return whether an answer is an outright yes or no; None where it is neither, or only says whether to go on."""
    said = word(answer)
    return True if said in YES else False if said in NO else None


def choice_meant(choices: Sequence[str], answer: Any) -> str | None:
    """Return the choice that an outright yes or no means; None where it is neither, or no choice says so.

    Of several choices that say the same none is meant.
    """
    wanted = decided(answer) if isinstance(answer, (str, bool)) else None
    found = [choice for choice in choices if wanted is not None and decided(choice) is wanted]
    return found[0] if len(found) == 1 else None


def refuses(answer: Any) -> bool:
    """Whether an answer is a no, or one with its reason: "reject: too costly"."""
    before, colon, _ = text(answer).partition(":")
    return rejects(answer) or (bool(colon) and word(before) in NO)


def at_gate(answer: Any) -> str | None:
    """Return what an answer means at a gate that offers `GATE`, with the reason of a no; None when it means neither."""
    if approves(answer):
        return GATE[0]
    if not refuses(answer):
        return None
    _, colon, reason = text(answer).partition(":")
    return f"{GATE[1]}: {reason.strip()}" if colon and reason.strip() else GATE[1]


def text(value: Any) -> str:
    """Return a response as text; what is no text is told as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
