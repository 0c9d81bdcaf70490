"""Deadlines: what becomes of a question that nobody has answered in time."""

from __future__ import annotations

from collections.abc import Sequence

from strands_cli.kernel.state import State, overdue
from strands_cli.kernel.types import Draft, Entry
from strands_cli.types import Json


def closing(asked: Entry, now: float, at: float) -> Draft | None:
    """Return the entry that is due for an open question; None before its deadline.

    A default becomes the answer; without one the question is closed, and nothing stands for an answer.

    Args:
        asked: Who asks.
        now: Unix time, in seconds, by the store's clock, which decides.
        at: Unix time, in seconds, by the clock of who writes, which is told.
    """
    if not overdue(asked, now):
        return None
    data: dict[str, Json] = {"by": "timeout"}
    if "of" in asked.data:
        data["of"] = asked.data["of"]
    if "default" in asked.data:
        return Draft("answered", asked.key, {"value": asked.data["default"], **data, "timed_out": True}, at)
    return Draft("expired", asked.key, data, at)


def due(state: State, now: float, at: float) -> list[Draft]:
    """Return the entries that are due at `now`: one for each open question whose deadline has passed; see `closing`."""
    return [draft for entry in state.open_questions() if (draft := closing(entry, now, at)) is not None]


def all_open(state: State, keys: Sequence[str], now: float) -> bool:
    """Whether all these questions wait for an answer, and none of them only for its deadline to be noticed."""
    return all(state.is_open(key) and not overdue(state.asked[key], now) for key in keys)
