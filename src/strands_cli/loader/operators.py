"""The operators of templates, with limits on what they build."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from strands_cli.errors import TemplateError
from strands_cli.loader.limits import ITEM, MAX_BITS, MAX_REPEAT, at_most, built, exceeded, tick, work

_SIZED = (str, bytes, list, tuple)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > MAX_BITS:
        raise exceeded(f"a number of more than {MAX_BITS:,} bits")
    return left**right


def _times(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > MAX_BITS:
            raise exceeded(f"a number of more than {MAX_BITS:,} bits")
        return left * right
    for value, count in ((left, right), (right, left)):
        if isinstance(value, _SIZED) and isinstance(count, int):
            at_most(count, MAX_REPEAT, "a repetition")
            at_most(len(value) * max(count, 0), MAX_REPEAT, "a repetition")
            work(len(value) * max(count, 0))
    return built(left * right)


def plus(left: Any, right: Any) -> Any:
    if isinstance(left, _SIZED) and isinstance(right, _SIZED):
        work((len(left) + len(right)) * (1 if isinstance(left, str) else ITEM))
    tick()
    return built(left + right)


def _modulo(left: Any, right: Any) -> Any:
    if isinstance(left, (str, bytes)):
        raise TemplateError("'%' does not format texts in a template", hint="Put texts together with ~.")
    return left % right


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": plus,
    "-": operator.sub,
    "*": _times,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": _power,
    "%": _modulo,
}
