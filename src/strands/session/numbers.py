"""Numbers of stores that hand them out as `Decimal`, as DynamoDB does: back to what was stored."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

from strands.types.session import SessionAgent, SessionMessage

_Stored = TypeVar("_Stored", SessionAgent | None, SessionMessage)


def plain_numbers(value: Any) -> Any:
    """Return plain data with each `Decimal` in it as an int, or a float where it has a fraction; the rest is shared."""
    decimal = sys.modules.get("decimal")  # a store that hands them out has imported it
    return value if decimal is None else _plain(value, decimal.Decimal)


def with_plain_numbers(stored: _Stored) -> _Stored:
    """Return what a store handed out, changed in place where it holds a `Decimal`."""
    for name, value in vars(stored).items() if stored is not None else ():
        setattr(stored, name, plain_numbers(value))
    return stored


def _plain(value: Any, kind: Any) -> Any:
    if isinstance(value, dict):
        changed = {key: _plain(each, kind) for key, each in value.items()}
        return changed if any(changed[key] is not each for key, each in value.items()) else value
    if isinstance(value, list):
        items = [_plain(each, kind) for each in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if not isinstance(value, kind):
        return value
    whole = value.is_finite() and value == value.to_integral_value()
    return int(value) if whole else float(value)
