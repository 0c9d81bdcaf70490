"""Numbers as the calculator has them: fractions as long as that is possible, then many more digits than are shown."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from strands_cli.builtin.arithmetic import (
    ELEMENTARY,
    FUNCTIONS,
    CalculationError,
    Evaluator,
    bounded,
)

DIGITS = (50, 90)
MOST_STEPS = 60_000
_MOST_EXPONENT = 4_000
_MOST_RESULT = 100_000_000
_SAME_IN_MPMATH = (*ELEMENTARY, "exp", "degrees", "radians", "hypot", "atan2", "re", "im", "conj")
_WHOLE: dict[str, Callable[[Any], int]] = {"floor": math.floor, "ceil": math.ceil, "trunc": math.trunc}


class ExactEvaluator(Evaluator):
    """Works out trees in fractions, and with `digits` digits where a result is none.

    Args:
        names: Values of names beside the constants.
        digits: Decimal digits.
    """

    most_steps = MOST_STEPS

    def __init__(self, names: Mapping[str, Any], digits: int) -> None:
        self.context: Any = context(digits)
        mp = self.context
        constants = {
            "pi": +mp.pi,
            "e": +mp.e,
            "tau": 2 * mp.pi,
            "inf": mp.inf,
            "i": mp.mpc(0, 1),
            "j": mp.mpc(0, 1),
        }
        super().__init__({**constants, **{name: number(value) for name, value in names.items()}})

    def constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, complex):
            return self.context.mpc(0, self.inexact(number(node.value.imag)))
        return bounded(number(getattr(node, "exact", node.value)))

    def binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(left, (list, str)) or isinstance(right, (list, str)):
            raise CalculationError("lists and bits cannot be reckoned with like numbers")
        if isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction)):
            return self._rational(op, left, right)
        return self._checked(self._inexact_binary(op, self.inexact(left), self.inexact(right)))

    def call(self, name: str, values: list[Any]) -> Any:
        mp = self.context
        if name in _WHOLE:
            [value] = values
            return self._whole(_WHOLE[name], value)
        if name == "round":
            return self._rounded(*values)
        if name in ("log", "ln", "log2", "log10"):
            base = {"log2": [2], "log10": [10]}.get(name, values[1:])
            values = [self._argument(each) for each in (values[0], *base)]
            return self._checked(mp.log(values[0]) / mp.log(values[1]) if base else mp.log(values[0]))
        if name == "cbrt":
            [value] = [self._argument(each) for each in values]
            return mp.sign(value) * mp.cbrt(abs(value))
        if name in _SAME_IN_MPMATH:
            return self._checked(getattr(mp, name)(*(self._argument(each) for each in values)))
        if name in ("mean", "median", "stdev", "variance"):
            return self._statistic(name, values)
        return self._checked(FUNCTIONS[name](*self.alike(values)))

    def alike(self, values: list[Any]) -> list[Any]:
        """Return fractions and whole numbers as they are where there is nothing else, and else as what that is."""
        if len(values) == 1 and isinstance(values[0], list):
            return [self.alike(values[0])]
        if any(isinstance(each, (list, bool)) for each in values) or all(
            isinstance(each, (int, Fraction)) for each in values
        ):
            return values
        return [self.inexact(each) for each in values]

    def inexact(self, value: Any) -> Any:
        """Return a number with many digits."""
        mp = self.context
        return mp.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else mp.convert(value)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _rational(self, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(op, ast.Div):
            return bounded(number(Fraction(left) / right))
        if not isinstance(op, ast.Pow):
            return number(super().binary(op, left, right))
        if isinstance(right, int):
            size = max(
                abs(number(left).numerator).bit_length(),
                number(left).denominator.bit_length(),
            )
            if size * abs(right) > 40_000 and left not in (0, 1, -1):
                raise CalculationError("the power has more than 10,000 digits or so: too large")
            return bounded(number(Fraction(left) ** right))
        return self._checked(self.context.power(self._argument(left), self._argument(right)))

    def _inexact_binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        mp = self.context
        if isinstance(op, ast.Pow):
            return mp.power(self._argument(left), self._argument(right))
        if isinstance(op, ast.Div):
            return left / right
        if isinstance(op, (ast.FloorDiv, ast.Mod)):
            whole = mp.floor(left / right)
            return whole if isinstance(op, ast.FloorDiv) else left - whole * right
        return super().binary(op, left, right)

    def _argument(self, value: Any) -> Any:
        """A function of a huge number takes as long as the number is."""
        found = self.inexact(value)
        if not self.context.isfinite(found) or self.context.mag(found) < _MOST_EXPONENT:
            return found
        raise CalculationError("a number is too large")

    def _checked(self, value: Any) -> Any:
        if isinstance(value, (bool, int, Fraction, list)):
            return bounded(value)
        mp = self.context
        if mp.isnan(value):
            raise CalculationError("the result is not defined")
        if mp.isfinite(value) and value != 0 and abs(mp.mag(value)) > _MOST_RESULT:
            raise CalculationError("a number is too large")
        return value

    def _whole(self, function: Callable[[Any], int], value: Any) -> int:
        if isinstance(value, (int, Fraction)):
            return function(value)
        if not self.context.isfinite(value) or abs(self.context.mag(value)) > 40_000:
            raise CalculationError("a number is too large")
        return int({math.floor: self.context.floor, math.ceil: self.context.ceil}.get(function, int)(value))

    def _rounded(self, value: Any, digits: Any = 0) -> Any:
        if digits != int(digits) or abs(digits) > 1_000:
            raise CalculationError("round takes -1000 to 1000 digits")
        digits = int(digits)
        if not isinstance(value, (int, Fraction)):
            value = Fraction(self._whole(round, value * self.context.mpf(10) ** digits)) / Fraction(10) ** digits
        return number(round(Fraction(value), digits)) if digits else round(value)

    def _statistic(self, name: str, values: list[Any]) -> Any:
        listed = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        count = len(listed)
        if count < (2 if name in ("stdev", "variance") else 1):
            raise CalculationError(f"{name} takes more numbers")
        if name == "median":
            ordered = sorted(listed)
            middle = ordered[(count - 1) // 2], ordered[count // 2]
            return self.binary(ast.Div(), self.binary(ast.Add(), *middle), 2)
        mean = self.binary(ast.Div(), self._sum(listed), count)
        if name == "mean":
            return mean
        apart = [self.binary(ast.Sub(), each, mean) for each in listed]
        variance = self.binary(
            ast.Div(),
            self._sum([self.binary(ast.Mult(), d, d) for d in apart]),
            count - 1,
        )
        return variance if name == "variance" else self.context.sqrt(self._argument(variance))

    def _sum(self, values: list[Any]) -> Any:
        total: Any = 0
        for each in values:
            total = self.binary(ast.Add(), total, each)
        return total


def number(value: Any) -> Any:
    """Return a number as a whole one or a fraction, as it is written: 0.1 is a tenth."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else value
    if isinstance(value, float) and math.isfinite(value):
        return number(Fraction(repr(value)))
    return value


