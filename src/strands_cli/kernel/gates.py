"""What the gate of a tool call says of the question that it asks, and what answers to it say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strands_cli.types import Json


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
