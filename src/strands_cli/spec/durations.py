"""Times as people write them: 90, 90s, 5m, 1h30m, 2d."""

from __future__ import annotations

import re

PATTERN = r"(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+"
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604_800.0}


def in_seconds(value: object) -> object:
    """Return the seconds that a text with units says; anything else as it is, and so a text that says none."""
    if not isinstance(value, str) or not re.fullmatch(PATTERN, value.strip()):
        return value
    return float(sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value)))