@cache
def context(digits: int) -> Any:
    """Return a context of mpmath of our own: nobody else's precision is touched."""
    from mpmath import MPContext

    made = MPContext()
    made.dps = digits
    return made


def settled(work: Callable[[int], Any]) -> Any:
    """Return what `work` comes to when digits no longer matter: worked out twice, with more of them.

    Raises:
        CalculationError: It comes to something else each time.
    """
    few, many = (work(digits) for digits in DIGITS)
    return _agreed(few, many)


def _agreed(few: Any, many: Any) -> Any:
    if isinstance(many, list):
        if not isinstance(few, list) or len(few) != len(many):
            raise CalculationError("the result cannot be told: it depends on how many digits are used")
        return [_agreed(*pair) for pair in zip(few, many, strict=True)]
    if isinstance(many, (bool, int, Fraction, str)):
        if few != many:
            raise CalculationError("the result cannot be told: it depends on how many digits are used")
        return many
    mp = context(DIGITS[1])
    if not mp.isfinite(many):
        return many
    return mp.mpc(_agreed_part(mp, few, many, "real"), _agreed_part(mp, few, many, "imag"))


def _agreed_part(mp: Any, few: Any, many: Any, part: str) -> Any:
    a, b = mp.convert(getattr(few, part)), mp.convert(getattr(many, part))
    noise = mp.mpf(10) ** (12 - DIGITS[0])
    if abs(b) <= abs(a) * mp.mpf(10) ** -20 and abs(a) < max(abs(many), 1) * noise:
        return mp.mpf(0)  # the more digits, the nearer to nothing
    if abs(a - b) <= abs(b) * mp.mpf(10) ** -15 or abs(a - b) < abs(many) * mp.mpf(10) ** -25:
        return b
    raise CalculationError("the result cannot be told: digits cancel each other out")
