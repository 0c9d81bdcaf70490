"""Equations, derivatives, integrals and limits, for the calculator: with an estimate of the error, or not at all."""

from __future__ import annotations

import ast
import heapq
import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from strands_cli.builtin.arithmetic import CalculationError, Evaluator
from strands_cli.builtin.derivatives import derivative, formula, simple
from strands_cli.builtin.exact import ExactEvaluator, number
from strands_cli.builtin.polynomials import polynomial, roots

_FEWEST_DIGITS = 6
_MOST_PARTS = 1_500
_CANNOT = (ArithmeticError, ValueError, TypeError)
# The points and weights of Gauss and Kronrod on (-1, 1), from the middle outwards; those of Gauss are every second.
_POINTS = (
    *(
        0.0,
        0.2077849550078985,
        0.4058451513773972,
        0.5860872354676911,
        0.7415311855993944,
    ),
    *(0.8648644233597691, 0.9491079123427585, 0.9914553711208126),
)
_KRONROD = (
    *(
        0.2094821410847278,
        0.2044329400752989,
        0.1903505780647854,
        0.1690047266392679,
        0.1406532597155259,
    ),
    *(0.1047900103222502, 0.0630920926299786, 0.0229353220105292),
)
_GAUSS = (
    0.4179591836734694,
    0.3818300505051189,
    0.2797053914892767,
    0.1294849661688697,
)


def call(name: str, arguments: list[ast.expr], evaluator: ExactEvaluator) -> Any:
    """Work out solve, diff, integrate or limit."""
    if not arguments:
        raise CalculationError(f"{name} takes an expression first")
    target, *more = arguments
    if more and isinstance(more[0], ast.Name) and more[0].id not in evaluator.names:
        variable, *more = more[0].id, *more[1:]
    else:
        variable = _only_name(target, evaluator)
    if name == "solve":
        return _solve(target, variable, evaluator)
    if name in ("diff", "derivative"):
        derived = simple(derivative(target, variable))
        return evaluator.at(derived, variable, evaluator.value(more[0])) if more else formula(derived)
    values = [evaluator.value(each) for each in more]
    if name == "limit" and len(values) == 1:
        return _limit(lambda x: evaluator.at(target, variable, x), values[0], evaluator.context)
    if len(values) == 2 and name != "limit":
        fast = Evaluator({name: _plain(value) for name, value in evaluator.names.items()})
        return _integral(lambda x: fast.at(target, variable, x), *map(_bound, values))
    raise CalculationError(
        "write integrate(f, x, a, b) or limit(f, x, a); without bounds an integral has no value to work out"
    )


def _only_name(node: ast.expr, evaluator: Evaluator) -> str:
    called = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and id(each) not in called}
    free = sorted(names - set(evaluator.names))
    if len(free) != 1:
        raise CalculationError("say for which name: solve(equation, x), diff(f, x), integrate(f, x, a, b)")
    return free[0]


def _plain(value: Any) -> Any:
    if isinstance(value, (int, list)):
        return value
    if hasattr(value, "imag") and value.imag != 0:
        return complex(value)
    return float(value.real if hasattr(value, "real") else value)


def _bound(value: Any) -> float:
    if isinstance(value, list) or (hasattr(value, "imag") and value.imag != 0):
        raise CalculationError("the bounds of an integral must be real numbers")
    return float(_plain(value))


# -- equations ------------------------------------------------------------------------------------------------------


def _solve(target: ast.expr, variable: str, evaluator: ExactEvaluator) -> list[Any]:
    if isinstance(target, ast.Compare):
        if len(target.ops) != 1 or not isinstance(target.ops[0], ast.Eq):
            raise CalculationError("an equation has one =")
        target = ast.BinOp(target.left, ast.Sub(), target.comparators[0])
    coefficients = polynomial(target, variable, evaluator)
    if coefficients is not None:
        return roots(coefficients, evaluator.context)
    return [_root(lambda x: evaluator.at(target, variable, x), evaluator.context)]


def _root(function: Callable[[Any], Any], mp: Any) -> Any:
    """Return a root of any function: looked for from several places, and believed only if the function says so."""

    def real(x: Any) -> Any:
        y = mp.convert(function(x))
        if y.imag != 0:
            raise ValueError("not real here")
        return y.real

    for start in _brackets(real, mp) or (
        mp.mpf(1),
        mp.mpf("0.5"),
        mp.mpf(2),
        mp.mpf(-1),
        mp.mpf(10),
        mp.mpf(-10),
    ):
        try:
            solver = "anderson" if isinstance(start, tuple) else "secant"
            x = mp.findroot(
                real,
                start,
                solver=solver,
                tol=mp.mpf(10) ** -60,
                maxsteps=60,
                verify=False,
            )
            if _is_root(real, x, mp):
                return x
        except (*_CANNOT, CalculationError):
            continue
    raise CalculationError("no root was found")


