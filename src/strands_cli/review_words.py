"""The words of a review: what a person says for yes and for no."""

from __future__ import annotations

import json
from typing import Any

APPROVING = (
    "approved",
    "approve",
    "accepted",
    "accept",
    "yes",
    "y",
    "ok",
    "okay",
    "continue",
    "proceed",
    "lgtm",
    "true",
)
REJECTING = ("rejected", "reject", "no", "n", "stop", "abort", "end", "cancel", "false")
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


def refuses(answer: Any) -> bool:
    """Whether an answer is a no, or one with its reason: "reject: too costly"."""
    before, colon, _ = text(answer).partition(":")
    return rejects(answer) or (bool(colon) and word(before) in ("reject", "rejected", "no"))


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
