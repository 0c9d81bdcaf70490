"""What a function's parameters are declared as: the classes and functions that its arguments go through."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from types import FunctionType
from typing import Any

_DEEPEST = 20


def declared(function: FunctionType) -> Iterator[Any]:
    """Yield the types of a function's parameters, those inside them, and what is written beside them, as a validator.

    What stands in an annotation that cannot be evaluated is left out: no argument goes through it either.
    """
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception:  # an annotation may be any expression, of names that are not there
        return
    hints.pop("return", None)
    seen: set[int] = set()
    for hint in hints.values():
        yield from _inside(hint, seen, 0)


def _inside(hint: Any, seen: set[int], depth: int) -> Iterator[Any]:
    if id(hint) in seen or depth > _DEEPEST:
        return
    seen.add(id(hint))
    yield hint
    for part in (*typing.get_args(hint), *getattr(hint, "__metadata__", ())):
        yield from _inside(part, seen, depth + 1)
    if not isinstance(hint, type):
        func = getattr(hint, "func", None)  # of a validator of pydantic's that stands in an annotation
        if callable(func):
            yield func
        return
    fields = getattr(hint, "__pydantic_fields__", None)
    for field in fields.values() if isinstance(fields, dict) else ():
        for part in (field.annotation, *field.metadata):
            yield from _inside(part, seen, depth + 1)