def _brackets(real: Callable[[Any], Any], mp: Any) -> list[Any]:
    """Return where the function changes its sign, the nearest to zero first."""
    places = sorted(
        {sign * each for each in (0.013, 0.37, 0.81, 1.43, 2.7, 5.3, 11.1, 31.7, 101.3) for sign in (-1, 1)}
    )
    found: list[tuple[Any, Any]] = []
    before: tuple[Any, Any] | None = None
    for place in map(mp.mpf, places):
        try:
            here = (place, real(place))
        except (*_CANNOT, CalculationError):
            before = None
            continue
        if before is not None and mp.sign(before[1]) * mp.sign(here[1]) < 0:
            found.append((before[0], place))
        before = here
    return sorted(found, key=lambda pair: min(abs(pair[0]), abs(pair[1])))


def _is_root(function: Callable[[Any], Any], x: Any, mp: Any) -> bool:
    """A function that only fades away has no root, and one that jumps over zero neither."""
    if not mp.isfinite(x) or abs(x) > mp.mpf(10) ** 12:
        return False
    step = max(abs(x), mp.mpf(1)) * mp.mpf(10) ** -8
    around = [abs(function(x - step)), abs(function(x + step))]
    return bool(abs(function(x)) <= min(around) * mp.mpf(10) ** -10)


# -- integrals ------------------------------------------------------------------------------------------------------


def _integral(function: Callable[[float], Any], low: float, high: float) -> Any:
    """Return a definite integral by the rule of Gauss and Kronrod, refined where the error is largest.

    Raises:
        CalculationError: Too few digits are certain; it may have no value at all.
    """
    if low == high:
        return 0
    sign = 1 if high > low else -1
    low, high = min(low, high), max(low, high)
    if math.isinf(low) or math.isinf(high):
        function, low, high = _finite(function, low, high)
    total, error = _refined(function, low, high)
    if error >= abs(total) * 10**-_FEWEST_DIGITS and error > 1e-12:
        raise CalculationError("the integral cannot be told with any certainty; it may have no value")
    return sign * _certain(total, error)


def _refined(function: Callable[[float], Any], low: float, high: float) -> tuple[float, float]:
    # Unequal parts: what is symmetric, or comes again and again, must not look like nothing.
    places = (0, 0.0731, 0.1637, 0.2719, 0.4013, 0.5281, 0.6607, 0.7829, 0.9013, 1)
    cuts = [low + (high - low) * each for each in places]
    parts = [half for a, b in pairwise(cuts) for half in _halved(function, _part(function, a, b))]
    heapq.heapify(parts)
    while len(parts) < _MOST_PARTS:
        if len(parts) % 16 == 2 and math.fsum(part[1] for part in parts) <= 1e-14 * abs(
            math.fsum(part[2] for part in parts)
        ):
            break
        worst = parts[0]
        if worst[1] == 0 or worst[3] + (worst[4] - worst[3]) / 2 in worst[3:]:
            break
        first, second = _halved(function, heapq.heappop(parts))
        heapq.heappush(parts, first)
        heapq.heappush(parts, second)
    total = math.fsum(part[2] for part in parts)
    return total, max(math.fsum(part[1] for part in parts), abs(total) * 1e-15)


_Part = tuple[float, float, float, float, float]
"""Part of a range: its error negated (the worst comes first), its error, its integral, where it begins and ends."""


def _halved(function: Callable[[float], Any], part: _Part) -> list[_Part]:
    """Return the halves of a part; what they come to together is a second opinion on the error of both."""
    _, _, whole, a, b = part
    middle = a + (b - a) / 2
    halves = [_part(function, a, middle), _part(function, middle, b)]
    apart = abs(whole - halves[0][2] - halves[1][2])
    apart = apart if apart > 1e-14 * (abs(halves[0][2]) + abs(halves[1][2])) else 0.0
    return [(-max(each[1], apart), max(each[1], apart), *each[2:]) for each in halves]


