"""Polynomials for the calculator: their coefficients as fractions, and all of their roots."""

from __future__ import annotations

import ast
from fractions import Fraction
from inspect import signature
from itertools import zip_longest
from typing import Any

from strands_cli.builtin.arithmetic import CalculationError, NoAnswerError
from strands_cli.builtin.exact import ExactEvaluator, number

_MOST_DEGREE = 30
_MOST_BITS = 20_000

Coefficients = list[Any]
"""Of a polynomial, the constant one first."""


def polynomial(node: ast.expr, variable: str, evaluator: ExactEvaluator) -> Coefficients | None:
    """Return the coefficients of a polynomial, or None when an expression is none."""
    if not any(isinstance(each, ast.Name) and each.id == variable for each in ast.walk(node)):
        return [evaluator.value(node)]
    if isinstance(node, ast.Name):
        return [0, 1]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        inner = polynomial(node.operand, variable, evaluator)
        sign = -1 if isinstance(node.op, ast.USub) else 1
        return None if inner is None else [sign * each for each in inner]
    if not isinstance(node, ast.BinOp):
        return None
    left = polynomial(node.left, variable, evaluator)
    right = polynomial(node.right, variable, evaluator)
    if left is None or right is None:
        return None
    return _combined(node.op, left, right, evaluator)


def _combined(
    op: ast.operator, left: Coefficients, right: Coefficients, evaluator: ExactEvaluator
) -> Coefficients | None:
    if isinstance(op, (ast.Add, ast.Sub)):
        return [evaluator.binary(op, a, b) for a, b in zip_longest(left, right, fillvalue=0)]
    if isinstance(op, ast.Mult):
        return _product(left, right, evaluator)
    if isinstance(op, ast.Div) and len(right) == 1:
        return [evaluator.binary(op, each, right[0]) for each in left]
    power = number(right[0])
    if isinstance(op, ast.Pow) and len(right) == 1 and isinstance(power, int) and 0 <= power <= _MOST_DEGREE:
        result: Coefficients = [1]
        for _ in range(power):
            result = _product(result, left, evaluator)
        return result
    return None


def _product(left: Coefficients, right: Coefficients, evaluator: ExactEvaluator) -> Coefficients:
    if len(left) + len(right) > _MOST_DEGREE + 2:
        raise CalculationError(f"a polynomial may have degree {_MOST_DEGREE} at most")
    result: Coefficients = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            result[i + j] = evaluator.binary(ast.Add(), result[i + j], evaluator.binary(ast.Mult(), a, b))
    return result


def roots(coefficients: Coefficients, mp: Any) -> list[Any]:
    """Return the different roots of a polynomial, by size.

    Raises:
        CalculationError: It has none, or they cannot be told.
    """
    if any(isinstance(each, list) for each in coefficients):
        raise CalculationError("lists cannot be reckoned with like numbers")
    while len(coefficients) > 1 and _is_nothing(coefficients[-1], mp):
        coefficients = coefficients[:-1]
    if len(coefficients) == 1:
        always = _is_nothing(coefficients[0], mp)
        raise NoAnswerError("the equation holds always" if always else "it has no solution")
    exact = all(isinstance(each, (int, Fraction)) for each in coefficients)
    factor = _without_repetition([Fraction(each) for each in coefficients]) if exact else coefficients
    return _sorted(_found(factor, mp, exact), mp)


def _is_nothing(value: Any, mp: Any) -> bool:
    return bool(value == 0 or (not isinstance(value, (int, Fraction)) and abs(value) < mp.mpf(10) ** (10 - mp.dps)))


def _found(coefficients: Coefficients, mp: Any, exact: bool) -> list[Any]:
    values = [
        mp.mpf(each.numerator) / each.denominator if isinstance(each, Fraction) else each for each in coefficients
    ]
    try:
        found, error = _all_roots(values, mp)
    except mp.NoConvergence:
        raise CalculationError("the roots cannot be told with any certainty") from None
    if error > mp.mpf(10) ** -16 * max([1, *(abs(each) for each in found)]) or (not exact and _close(found, mp)):
        raise CalculationError("the roots cannot be told with any certainty")
    return found


def _all_roots(values: Coefficients, mp: Any) -> tuple[list[Any], Any]:
    """Before release 1.4 the highest coefficient came first, and there was no word to say otherwise."""
    options: dict[str, Any] = {"maxsteps": 300, "extraprec": 400, "error": True}
    if "asc" in signature(mp.polyroots).parameters:
        found, error = mp.polyroots(values, asc=True, **options)
    else:
        found, error = mp.polyroots(values[::-1], **options)
    return list(found), error


def _close(found: list[Any], mp: Any) -> bool:
    """Roots that nearly coincide depend on digits that a coefficient such as sqrt(2) does not have."""
    limit = mp.mpf(10) ** -12
    return any(abs(a - b) < limit * max(1, abs(a)) for at, a in enumerate(found) for b in found[:at])


def _sorted(found: list[Any], mp: Any) -> list[Any]:
    noise = mp.mpf(10) ** -25
    clean = [
        mp.mpc(*(0 if abs(part) < noise * max(1, abs(each)) else part for part in (each.real, each.imag)))
        for each in map(mp.mpc, found)
    ]
    return sorted(clean, key=lambda each: (float(each.real), float(each.imag)))


def _without_repetition(coefficients: list[Fraction]) -> list[Fraction]:
    """Return the polynomial that has each root once: repeated ones could not be told apart by any number of digits."""
    derived = [number_ * each for number_, each in enumerate(coefficients)][1:]
    common = _common(coefficients, derived)
    return _divided(coefficients, common)[0] if len(common) > 1 else coefficients


def _common(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    while any(b):
        b = _monic(b)
        if max(each.numerator.bit_length() + each.denominator.bit_length() for each in b) > _MOST_BITS:
            raise CalculationError("the roots cannot be told with any certainty: the coefficients have too many digits")
        a, b = b, _divided(a, b)[1]
    return _monic(a)


def _monic(a: list[Fraction]) -> list[Fraction]:
    while len(a) > 1 and a[-1] == 0:
        a = a[:-1]
    return [each / a[-1] for each in a]


def _divided(a: list[Fraction], b: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    rest, quotient = list(a), [Fraction(0)] * max(len(a) - len(b) + 1, 1)
    for at in range(len(a) - len(b), -1, -1):
        quotient[at] = rest[at + len(b) - 1] / b[-1]
        for number_, each in enumerate(b):
            rest[at + number_] -= quotient[at] * each
    return quotient, rest[: len(b) - 1] or [Fraction(0)]
