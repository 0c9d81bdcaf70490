"""From an expression to the text of its result: in numbers, or where those do not suffice, as a formula."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from strands_cli.builtin.arithmetic import FORMULAS, SPECIAL, CalculationError, NoAnswerError, parse, written
from strands_cli.builtin.exact import ExactEvaluator, settled


class _Evaluator(ExactEvaluator):
    def calculus(self, name: str, arguments: list[ast.expr]) -> Any:
        from strands_cli.builtin import calculus

        return calculus.call(name, arguments, self)


def calculate(expression: str, variables: Mapping[str, Any]) -> str:
    """Return what an expression comes to, as text.

    Raises:
        CalculationError: It is malformed, too large, or undefined, or digits are lost on the way to the result.
    """
    tree = parse(expression)
    try:
        return _in_numbers(tree, expression, variables)
    except NoAnswerError:
        raise
    except CalculationError as problem:
        called = {
            each.func.id for each in ast.walk(tree) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
        }
        if called.isdisjoint((*SPECIAL, *FORMULAS)):
            raise
        from strands_cli.builtin.symbolic import formula

        return formula(tree, variables, problem)


def _in_numbers(tree: ast.expr, expression: str, variables: Mapping[str, Any]) -> str:
    try:
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in SPECIAL:
            return written(_Evaluator(variables, 50).value(tree))
        return written(settled(lambda digits: _Evaluator(variables, digits).value(tree)))
    except CalculationError:
        raise
    except ZeroDivisionError:
        raise CalculationError(f"{expression!r} divides by zero") from None
    except (
        OverflowError,
        ValueError,
        TypeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise CalculationError(f"{expression!r} cannot be worked out: {error}") from None
