"""Expressions, evaluated node by node: nothing of Python is within reach, and no number grows beyond bounds."""

from __future__ import annotations

import ast
import cmath
import math
import operator
import re
import statistics
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

MOST_CHARACTERS = 2_000
MOST_BITS = 40_000
MOST_STEPS = 400_000
SHOWN = 14
_DEPTH = 100
_MOST_EXPONENT = 1_000
_THOUSANDS = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})*,0\d\d(?!\d)")
_EXPONENT = re.compile(r"[\d.][eE][+-]?(\d+)")

_CONSTANTS: dict[str, Any] = {
    "pi": math.pi,
    "e": math.e,
    "tau": math.tau,
    "inf": math.inf,
    "i": 1j,
    "j": 1j,
}
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


class NoAnswerError(CalculationError):
    """There is no result, and no other way to one."""


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


ELEMENTARY = (
    "sqrt",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
)
"""Functions that have the same names for real numbers, for complex ones, and for many digits."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _both(getattr(math, name), getattr(cmath, name)) for name in ELEMENTARY},
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
SPECIAL = ("solve", "diff", "derivative", "integrate", "integral", "limit")
FORMULAS = ("series", "simplify", "expand", "factor")
"""Functions that work on formulas and never on numbers alone."""


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
    if any(len(exponent) > 4 or int(exponent) > _MOST_EXPONENT for exponent in _EXPONENT.findall(text)):
        raise CalculationError(f"{expression!r} has a number that is too large, or too near to zero")
    try:
        tree = _with_exact_numbers(ast.parse(text.strip(), mode="eval").body, text.strip().encode())
        if _THOUSANDS.search(text) or (isinstance(tree, ast.Tuple) and not text.strip().startswith("(")):
            raise CalculationError(f"{expression!r}: a comma is between the items of a list; write 1000 for 1,000")
        return tree
    except CalculationError:
        raise
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise CalculationError(f"{expression!r} is not an expression") from None


def _with_exact_numbers(tree: ast.expr, text: bytes) -> ast.expr:
    """Note at each decimal number what was written: a float has but 17 digits."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            written_as = text[node.col_offset : node.end_col_offset].decode().replace("_", "")
            node.exact = Fraction(written_as)  # type: ignore[attr-defined]
    return tree


class Evaluator:
    """Works out trees in the floating point numbers of Python: fast, with about 15 digits.

    Args:
        names: Values of names beside the constants.
    """

    most_steps = MOST_STEPS

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names: dict[str, Any] = {**_CONSTANTS, **names}
        self._steps = 0

    def value(self, node: ast.expr, depth: int = 0) -> Any:
        """Return what a tree comes to."""
        self._steps += 1
        if depth > _DEPTH or self._steps > self.most_steps:
            raise CalculationError("the expression takes too long")
        if isinstance(node, ast.Constant) and type(node.value) in (int, float, complex):
            return self.constant(node)
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.BinOp):
            return self.binary(
                node.op,
                self.value(node.left, depth + 1),
                self.value(node.right, depth + 1),
            )
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

    def constant(self, node: ast.Constant) -> Any:
        """Return the value of a number as it stands in an expression."""
        return bounded(node.value)

    def binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        """Return what two numbers come to."""
        if isinstance(op, ast.Pow):
            return bounded(power(left, right))
        function = _BINARY.get(type(op))
        if function is None or isinstance(left, list) or isinstance(right, list):
            raise CalculationError("lists and bits cannot be reckoned with like numbers")
        return bounded(function(left, right))

    def alike(self, values: list[Any]) -> list[Any]:
        """Return numbers as numbers that can be compared and added up."""
        return values

    def call(self, name: str, values: list[Any]) -> Any:
        """Return what a function of `FUNCTIONS` comes to."""
        return bounded(FUNCTIONS[name](*values))

    def calculus(self, name: str, arguments: list[ast.expr]) -> Any:
        """Return what a function of `SPECIAL` comes to, such as an integral."""
        raise CalculationError(f"{name} cannot stand within an integral")

    def _compared(self, node: ast.Compare, depth: int) -> bool:
        left = self.value(node.left, depth + 1)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.value(comparator, depth + 1)
            if type(op) not in _COMPARE or not _COMPARE[type(op)](*self.alike([left, right])):
                return False
            left = right
        return True

    def _called(self, name: str, arguments: list[ast.expr], depth: int) -> Any:
        if name in FORMULAS:
            raise CalculationError(f"{name} works on formulas, which numbers alone do not tell")
        if name in SPECIAL:
            return self.calculus(name, arguments)
        if name in self.names and len(arguments) == 1:
            return self.binary(ast.Mult(), self._named(name), self.value(arguments[0], depth + 1))
        if name not in FUNCTIONS:
            raise CalculationError(
                f"there is no function {name!r}; known: {', '.join([*FUNCTIONS, *SPECIAL, *FORMULAS])}"
            )
        try:
            return self.call(name, [self.value(each, depth + 1) for each in arguments])
        except (TypeError, IndexError, statistics.StatisticsError) as error:
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
    """Return a result as text; what is not a whole number has 14 digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _digits(value)
    if isinstance(value, Fraction):
        return _decimal(_quotient(value))
    if hasattr(value, "imag") and value.imag != 0:
        real, imaginary = _real(value.real), _real(value.imag)
        sign = "-" if imaginary.startswith("-") else "+"
        return f"{imaginary}i" if real == "0" else f"{real} {sign} {imaginary.removeprefix('-')}i"
    return _real(value.real if hasattr(value, "real") else value)


def _quotient(value: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return Decimal(value.numerator) / Decimal(value.denominator)


def _real(value: Any) -> str:
    if isinstance(value, (int, Fraction)):
        return written(value)
    text = str(value) if isinstance(value, float) else str(value.context.nstr(value, 30))
    return _decimal(Decimal(text)) if "n" not in text else text.removeprefix("+")


def _decimal(value: Decimal) -> str:
    """What is noise beyond the digits that are shown is not: a third of three is one."""
    with localcontext() as context:
        context.prec = SHOWN
        rounded = +value
    if rounded == rounded.to_integral_value() and abs(rounded) < 10**15:
        return str(int(rounded))
    return repr(float(rounded)) if 1e-300 < abs(rounded) < 1e300 else str(rounded.normalize()).lower()


def _digits(value: int) -> str:
    """Python refuses to write very long numbers at once."""
    if value.bit_length() < 13_000:
        return str(value)
    half = 10**2000
    high, low = divmod(abs(value), half)
    return ("-" if value < 0 else "") + _digits(high) + f"{low:02000d}"
