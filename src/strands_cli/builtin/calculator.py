"""calculator."""

from __future__ import annotations

from typing import Any

from strands.tools.decorator import tool
from strands_cli.builtin import ToolAccess
from strands_cli.builtin.calculate import calculate


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool."""
    return tool(name=name)(calculator)


def calculator(expression: str, variables: dict[str, float] | None = None) -> str:
    """Work out a mathematical expression. Fractions are exact, all digits that are shown are right, or it refuses.

    Knows + - * / // % ** (or ^), comparisons, lists, the constants pi, e, tau and i, the usual functions (sqrt, sin,
    log, factorial, gcd, sum, mean, median, stdev, ...), solve(equation, x) for all roots of a polynomial or one
    root of any other function, diff(f, x) for a derivative as a formula, integrate(f, x, a, b) for a definite integral
    and limit(f, x, a); inf may be a bound. Where sympy is installed, formulas with letters too: solve, integrate(f, x),
    series(f, x, a, terms), simplify, expand, factor.

    Args:
        expression: For example "2 * (3 + 4)^2", "solve(x^2 + 5x + 6 = 0, x)", "integrate(sin(x), x, 0, pi)".
        variables: Values of names in the expression.
    """
    return calculate(expression, variables or {})
