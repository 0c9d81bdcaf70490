"""Formulas, for the calculator: what numbers cannot tell is worked out by sympy, in the confined process.

The expression is read by the calculator's own parser. What goes to the process is a tree of numbers, names and known
functions, from which sympy's objects are made one by one: no text of a model is ever given to sympy to read.
"""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from strands_cli.builtin.arithmetic import CalculationError, written
from strands_cli.builtin.exact import number

SECONDS = 10
_MOST = 4_000
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "^",
    ast.Mod: "%",
    ast.FloorDiv: "//",
}


def formula(tree: ast.expr, variables: Mapping[str, Any], problem: CalculationError, *, seconds: int = SECONDS) -> str:
    """Return what an expression comes to as a formula.

    Args:
        tree: The expression.
        variables: Values of names in it.
        problem: Why numbers alone do not tell.
        seconds: How long it may take.

    Raises:
        CalculationError: Formulas do not tell either, or sympy is not installed.
    """
    if find_spec("sympy") is None:
        raise CalculationError(f"{problem}. Formulas need a package: pip install 'strands-cli[symbolic]'")
    values = {name: number(value) for name, value in variables.items()}
    told = _asked(json.dumps(plain(tree, values)), seconds)
    if "refused" in told:
        raise CalculationError(f"{problem}; as a formula: {told['refused']}")
    exact = str(told["exact"])
    if len(exact) > _MOST:
        raise CalculationError("the result is too long to be of use")
    if told.get("fraction"):
        return written(number(Fraction(told["fraction"])))
    return f"{exact} = {told['decimal']}" if told.get("decimal") else exact


def _asked(tree: str, seconds: int) -> dict[str, Any]:
    """Have a tree worked out in a process that is as confined as python_exec's; where that cannot be, as limited."""
    from strands_cli.builtin.python_exec import READY, _run

    code = Path(__file__).with_name("symbolic_child.py").read_text(encoding="utf-8")
    for isolated in (True, False):
        with tempfile.TemporaryDirectory(prefix="strands-formula-") as folder:
            work, output = Path(folder, "work"), Path(folder, "output")
            work.mkdir()
            with output.open("wb") as sink:
                status, ready = _run(f"{code}\nprint(answer({tree!r}))\n", seconds, work, sink, isolated)
            lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
        if ready == READY:
            break
    if status is None or status < 0:
        return {"refused": f"it takes longer than {seconds} s, or too much memory"}
    try:
        found = json.loads(lines[-1])
    except (IndexError, ValueError):
        return {"refused": "it cannot be worked out"}
    return dict(found)


def plain(node: ast.expr, values: Mapping[str, Any]) -> list[Any]:
    """Return a tree as plain lists: what the process is asked.

    Raises:
        CalculationError: It holds what no formula is made of.
    """

    def part(each: ast.expr) -> list[Any]:
        return plain(each, values)

    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return ["number", str(Fraction(getattr(node, "exact", None) or str(node.value)))]
    if isinstance(node, ast.Name):
        return ["number", str(Fraction(values[node.id]))] if node.id in values else ["name", node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return [_OPERATORS[type(node.op)], part(node.left), part(node.right)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
        inner = part(node.operand)
        return ["-", ["number", "0"], inner] if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        return ["=", part(node.left), part(node.comparators[0])]
    if isinstance(node, (ast.List, ast.Tuple)):
        return ["list", *map(part, node.elts)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return ["call", node.func.id, *map(part, node.args)]
    raise CalculationError(f"{ast.unparse(node)!r} cannot stand in a formula")
