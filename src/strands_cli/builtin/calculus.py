"""Equations, derivatives, integrals and limits, for the calculator."""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Callable
from typing import Any

from strands_cli.builtin.arithmetic import CalculationError, Evaluator

_MOST_DEGREE = 30


def call(name: str, arguments: list[ast.expr], evaluator: Evaluator) -> Any:
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
        return evaluator.at(derived, variable, evaluator.value(more[0])) if more else _shown(derived)
    values = [evaluator.value(each) for each in more]
    if name == "limit" and len(values) == 1:
        return _limit(lambda x: evaluator.at(target, variable, x), values[0])
    if len(values) == 2 and name != "limit":
        return _integral(lambda x: evaluator.at(target, variable, x), float(values[0]), float(values[1]))
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


def _solve(target: ast.expr, variable: str, evaluator: Evaluator) -> list[Any]:
    if isinstance(target, ast.Compare) and len(target.ops) == 1 and isinstance(target.ops[0], ast.Eq):
        target = ast.BinOp(target.left, ast.Sub(), target.comparators[0])
    coefficients = _polynomial(target, variable, evaluator)
    if coefficients is not None:
        return _roots(coefficients)
    root = _newton(lambda x: evaluator.at(target, variable, x))
    return [root]


def _polynomial(node: ast.expr, variable: str, evaluator: Evaluator) -> list[complex] | None:
    """Return the coefficients of a polynomial, the constant one first, or None when it is none."""
    if not any(isinstance(each, ast.Name) and each.id == variable for each in ast.walk(node)):
        return [complex(evaluator.value(node))]
    if isinstance(node, ast.Name):
        return [0, 1]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _polynomial(node.operand, variable, evaluator)
        return None if inner is None else [-each for each in inner]
    if not isinstance(node, ast.BinOp):
        return None
    left = _polynomial(node.left, variable, evaluator)
    right = _polynomial(node.right, variable, evaluator)
    if left is None or right is None:
        return None
    return _combined(node.op, left, right)


def _combined(op: ast.operator, left: list[complex], right: list[complex]) -> list[complex] | None:
    if isinstance(op, (ast.Add, ast.Sub)):
        sign = 1 if isinstance(op, ast.Add) else -1
        size = max(len(left), len(right))
        left, right = left + [0] * (size - len(left)), right + [0] * (size - len(right))
        return [a + sign * b for a, b in zip(left, right, strict=True)]
    if isinstance(op, ast.Mult):
        return _product(left, right)
    if isinstance(op, ast.Div) and len(right) == 1 and right[0]:
        return [each / right[0] for each in left]
    if isinstance(op, ast.Pow) and len(right) == 1 and right[0] == int(right[0].real) and 0 <= right[0].real <= 30:
        result: list[complex] = [1]
        for _ in range(int(right[0].real)):
            result = _product(result, left)
        return result
    return None


def _product(left: list[complex], right: list[complex]) -> list[complex]:
    if len(left) + len(right) > _MOST_DEGREE + 2:
        raise CalculationError(f"a polynomial may have degree {_MOST_DEGREE} at most")
    result: list[complex] = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            result[i + j] += a * b
    return result


def _roots(coefficients: list[complex]) -> list[Any]:
    """Return the roots of a polynomial, by the method of Durand and Kerner."""
    while len(coefficients) > 1 and abs(coefficients[-1]) < 1e-14:
        coefficients.pop()
    if len(coefficients) == 1:
        raise CalculationError("the equation holds always" if abs(coefficients[0]) < 1e-14 else "it has no solution")
    lead = coefficients[-1]
    scaled = [each / lead for each in coefficients]
    degree = len(scaled) - 1
    if degree == 2:
        half, root = -scaled[1] / 2, cmath.sqrt(scaled[1] ** 2 / 4 - scaled[0])
        return _sorted([half - root, half + root])
    roots = [(0.4 + 0.9j) ** k for k in range(degree)]
    for _ in range(500):
        moved = []
        for index, root in enumerate(roots):
            apart = math.prod((root - other for at, other in enumerate(roots) if at != index), start=1 + 0j)
            moved.append(root - _horner(scaled, root) / (apart or 1e-30))
        settled = max(abs(a - b) for a, b in zip(roots, moved, strict=True)) < 1e-14
        roots = moved
        if settled:
            break
    return _sorted(roots)


