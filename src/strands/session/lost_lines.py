"""What the beginnings of broken lines still tell of an agent's entries that are lost."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from strands.journal.salvage import Gap

_BEGINNING = re.compile(
    rb'\{"seq":(\d+),"kind":"([a-z]+)",(?:"key":"[^"]*",)?"at":[^,]+,"data":\{(?:"size":\d+,"id":(\d+),)?'
)
_HARMLESS = frozenset(
    {"opened", "rooted", "synced", "leased", "rested", "redacted", "finished", "asked", "answered", "agent"}
)
"""Kinds whose loss hides no call: its start is in another line, the agent's own record stands in for the rest."""


class LostLine(NamedTuple):
    """What the beginning of a broken line says: its number, its kind, and the id if it is a message's."""

    seq: int
    kind: str
    message_id: int | None


def lost_in(gap: Gap) -> list[LostLine] | None:
    """Return what is lost, by the beginnings of the broken lines; None when they do not tell it completely."""
    text = b"\n".join(gap.broken)
    found = [
        LostLine(int(each[1]), each[2].decode(), int(each[3]) if each[3] else None)
        for each in _BEGINNING.finditer(text)
    ]
    expected = range(gap.after + 1, gap.after + 1 + len(found))
    complete = [each.seq for each in found] == list(expected) and b"\0" not in text
    wanted = max(gap.least, len(gap.broken)) if gap.number is None else gap.number
    if not complete or len(found) < wanted or (gap.number is not None and len(found) != gap.number):
        return None
    return found


def hidden(gap: Gap, known: Container[int]) -> float:
    """Return how many of the entries may have told of calls, or of messages other than the `known` ones."""
    lost = lost_in(gap)
    if lost is not None:
        return sum(each.kind not in _HARMLESS and each.message_id not in known for each in lost)
    if gap.number is not None:
        return gap.number
    unknown = any(b"\0" in line for line in gap.broken)
    return float("inf") if unknown else max(gap.least, len(gap.broken))
