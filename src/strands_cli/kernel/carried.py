"""Answers to questions that a mended workflow asks elsewhere: what a person has said once is not asked again."""

from __future__ import annotations

import json
from collections.abc import Mapping

from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.types import RIGHTS, Json

_SAME = ("prompt", "context", "choices", "schema", "pattern", "type", *RIGHTS)


def carried(state: State, asked: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the data of an answer that a person gave to this very question, where the workflow has left it; else None.

    Args:
        state: The session.
        asked: The data of the question that is to be asked.
    """
    used = {entry.data.get("carried") for entry in state.answered.values()}
    for key in state.asked:
        answer = state.answered.get(key) if key in state.left and key not in used else None
        if answer is not None and not answer.data.get("timed_out") and _same(state.asked[key], asked):
            return {**answer.data, "carried": key}
    return None


def _same(entry: Entry, asked: Mapping[str, Json]) -> bool:
    if "of" in entry.data or "of" in asked:
        return False  # an agent's question is about what that agent was about to do
    return all(_plain(entry.data.get(name)) == _plain(asked.get(name)) for name in _SAME)


def _plain(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