def _part(function: Callable[[float], Any], a: float, b: float) -> _Part:
    middle, half = (a + b) / 2, (b - a) / 2
    kronrod, gauss, size = 0.0, 0.0, 0.0
    for place, point in enumerate(_POINTS):
        for x in (middle - half * point, middle + half * point) if place else (middle,):
            y = _real_value(function, x)
            kronrod += _KRONROD[place] * y
            size += _KRONROD[place] * abs(y)
            if place % 2 == 0:
                gauss += _GAUSS[place // 2] * y
    error = abs(kronrod - gauss) * half
    error = max(error if error > 1e-13 * size * half else 0.0, 4e-16 * size * half)
    return -error, error, kronrod * half, a, b


def _real_value(function: Callable[[float], Any], x: float) -> float:
    value = function(x)
    if isinstance(value, complex) or not math.isfinite(value):
        raise CalculationError(f"the function has no real value at {x:.6g}")
    return float(value)


def _finite(function: Callable[[float], Any], low: float, high: float) -> tuple[Callable[[float], Any], float, float]:
    """Return a function with the same integral over a finite range."""
    if math.isinf(low) and math.isinf(high):
        return (
            lambda t: _far(function, t / (1 - t * t)) * (1 + t * t) / (1 - t * t) ** 2,
            -1.0,
            1.0,
        )
    if math.isinf(high):
        return lambda t: _far(function, low + t / (1 - t)) / (1 - t) ** 2, 0.0, 1.0
    return lambda t: _far(function, high - t / (1 - t)) / (1 - t) ** 2, 0.0, 1.0


def _far(function: Callable[[float], Any], x: float) -> Any:
    try:
        return function(x)
    except OverflowError:
        raise CalculationError("the integral cannot be told: the function grows beyond all bounds") from None


def _certain(value: Any, error: float) -> Any:
    """Return a number with the digits that are certain."""
    if value == 0 or error == 0:
        return number(value)
    if abs(value) <= error:
        return 0
    digits = min(14, math.floor(-math.log10(error / abs(value))))
    return number(float(f"{value:.{max(digits, 1)}g}"))


# -- limits ---------------------------------------------------------------------------------------------------------


def _limit(function: Callable[[Any], Any], at: Any, mp: Any) -> Any:
    """Return a limit: from both sides, over ever smaller steps of no regular size, which must agree more and more."""
    at = number(at)
    if not isinstance(at, (int, Fraction)) and mp.isinf(at):
        sides = [_approach(lambda h: function(mp.sign(at) / h), mp)]
    else:
        middle = mp.mpf(at.numerator) / at.denominator if isinstance(at, (int, Fraction)) else mp.convert(at)
        sides = [_approach(lambda h, s=s: function(middle + s * h), mp) for s in (-1, 1)]  # type: ignore[misc]
    first, *others = sides
    for each in others:
        if mp.isinf(first) or mp.isinf(each):
            if first != each:
                raise CalculationError("the limit does not exist: the two sides differ")
        elif abs(first - each) > mp.mpf(10) ** -12 * max(abs(each), 1):
            raise CalculationError("the limit does not exist: the two sides differ")
    if mp.isinf(first):
        return first
    return mp.mpf(0) if abs(first) < mp.mpf(10) ** -12 else mp.convert(mp.nstr(first, 14))


def _approach(function: Callable[[Any], Any], mp: Any) -> Any:
    values = []
    for power, factor in (
        (5, "0.7390851"),
        (8, "1.3247179"),
        (11, "0.5671432"),
        (14, "1.7632228"),
        (17, "0.9159655"),
    ):
        try:
            value = mp.convert(function(mp.mpf(factor) * mp.mpf(10) ** -power))
        except _CANNOT:
            raise CalculationError("the limit does not exist, or cannot be found: the function has no value") from None
        if abs(value.imag) > abs(value.real) * mp.mpf(10) ** -3 and abs(value.imag) > mp.mpf(10) ** -3:
            raise CalculationError("the limit does not exist: the function is not real on that side")
        values.append(value.real)
    apart = [abs(b - a) for a, b in pairwise(values)]
    near = apart[-1] <= mp.mpf(10) ** -12 * max(abs(values[-1]), 1)
    if near and all(b <= a + mp.mpf(10) ** -30 for a, b in pairwise(apart)):
        return values[-1]
    sizes = [abs(value) for value in values]
    grows = all(b > a * 2 for a, b in pairwise(sizes)) and sizes[-1] > 10**6
    if grows and len({mp.sign(value) for value in values}) == 1:
        return mp.sign(values[-1]) * mp.inf
    raise CalculationError("the limit does not exist, or cannot be found")