def _horner(coefficients: list[complex], x: complex) -> complex:
    value: complex = 0
    for each in reversed(coefficients):
        value = value * x + each
    return value


def _sorted(roots: list[complex]) -> list[Any]:
    near = [complex(_near(root.real), _near(root.imag)) for root in roots]
    found: list[complex] = []
    for root in sorted(near, key=lambda each: (each.real, each.imag)):
        if not any(abs(root - other) < 1e-7 for other in found):
            found.append(root)
    return [root.real if root.imag == 0 else root for root in found]


def _near(value: float) -> float:
    return float(round(value)) if abs(value - round(value)) < 1e-9 else float(f"{value:.12g}")


def _newton(function: Callable[[Any], Any]) -> float:
    for start in (1.0, 0.5, 2.0, -1.0, 10.0, -10.0, 0.1, 100.0):
        x = start
        for _ in range(100):
            try:
                y, slope = function(x), (function(x + 1e-6) - function(x - 1e-6)) / 2e-6
                if isinstance(y, complex) or isinstance(slope, complex):
                    break
                if abs(y) < 1e-12:
                    return _near(x)
                x -= y / slope
            except (ArithmeticError, ValueError):
                break
    raise CalculationError("no root was found")


def _integral(function: Callable[[float], Any], low: float, high: float) -> float:
    """Return a definite integral by Simpson's rule, refined where the function bends."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise CalculationError("the bounds of an integral must be finite")

    def simpson(a: float, fa: float, b: float, fb: float) -> tuple[float, float, float]:
        middle = (a + b) / 2
        value = float(function(middle))
        return middle, value, abs(b - a) / 6 * (fa + 4 * value + fb)

    def refined(a: float, fa: float, b: float, fb: float, m: float, fm: float, whole: float, depth: int) -> float:
        lm, flm, left = simpson(a, fa, m, fm)
        rm, frm, right = simpson(m, fm, b, fb)
        error = left + right - whole
        if depth <= 0 or abs(error) <= 1e-11:
            return left + right + error / 15
        return refined(a, fa, m, fm, lm, flm, left, depth - 1) + refined(m, fm, b, fb, rm, frm, right, depth - 1)

    sign = 1 if high >= low else -1
    low, high = min(low, high), max(low, high)
    fa, fb = float(function(low)), float(function(high))
    m, fm, whole = simpson(low, fa, high, fb)
    return sign * refined(low, fa, high, fb, m, fm, whole, 14)


def _limit(function: Callable[[Any], Any], at: Any) -> float:
    if math.isinf(at):
        before, value = function(math.copysign(1e6, at)), function(math.copysign(1e8, at))
    else:
        before, value = function(at - 1e-6), function(at + 1e-6)
    if abs(before - value) > 1e-3 * max(1.0, abs(value)):
        raise CalculationError("the limit does not exist, or cannot be found")
    middle = value if math.isinf(at) else (before + value) / 2
    return float(f"{middle:.6g}")


# -- derivatives as formulas ----------------------------------------------------------------------------------------

_OUTER = {
    "sin": "cos(u)",
    "cos": "-sin(u)",
    "tan": "1 / cos(u)**2",
    "exp": "exp(u)",
    "log": "1 / u",
    "ln": "1 / u",
    "sqrt": "1 / (2 * sqrt(u))",
    "asin": "1 / sqrt(1 - u**2)",
    "acos": "-1 / sqrt(1 - u**2)",
    "atan": "1 / (1 + u**2)",
    "sinh": "cosh(u)",
    "cosh": "sinh(u)",
    "tanh": "1 / cosh(u)**2",
}


def derivative(node: ast.expr, x: str) -> ast.expr:
    """Return the derivative of a formula by `x`."""
    if not any(isinstance(each, ast.Name) and each.id == x for each in ast.walk(node)):
        return ast.Constant(0)
    if isinstance(node, ast.Name):
        return ast.Constant(1)
    if isinstance(node, ast.UnaryOp):
        return ast.UnaryOp(node.op, derivative(node.operand, x))
    if isinstance(node, ast.BinOp):
        return _of_binary(node, x)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        outer = _OUTER.get(node.func.id)
        if outer is not None:
            formula = _put(ast.parse(outer, mode="eval").body, node.args[0])
            return ast.BinOp(formula, ast.Mult(), derivative(node.args[0], x))
    raise CalculationError(f"{ast.unparse(node)!r} cannot be derived as a formula")


def _of_binary(node: ast.BinOp, x: str) -> ast.expr:
    u, v = node.left, node.right
    du, dv = derivative(u, x), derivative(v, x)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        return ast.BinOp(du, node.op, dv)
    if isinstance(node.op, ast.Mult):
        return ast.BinOp(ast.BinOp(du, ast.Mult(), v), ast.Add(), ast.BinOp(u, ast.Mult(), dv))
    if isinstance(node.op, ast.Div):
        above = ast.BinOp(ast.BinOp(du, ast.Mult(), v), ast.Sub(), ast.BinOp(u, ast.Mult(), dv))
        return ast.BinOp(above, ast.Div(), ast.BinOp(v, ast.Pow(), ast.Constant(2)))
    if isinstance(node.op, ast.Pow) and isinstance(dv, ast.Constant) and dv.value == 0:
        less = simple(ast.BinOp(v, ast.Sub(), ast.Constant(1)))
        return ast.BinOp(ast.BinOp(v, ast.Mult(), ast.BinOp(u, ast.Pow(), less)), ast.Mult(), du)
    if isinstance(node.op, ast.Pow):
        log = ast.Call(ast.Name("log", ast.Load()), [u], [])
        inner = derivative(ast.BinOp(v, ast.Mult(), log), x)
        return ast.BinOp(node, ast.Mult(), inner)
    raise CalculationError(f"{ast.unparse(node)!r} cannot be derived as a formula")


class _Put(ast.NodeTransformer):
    def __init__(self, value: ast.expr) -> None:
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._value if node.id == "u" else node


def _put(formula: ast.expr, value: ast.expr) -> ast.expr:
    return _Put(value).visit(formula)  # type: ignore[no-any-return]


def simple(node: ast.expr) -> ast.expr:
    """Return a formula without what adds nothing: x * 1, x + 0, 2 * 3."""
    if isinstance(node, ast.UnaryOp):
        return ast.UnaryOp(node.op, simple(node.operand))
    if isinstance(node, ast.Call):
        return ast.Call(node.func, [simple(each) for each in node.args], [])
    if not isinstance(node, ast.BinOp):
        return node
    left, right = simple(node.left), simple(node.right)
    a, b = _number(left), _number(right)
    if a is not None and b is not None and not (isinstance(node.op, ast.Div)):
        return ast.Constant(Evaluator({}).value(ast.BinOp(left, node.op, right)))
    if isinstance(node.op, ast.Mult):
        if 0 in (a, b):
            return ast.Constant(0)
        if a == 1 or b == 1:
            return right if a == 1 else left
        if a is None and b is not None:
            left, right, a = right, left, b
        if a is not None and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult):
            inner = _number(right.left)
            if inner is not None:
                return simple(ast.BinOp(ast.Constant(a * inner), ast.Mult(), right.right))
    if (isinstance(node.op, ast.Add) and a == 0) or (isinstance(node.op, (ast.Add, ast.Sub)) and b == 0):
        return right if isinstance(node.op, ast.Add) and a == 0 else left
    if isinstance(node.op, (ast.Pow, ast.Div)) and b == 1:
        return left
    return ast.BinOp(left, node.op, right)


def _number(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else None


def _shown(node: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(node)).replace(" ** ", "^").replace("**", "^")
