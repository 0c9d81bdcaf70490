"""Untrusted text on a terminal, and in a file: see `strands._terminal` for the rule."""

from __future__ import annotations

import re
from typing import Any

from strands._terminal import exact_line, one_line, unambiguous, visible

__all__ = ["brief", "exact_line", "one_line", "plain_data", "unambiguous", "visible"]

_INTERRUPT = re.compile(r"((?:^|/)interrupts/)(v1:[^/]{20,})")


def plain_data(value: Any) -> Any:
    """Return a JSON-able value whose texts can be encoded as UTF-8: lone surrogates become their escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {plain_data(str(key)): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    return value


def brief(id: str) -> str:
    """Return the id of a question for people: of an agent's or a call's question, only as much as tells it from others.

    `q1` beside it is what commands take; `--full` and `--json` tell ids whole.
    """
    return _INTERRUPT.sub(lambda found: f"{found[1]}…{found[2][-7:]}", id)
