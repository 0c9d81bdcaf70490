"""What a store of rows keeps of a session beside its lines: ids, kinds, times and counts, never what anybody said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from strands.journal.entries import Draft, Encoded, Entry

INTERRUPTED = "interrupted"
"""The status of a session that has come to no rest since it was begun or driven last."""

PAUSED = "paused"
QUEUED = "queued"
"""The status of a session that waits for a worker, and has not been begun or was given back."""

DELETED = "deleted"
_RESTS = {
    "paused": PAUSED,
    "queued": QUEUED,
    "closed": "completed",
    "cancelled": "cancelled",
    "deleted": DELETED,
    "rested": "rested",
}
OVER = frozenset({"completed", "cancelled"})
"""The statuses of sessions in which nothing is left to do."""


class Asked(NamedTuple):
    """A question that an entry asks.

    Attributes:
        key: Its id.
        seq: The number of the entry.
        kind: What it is about.
        asked_at: Unix time in seconds.
        deadline: Unix time in seconds, or None.
        timer: Unix time, in seconds, at which something is due of it next, its deadline at the latest; None for never.
    """

    key: str
    seq: int
    kind: str
    asked_at: float
    deadline: float | None
    timer: float | None


@dataclass(slots=True)
class Change:
    """What entries change of a session's row.

    Attributes:
        status: Its new status; None where it stays.
        driver: Its new driver, "" for nobody; None where it stays.
        tokens: How many tokens they tell of.
        updated_at: Unix time, in seconds, of the last.
        asked: The questions that they ask, by id.
        answered: Question id to the number of the entry that closes it.
        timers: Question id to when something is due of it next, of questions that they do not ask.
        closes_all: The number of an entry that closes the questions asked before; None without one.
        wakes: Somebody has to look at the session: it was answered, or queued, and nobody has begun to since.
        origins: The numbers of the entries that say what a drive begins from.
        files: The digests of the files that the session needs from now on.
    """

    status: str | None = None
    driver: str | None = None
    tokens: int = 0
    updated_at: float = 0.0
    asked: dict[str, Asked] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    timers: dict[str, float | None] = field(default_factory=dict)
    closes_all: int | None = None
    wakes: bool = False
    origins: list[int] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def pauses(self) -> bool:
        """Whether the session waits for a person from now on."""
        return self.status == PAUSED

    @property
    def touches_questions(self) -> bool:
        """Whether a question is asked or closed, or waits for another time."""
        return bool(self.asked or self.answered or self.timers) or self.closes_all is not None


def change_of(entries: Sequence[Draft | Encoded | Entry], first: int) -> Change:
    """Return what `entries`, numbered from `first`, change of their session's row."""
    change = Change()
    for seq, entry in enumerate(entries, first):
        _take(change, seq, entry)
    return change


def _take(change: Change, seq: int, entry: Draft | Encoded | Entry) -> None:
    kind = entry.kind
    change.updated_at = entry.at
    if kind in _RESTS or (kind == "failed" and not entry.key):
        change.status, change.driver, change.wakes = _RESTS.get(kind, kind), "", kind == "queued"
        if kind in ("closed", "cancelled", "deleted"):
            _close_all(change, seq)
    elif kind == "leased":
        data = _data(entry)
        change.status, change.driver, change.wakes = INTERRUPTED, str(data["driver"]), False
        if data.get("changed"):
            change.origins.append(seq)
        change.files += digests_of(data.get("changed"))
    elif kind == "opened":
        change.origins.append(seq)
        change.files += digests_of(_data(entry))
    elif kind == "released":
        change.driver = ""
    elif kind == "asked":
        _ask(change, seq, entry)
    elif kind in ("answered", "expired"):
        interrupt = _data(entry).get("interrupt")
        key = str(interrupt["id"]) if isinstance(interrupt, Mapping) and not entry.key else entry.key
        change.answered.setdefault(key, seq)
        change.wakes = change.wakes or bool(entry.key)  # an agent's, which has no key, is its driver's own
    elif kind in ("reminded", "escalated"):
        _wait_on(change, entry.key, _data(entry).get("next"))
    elif kind in ("message", "imported"):  # an agent's open turn, with its questions, is closed
        _close_all(change, seq)
    elif kind in ("done", "retry", "failed", "noted"):
        change.tokens += _tokens(entry)


def digests_of(origin: object) -> list[str]:
    """Return the digests of the files that a session needs, as its origin tells of them."""
    files = origin.get("files") if isinstance(origin, Mapping) else None
    return sorted({str(digest) for digest in files.values()}) if isinstance(files, Mapping) else []


def _ask(change: Change, seq: int, entry: Draft | Encoded | Entry) -> None:
    data = _data(entry)
    if "interrupts" not in data:
        times = data.get("deadline"), timer_of(data)
        change.asked[entry.key] = Asked(entry.key, seq, str(data.get("type", "hitl")), entry.at, *times)
        change.answered.pop(entry.key, None)
        change.timers.pop(entry.key, None)
        return
    _close_all(change, seq)  # an agent asks all that is open at once
    for interrupt in data["interrupts"]:
        told = interrupt if isinstance(interrupt, Mapping) else {"id": interrupt}
        if told.get("response") is None:
            key = str(told["id"])
            change.asked[key] = Asked(key, seq, "interrupt", entry.at, None, None)


def timer_of(asked: Mapping[str, Any]) -> float | None:
    """Return when something is due of a question first, as it is asked: Unix time in seconds; None for never."""
    times = [asked.get("deadline"), *(timer["at"] for timer in asked.get("timers", ()))]
    return min((time for time in times if time is not None), default=None)


def _wait_on(change: Change, key: str, timer: float | None) -> None:
    if key in change.asked:
        change.asked[key] = change.asked[key]._replace(timer=timer)
    else:
        change.timers[key] = timer


def _close_all(change: Change, seq: int) -> None:
    change.closes_all = seq
    change.asked.clear()
    change.timers.clear()


def _tokens(entry: Draft | Encoded | Entry) -> int:
    data = _data(entry)
    usage = data.get("usage")
    if not usage or (entry.kind == "noted" and "of" not in data):
        return 0
    return int(usage.get("totalTokens") or usage.get("inputTokens", 0) + usage.get("outputTokens", 0))


def _data(entry: Draft | Encoded | Entry) -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads(entry.data) if isinstance(entry.data, bytes) else entry.data
    return data


def portable(text: str) -> str:
    """Return `text` as every database takes it: NUL and lone surrogates are written as JSON writes them."""
    if "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return _ESCAPED + json.dumps(text)


def original(text: str) -> str:
    """Return the text that `portable` has made this of."""
    return str(json.loads(text[len(_ESCAPED) :])) if text.startswith(_ESCAPED) else text


_ESCAPED = "json:"
