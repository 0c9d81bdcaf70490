"""What the confined process does for the calculator: one answer of sympy's to a tree. Imports nothing of ours."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable
from importlib import import_module
from struct import calcsize
from types import ModuleType
from typing import Any


def _sympy() -> Any:
    """Import sympy, which asks ctypes for the size of a number: ctypes itself is not to be had here."""
    size = ModuleType("ctypes")
    vars(size).update(c_long="l", sizeof=calcsize)
    sys.modules.setdefault("ctypes", size)
    return import_module("sympy")


sp: Any = _sympy()

_CONSTANTS = {"pi": sp.pi, "e": sp.E, "tau": 2 * sp.pi, "inf": sp.oo, "i": sp.I, "j": sp.I}
_FUNCTIONS = {
    **{name: getattr(sp, name) for name in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "exp", "factorial")},
    **{
        name: getattr(sp, name) for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sqrt", "floor", "sign")
    },
    **{name: getattr(sp, name) for name in ("re", "im", "log", "gcd", "lcm", "binomial")},
    "ln": sp.log,
    "log2": lambda x: sp.log(x, 2),
    "log10": lambda x: sp.log(x, 10),
    "cbrt": lambda x: sp.sign(x) * sp.Abs(x) ** sp.Rational(1, 3),
    "abs": sp.Abs,
    "ceil": sp.ceiling,
    "conj": sp.conjugate,
    "comb": sp.binomial,
    "min": sp.Min,
    "max": sp.Max,
    "simplify": sp.simplify,
    "expand": sp.expand,
    "factor": sp.factor,
}
_OPEN = (sp.Integral, sp.Limit, sp.Derivative, sp.ConditionSet, sp.Order)


class Refused(Exception):
    """There is no answer that is certain."""


def answer(tree: str) -> str:
    """Return a JSON text: the result, as a fraction or decimal too where it is a number, or why there is none."""
    try:
        return json.dumps(described(made(json.loads(tree))))
    except Refused as refused:
        return json.dumps({"refused": str(refused)})
    except Exception as error:
        return json.dumps({"refused": f"it cannot be worked out ({type(error).__name__})"})


def made(node: list[Any]) -> Any:
    """Return the sympy object of a tree."""
    kind, *parts = node
    if kind == "number":
        return sp.Rational(*map(int, parts[0].split("/")))
    if kind == "name":
        return _CONSTANTS[parts[0]] if parts[0] in _CONSTANTS else sp.Symbol(parts[0])
    if kind == "list":
        return [made(part) for part in parts]
    if kind == "call":
        return called(parts[0], [made(part) for part in parts[1:]])
    left, right = map(made, parts)
    if kind == "=":
        return sp.Eq(left, right, evaluate=False)
    if kind == "//":
        return sp.floor(left / right)
    reckoned: dict[str, Any] = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "^": lambda: left**right,
        "%": lambda: sp.Mod(left, right),
    }
    return reckoned[kind]()


def called(name: str, values: list[Any]) -> Any:
    """Return what a function comes to."""
    special: dict[str, Any] = {
        "solve": solved,
        "integrate": integrated,
        "integral": integrated,
        "limit": limited,
        "series": expanded,
    }
    special.update(diff=derived, derivative=derived)
    if name in special:
        return special[name](*values)
    if name not in _FUNCTIONS:
        raise Refused(f"there is no function {name!r} for formulas")
    return _FUNCTIONS[name](*values)


def variable_of(expression: Any, given: Any) -> Any:
    if given is not None:
        if not isinstance(given, sp.Symbol):
            raise Refused("say for which name")
        return given
    free = sorted(expression.free_symbols, key=str)
    if len(free) != 1:
        raise Refused("say for which name")
    return free[0]


def solved(equations: Any, names: Any = None) -> Any:
    several = isinstance(equations, list)
    listed = equations if several else [equations]
    free = sorted(set().union(*(each.free_symbols for each in listed)), key=str)
    wanted = names if isinstance(names, list) else [names] if names is not None else free
    if not wanted or not all(isinstance(each, sp.Symbol) for each in wanted):
        raise Refused("say for which names")
    found = sp.solve(listed, wanted, dict=True)
    if not found:
        raise Refused("no solution was found")
    for each in found:
        check_solution(listed, each)
    if len(wanted) == 1 and all(list(each) == wanted for each in found):
        return [each[wanted[0]] for each in found]
    return found


def check_solution(equations: list[Any], solution: dict[Any, Any]) -> None:
    """A solution is believed when the equations say so, at whatever values of the other names."""
    for equation in equations:
        apart = equation.lhs - equation.rhs if isinstance(equation, sp.Eq) else equation
        left = apart.subs(solution)
        if not near_zero(left, 1 + sum(abs(part) for part in sp.Add.make_args(apart.subs(solution)))):
            raise Refused("a solution could not be confirmed")


def integrated(function: Any, name: Any = None, low: Any = None, high: Any = None) -> Any:
    variable = variable_of(function, name)
    if low is None:
        found = sp.integrate(function, variable)
        closed(found)
        if not near_zero(sp.diff(found, variable) - function, 1 + abs(function)):
            raise Refused("an antiderivative could not be confirmed")
        return found
    found = sp.integrate(function, (variable, low, high))
    closed(found)
    if found.has(sp.nan, sp.zoo, sp.AccumBounds):
        raise Refused("the integral has no value")
    check_integral(function, variable, low, high, found)
    return found


def check_integral(function: Any, variable: Any, low: Any, high: Any, found: Any) -> None:
    """Where numbers tell anything of a definite integral, they must tell the same."""
    values = somewhere([function, low, high, found], {variable})
    try:
        bounds = [sp.N(each.subs(values), 30) for each in (low, high)]
        known = sp.lambdify(variable, function.subs(values), "mpmath")
        bounds = [sp.mpmath.mpf(str(each)) if each.is_finite else sp.mpmath.inf * int(sp.sign(each)) for each in bounds]
        told, error = sp.mpmath.quad(known, bounds, error=True)
        exact = complex(sp.N(found.subs(values), 20))
    except Exception:
        return
    if error < 1e-8 and abs(complex(told) - exact) > 1e-5 * max(1, abs(exact)):
        raise Refused("the integral could not be confirmed")


def limited(function: Any, name: Any, at: Any = None) -> Any:
    if at is None:
        name, at = None, name
    variable = variable_of(function, name)
    try:
        found = sp.limit(function, variable, at, "+-" if at.is_finite is not False else "+")
    except ValueError:
        raise Refused("the two sides differ") from None
    closed(found)
    if isinstance(found, sp.AccumBounds) or found.has(sp.nan, sp.zoo, sp.AccumBounds):
        raise Refused("the limit does not exist")
    return found


def expanded(function: Any, name: Any = None, at: Any = None, terms: Any = None) -> Any:
    at, terms = at or sp.Integer(0), terms or sp.Integer(6)
    if not 1 <= terms <= 30:
        raise Refused("series takes 1 to 30 terms")
    found = sp.series(function, variable_of(function, name), at, int(terms))
    return found.removeO() if isinstance(found, sp.Expr) else found


def derived(function: Any, name: Any = None, at: Any = None) -> Any:
    variable = variable_of(function, name)
    found = sp.diff(function, variable)
    closed(found)
    return found if at is None else found.subs(variable, at)


def closed(found: Any) -> None:
    if found.has(*_OPEN):
        raise Refused("there is no closed form that is known")


def somewhere(expressions: list[Any], besides: Iterable[Any] = ()) -> dict[Any, Any]:
    """Return a value for each free name, the same for the same names."""
    names = set().union(*(each.free_symbols for each in expressions)) - set(besides)
    numbers = random.Random(7)
    return {name: sp.Rational(numbers.randint(11, 97), 31) for name in sorted(names, key=str)}


def near_zero(expression: Any, size: Any) -> bool:
    """Whether a formula is zero, at two places of its names and by many digits."""
    names = sorted(expression.free_symbols | (sp.Integer(0) + size).free_symbols, key=str)
    numbers = random.Random(11)
    for _ in range(2):
        place = {name: sp.Rational(numbers.randint(11, 97), 31) for name in names}
        value, most = sp.N(expression.subs(place), 40), sp.N((sp.Integer(0) + size).subs(place), 15)
        if not value.is_number or not most.is_number or not abs(value) <= sp.Float("1e-25") * abs(most):
            return False
    return True


def described(found: Any) -> dict[str, Any]:
    """Return a result as text, and as a number where it is one."""
    if isinstance(found, list):
        return {"exact": "[" + ", ".join(map(one, found)) + "]"}
    if isinstance(found, dict):
        return {"exact": one(found)}
    found = sp.simplify(found) if found.is_number else found
    if found.is_Rational:
        return {"exact": str(found), "fraction": f"{found.p}/{found.q}"}
    shown = {"exact": text(found)}
    if found.is_number and found.is_finite:
        shown["decimal"] = text(sp.N(found, 14))
    return shown


def one(item: Any) -> str:
    if isinstance(item, dict):
        return ", ".join(f"{name} = {text(value)}" for name, value in item.items())
    return text(item)


class _Writer(sp.printing.str.StrPrinter):  # type: ignore[misc]
    """Writes formulas as the calculator reads them."""

    def _print_Exp1(self, expr: Any) -> str:
        return "e"

    def _print_ImaginaryUnit(self, expr: Any) -> str:
        return "i"

    def _print_Infinity(self, expr: Any) -> str:
        return "inf"

    def _print_NegativeInfinity(self, expr: Any) -> str:
        return "-inf"

    def _print_Abs(self, expr: Any) -> str:
        return f"abs({self._print(expr.args[0])})"

    def _print_Mod(self, expr: Any) -> str:
        all_but_names = 1000
        number, divisor = (self.parenthesize(part, all_but_names, strict=True) for part in expr.args)
        return f"({number} % {divisor})"

    def _print_Float(self, expr: Any) -> str:
        return str(sp.printing.str.StrPrinter()._print_Float(expr)).rstrip("0").rstrip(".")


def text(found: Any) -> str:
    shown = str(_Writer().doprint(found))
    return shown.replace("**", "^").replace("ceiling(", "ceil(").replace("conjugate(", "conj(")
