"""Expressions, evaluated node by node: nothing of Python is within reach, and no number grows beyond bounds."""

from __future__ import annotations

import ast
import cmath
import math
import operator
import re
import statistics
from collections.abc import Callable, Mapping
from typing import Any

MOST_CHARACTERS = 2_000
MOST_BITS = 40_000
MOST_STEPS = 200_000
_DEPTH = 100

_CONSTANTS: dict[str, Any] = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "i": 1j, "j": 1j}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


class CalculationError(ValueError):
    """An expression cannot be worked out."""


def _both(real: Callable[[Any], Any], complex_: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def function(value: Any) -> Any:
        if isinstance(value, complex):
            return complex_(value)
        try:
            return real(value)
        except ValueError:
            return complex_(value)

    return function


def _factorial(value: Any) -> int:
    if value != int(value) or not 0 <= value <= 3000:
        raise CalculationError("factorial takes a whole number from 0 to 3000")
    return math.factorial(int(value))


def _choose(count: Any, chosen: Any) -> int:
    if not 0 <= count <= 10_000:
        raise CalculationError("comb and perm take whole numbers from 0 to 10000")
    return math.comb(int(count), int(chosen))


def _arrange(count: Any, chosen: Any = None) -> int:
    if not 0 <= count <= 3_000:
        raise CalculationError("comb and perm take whole numbers from 0 to 3000")
    return math.perm(int(count), None if chosen is None else int(chosen))


def _log(value: Any, base: Any = math.e) -> Any:
    if isinstance(value, complex) or value < 0:
        return cmath.log(value) / cmath.log(base)
    return math.log(value, base) if base != math.e else math.log(value)


def _listed(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda *values: function(values[0] if len(values) == 1 and isinstance(values[0], list) else list(values))


_ALIKE = ("sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _both(getattr(math, name), getattr(cmath, name)) for name in _ALIKE},
    "exp": _both(math.exp, cmath.exp),
    "log": _log,
    "ln": _log,
    "log2": _both(math.log2, lambda value: cmath.log(value) / math.log(2)),
    "log10": _both(math.log10, cmath.log10),
    "cbrt": lambda value: math.copysign(abs(value) ** (1 / 3), value),
    "abs": abs,
    "round": lambda value, digits=0: round(value, int(digits)) if digits else round(value),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "sign": lambda value: (value > 0) - (value < 0),
    "degrees": math.degrees,
    "radians": math.radians,
    "hypot": math.hypot,
    "atan2": math.atan2,
    "gcd": lambda *values: math.gcd(*map(int, values)),
    "lcm": lambda *values: math.lcm(*map(int, values)),
    "factorial": _factorial,
    "comb": _choose,
    "binomial": _choose,
    "perm": _arrange,
    "re": lambda value: complex(value).real,
    "im": lambda value: complex(value).imag,
    "conj": lambda value: complex(value).conjugate(),
    "sum": _listed(sum),
    "prod": _listed(math.prod),
    "min": _listed(min),
    "max": _listed(max),
    "len": _listed(len),
    "mean": _listed(statistics.fmean),
    "median": _listed(statistics.median),
    "stdev": _listed(statistics.stdev),
    "variance": _listed(statistics.variance),
}
_SPECIAL = ("solve", "diff", "derivative", "integrate", "integral", "limit")


def calculate(expression: str, variables: Mapping[str, Any]) -> str:
    """Return what an expression comes to, as text.

    Raises:
        CalculationError: It is malformed, too large, or undefined.
    """
    tree = parse(expression)
    try:
        return written(Evaluator(variables).value(tree))
    except CalculationError:
        raise
    except ZeroDivisionError:
        raise CalculationError(f"{expression!r} divides by zero") from None
    except (OverflowError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise CalculationError(f"{expression!r} cannot be worked out: {error}") from None


def parse(expression: str) -> ast.expr:
    """Return the tree of an expression in the usual notation: `2x`, `^` and a single `=` are understood."""
    if not expression.strip() or len(expression) > MOST_CHARACTERS:
        raise CalculationError(f"an expression has 1 to {MOST_CHARACTERS} characters")
    text = expression.replace("^", "**").replace("×", "*").replace("·", "*").replace("÷", "/").replace("−", "-")
    text = text.replace("π", "pi").replace("²", "**2").replace("³", "**3").replace("√", "sqrt")
    text = re.sub(r"(?<![=<>!])=(?!=)", "==", text)
    text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)(?=[A-Za-z(])(?![eE][+-]?\d)", r"\1*", text)
    text = re.sub(r"\)\s*(?=[\w(])", ")*", text)
    text = re.sub(r"(\d+(?:\.\d+)?)\s*%(?!\s*[\w(.])", r"(\1/100)", text)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise CalculationError(f"{expression!r} is not an expression") from None


class Evaluator:
    """Works out trees.

    Args:
        names: Values of names beside the constants.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names: dict[str, Any] = {**_CONSTANTS, **names}
        self._steps = 0

    def value(self, node: ast.expr, depth: int = 0) -> Any:
        """Return what a tree comes to."""
        self._steps += 1
        if depth > _DEPTH or self._steps > MOST_STEPS:
            raise CalculationError("the expression takes too long")
        if isinstance(node, ast.Constant) and type(node.value) in (int, float, complex):
            return bounded(node.value)
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.BinOp):
            return self._binary(node.op, self.value(node.left, depth + 1), self.value(node.right, depth + 1))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            value = self.value(node.operand, depth + 1)
            return -value if isinstance(node.op, ast.USub) else +value
        if isinstance(node, ast.Compare):
            return self._compared(node, depth)
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self.value(item, depth + 1) for item in node.elts]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._called(node.func.id, node.args, depth)
        raise CalculationError(f"{ast.unparse(node)!r} is not arithmetic")

    def at(self, node: ast.expr, name: str, value: Any) -> Any:
        """Return what a tree comes to with one more name."""
        kept = self.names.get(name)
        self.names[name] = value
        try:
            return self.value(node)
        finally:
            if kept is None:
                del self.names[name]
            else:
                self.names[name] = kept

    def _named(self, name: str) -> Any:
        if name in self.names:
            return self.names[name]
        raise CalculationError(f"{name!r} has no value; give it in variables, or use solve, diff or integrate")

    def _binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(op, ast.Pow):
            return bounded(power(left, right))
        function = _BINARY.get(type(op))
        if function is None or isinstance(left, list) or isinstance(right, list):
            raise CalculationError("lists and bits cannot be reckoned with like numbers")
        return bounded(function(left, right))

    def _compared(self, node: ast.Compare, depth: int) -> bool:
        left = self.value(node.left, depth + 1)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.value(comparator, depth + 1)
            if type(op) not in _COMPARE or not _COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _called(self, name: str, arguments: list[ast.expr], depth: int) -> Any:
        if name in _SPECIAL:
            from strands_cli.builtin import calculus

            return calculus.call(name, arguments, self)
        if name in self.names and len(arguments) == 1:
            return self._binary(ast.Mult(), self._named(name), self.value(arguments[0], depth + 1))
        function = FUNCTIONS.get(name)
        if function is None:
            raise CalculationError(f"there is no function {name!r}; known: {', '.join([*FUNCTIONS, *_SPECIAL])}")
        try:
            return bounded(function(*(self.value(each, depth + 1) for each in arguments)))
        except (TypeError, statistics.StatisticsError) as error:
            raise CalculationError(f"{name}: {error}") from None


def power(base: Any, exponent: Any) -> Any:
    """Return base ** exponent unless it would be huge."""
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MOST_BITS:
        raise CalculationError(f"the power has more than {MOST_BITS // 4:,} digits or so: too large")
    return base**exponent


def bounded(value: Any) -> Any:
    """Return a number unless it is huge."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise CalculationError("a number is too large")
    return value


def written(value: Any) -> str:
    """Return a result as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, complex):
        real, imaginary = _rounded(value.real), _rounded(value.imag)
        if imaginary == 0:
            return written(real)
        sign = "-" if imaginary < 0 else "+"
        return f"{written(real)} {sign} {written(abs(imaginary))}i" if real else f"{written(imaginary)}i"
    if isinstance(value, float):
        value = _rounded(value)
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return _digits(value)


def _rounded(value: float) -> float:
    """What is noise of floating point is not shown: 0.1 + 0.2 is 0.3."""
    return float(f"{value:.14g}") if math.isfinite(value) else value


def _digits(value: int) -> str:
    """Python refuses to write very long numbers at once."""
    if value.bit_length() < 13_000:
        return str(value)
    half = 10**2000
    high, low = divmod(abs(value), half)
    return ("-" if value < 0 else "") + _digits(high) + f"{low:02000d}"
