"""Dates and times as JSON Schema writes them (RFC 3339)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)
_MOST_DEPTH = 20


def is_date(text: str) -> bool:
    """Whether a text is a date that exists: 2026-12-01."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def moment(text: str) -> str:
    """Return a date and time with its offset, as RFC 3339 writes it; one without an offset is UTC.

    Raises:
        ValueError: It is none, or does not exist.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a date and time")
    day, minutes, seconds, part, zone = match.groups()
    written = f"{day}T{minutes}{seconds or ':00'}"
    zone = "Z" if zone in (None, "z", "Z") else zone
    datetime.fromisoformat(written + ("+00:00" if zone == "Z" else zone))
    return f"{written}{part or ''}{zone}"


def is_moment(text: str) -> bool:
    """Whether a text is a date and time with its offset: 2026-12-01T09:30:00Z."""
    match = _MOMENT.fullmatch(text)
    if match is None or match[5] is None or match[3] is None:
        return False
    try:
        moment(text)
    except ValueError:
        return False
    return True


def misdated(schema: Any, value: Any, path: str = "$", depth: int = 0) -> Iterator[str]:
    """Yield what of a value ought to be a date, or a date and time, and is none; JSON Schema leaves that open."""
    if not isinstance(schema, Mapping) or depth > _MOST_DEPTH:
        return
    if isinstance(value, str):
        wanted = schema.get("format")
        if wanted == "date" and not is_date(value):
            yield f"{path}: {value[:40]!r} is not a date like 2026-12-01"
        elif wanted == "date-time" and not is_moment(value):
            yield f"{path}: {value[:40]!r} is not a date and time like 2026-12-01T09:30:00Z"
    elif isinstance(value, Mapping):
        properties = schema.get("properties")
        for name, each in properties.items() if isinstance(properties, Mapping) else ():
            if name in value:
                yield from misdated(each, value[name], f"{path}.{name}", depth + 1)
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for number, each in enumerate(value):
            yield from misdated(schema["items"], each, f"{path}[{number}]", depth + 1)
