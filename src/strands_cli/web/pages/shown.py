"""What pages show of texts, values and times; all that comes from models, people and files is untrusted."""

from __future__ import annotations

import difflib
import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import NamedTuple

from markupsafe import Markup, escape

from strands_cli.terminal.escape import unambiguous, visible
from strands_cli.types import Json

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_HUNK = re.compile(r"^@@ -\d+(,\d+)? \+\d+(,\d+)? @@", re.MULTILINE)
_LONG_VALUE = 400


class DiffLine(NamedTuple):
    """A line of a comparison: its sign and its text."""

    sign: str
    text: str


class Cell(NamedTuple):
    """One argument of a call.

    Attributes:
        name: Its name.
        text: Its value as text.
        diff: Its lines, where it is a comparison.
        entries: Its entries, where it is a list of short values.
        is_long: Whether it has several lines.
        is_default: Whether the call does not give it: the tool has it by default.
    """

    name: str
    text: str
    diff: list[DiffLine]
    entries: list[str]
    is_long: bool
    is_default: bool


def plain(value: object) -> object:
    """Return what a template prints of a value: a text with what is unsafe or invisible in it as escapes."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def exact(text: object) -> Markup:
    """Return a text as somebody who approves it has to see it."""
    return escape(unambiguous("" if text is None else text))


def as_is(text: object) -> Markup:
    """Return a text unchanged, for the value of a field: what is sent back is what was there."""
    return escape("" if text is None else str(text))


def pretty(value: Json) -> str:
    """Return a value as JSON on several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def written(value: Json) -> str:
    """Return a value in one line: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def cells(arguments: Json, filled: Json = None) -> list[Cell]:
    """Return the arguments of a call, one by one; none where they are no object.

    Args:
        arguments: As they are given.
        filled: As the tool gets them, with its defaults, where that is known.
    """
    if not isinstance(arguments, Mapping):
        return []
    found = [_cell(str(name), value, False) for name, value in arguments.items()]
    more = filled if isinstance(filled, Mapping) else {}
    return found + [_cell(str(name), value, True) for name, value in more.items() if name not in arguments]


def _cell(name: str, value: Json, is_default: bool) -> Cell:
    entries = []
    if isinstance(value, list) and all(isinstance(each, (str, int, float)) for each in value):
        entries = [written(each) for each in value]
    text = value if isinstance(value, str) else pretty(value)
    return Cell(name, text, diff_lines(text), entries, len(text) > _LONG_VALUE or "\n" in text, is_default)


def diff_lines(text: str) -> list[DiffLine]:
    """Return the lines of a unified diff; none for a text that is none."""
    if not _HUNK.search(text):
        return []
    return list(_signed(text.splitlines()))


def changes(before: Json, after: Json) -> list[DiffLine]:
    """Return what differs between two values, line by line of their JSON."""
    lines = difflib.unified_diff(pretty(before).splitlines(), pretty(after).splitlines(), lineterm="", n=3)
    return list(_signed(list(lines)[2:]))


def _signed(lines: list[str]) -> Iterator[DiffLine]:
    for line in lines:
        head = line.startswith(("+++", "---", "@@", "diff "))
        sign = "@" if head else line[:1] if line[:1] in ("+", "-") else " "
        yield DiffLine(sign, line if head or (sign == " " and line[:1] != " ") else line[1:])


def moment(at: float | None) -> str:
    """Return a time, in seconds since 1970, as people read it; always in UTC, so that all read the same."""
    return "" if at is None else datetime.fromtimestamp(at, timezone.utc).strftime("%-d %b %Y, %H:%M:%S UTC")


def clock(at: float) -> str:
    """Return a time without its seconds, of today without its day: `14:30 UTC`."""
    told, today = datetime.fromtimestamp(at, timezone.utc), datetime.now(timezone.utc).date()
    return told.strftime("%H:%M UTC" if told.date() == today else "%-d %b %Y, %H:%M UTC")


def iso(at: float | None) -> str:
    """Return a time as a machine reads it."""
    return "" if at is None else datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")


def span(seconds: float | None) -> str:
    """Return how long something is in the two largest units: 2 h 5 min."""
    if seconds is None:
        return ""
    left = max(int(seconds), 0)
    parts: list[str] = []
    for name, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE), ("s", 1)):
        count, left = divmod(left, size)
        if count or (name == "s" and not parts):
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def ago(at: float | None) -> str:
    """Return how long ago something was, or in how long it is."""
    if at is None:
        return ""
    left = at - time.time()
    return f"in {span(left)}" if left >= 1 else "just now" if left > -5 else f"{span(-left)} ago"


def is_soon(at: float | None) -> bool:
    """Whether a deadline is less than an hour away."""
    return at is not None and at - time.time() < _HOUR


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
