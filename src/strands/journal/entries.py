"""Entries: what a journal is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

FORMAT = 1
NEWEST_FORMAT = 2
"""The newest format that this build reads. Sessions whose questions are not for everybody have it, so that a build that
knows nothing of that leaves them alone."""
"""The journal format that this build writes; a session of a newer one is refused untouched."""


class Constant(dict[str, Any]):
    """A value of an entry that is plain JSON and that nobody changes, so that many journals can share it."""

    __slots__ = ()


class Draft(NamedTuple):
    """An entry that is not yet in a journal: it has no number."""

    kind: str
    key: str
    data: Mapping[str, Any]
    at: float


class Encoded(NamedTuple):
    """An entry that is not yet in a journal, and whose data is written as JSON already."""

    kind: str
    key: str
    data: bytes
    at: float


class Entry(NamedTuple):
    """One line of a journal.

    `seq` counts from 0 without gaps; `at` is Unix time in seconds; `key` names the effect.
    """

    seq: int
    kind: str
    key: str
    data: Mapping[str, Any]
    at: float
