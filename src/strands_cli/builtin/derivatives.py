"""Derivatives as formulas, for the calculator."""

from __future__ import annotations

import ast
from typing import Any

from strands_cli.builtin.arithmetic import CalculationError, bounded

_MOST_PARTS = 3_000

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
    """Return the derivative of a formula by `x`.

    Raises:
        CalculationError: It has none that this module knows, or it is longer than anybody would read.
    """
    derived = _Derivative(x).of(node)
    if _size(derived, {}) > _MOST_PARTS:
        raise CalculationError("the derivative is too long a formula")
    return derived


def _size(node: ast.AST, known: dict[int, int]) -> int:
    """Return the number of parts of a formula as it is written; parts of it may be one and the same."""
    if id(node) not in known:
        known[id(node)] = 1 + sum(_size(each, known) for each in ast.iter_child_nodes(node))
    return known[id(node)]


class _Derivative:
    def __init__(self, x: str) -> None:
        self._x = x
        self._known: dict[int, ast.expr] = {}
        self._holds: dict[int, bool] = {}
        self._kept: list[ast.AST] = []  # an id is good only as long as its node lives

    def of(self, node: ast.expr) -> ast.expr:
        if id(node) not in self._known:
            self._kept.append(node)
            if len(self._kept) > _MOST_PARTS:
                raise CalculationError("the derivative is too long a formula")
            self._known[id(node)] = self._of(node)
        return self._known[id(node)]

    def _holds_x(self, node: ast.AST) -> bool:
        if id(node) not in self._holds:
            self._kept.append(node)
            own = isinstance(node, ast.Name) and node.id == self._x
            self._holds[id(node)] = own or any(self._holds_x(each) for each in ast.iter_child_nodes(node))
        return self._holds[id(node)]

    def _of(self, node: ast.expr) -> ast.expr:
        if not self._holds_x(node):
            return ast.Constant(0)
        if isinstance(node, ast.Name):
            return ast.Constant(1)
        if isinstance(node, ast.UnaryOp):
            return ast.UnaryOp(node.op, self.of(node.operand))
        if isinstance(node, ast.BinOp):
            return self._of_binary(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            outer = _OUTER.get(node.func.id)
            if outer is not None:
                return ast.BinOp(
                    _put(ast.parse(outer, mode="eval").body, node.args[0]),
                    ast.Mult(),
                    self.of(node.args[0]),
                )
        raise CalculationError(f"{ast.unparse(node)!r} cannot be derived as a formula")

    def _of_binary(self, node: ast.BinOp) -> ast.expr:
        u, v = node.left, node.right
        du, dv = self.of(u), self.of(v)
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
            inner = self.of(ast.BinOp(v, ast.Mult(), log))
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
        return _folded(node.op, a, b) or ast.BinOp(left, node.op, right)
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


def _folded(op: ast.operator, a: Any, b: Any) -> ast.expr | None:
    """Return two numbers as one where that is exact and short."""
    if not isinstance(a, int) or not isinstance(b, int):
        return None
    if isinstance(op, ast.Pow):
        return ast.Constant(a**b) if 0 <= b <= 64 and a.bit_length() * b <= 64 else None
    found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(op))
    return None if found is None else ast.Constant(bounded(found))


def formula(node: ast.expr) -> str:
    """Return a formula as text."""
    return ast.unparse(ast.fix_missing_locations(node)).replace(" ** ", "^").replace("**", "^")
