"""What the confined process makes of a tree: the same function, called here without the process around it."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("sympy", reason="sympy is not installed")

from strands_cli.builtin.arithmetic import CalculationError, parse
from strands_cli.builtin.symbolic import plain
from strands_cli.builtin.symbolic_child import answer


def answered(expression: str) -> dict[str, Any]:
    return dict(json.loads(answer(json.dumps(plain(parse(expression), {})))))


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("solve(x^2 = a, x)", "[-sqrt(a), sqrt(a)]"),
        ("solve([x + y = 3, x - y = 1], [x, y])", "[x = 2, y = 1]"),
        ("solve([x + y = 3, x - y = 1])", "[x = 2, y = 1]"),
        ("solve(x^2 - 2*sqrt(2)*x + 2, x)", "[sqrt(2)]"),
        ("integrate(x*sin(x), x)", "-x*cos(x) + sin(x)"),
        ("integral(a*x, x, 0, 1)", "a/2"),
        ("integrate(1/x^2, x, -1, 1)", "inf"),
        ("integrate(-1/x^2, x, -1, 1)", "-inf"),
        ("limit(a*sin(x)/x, x, 0)", "a"),
        ("limit(sin(x)/x, 0)", "1"),
        ("limit(1/log(x), x, inf)", "0"),
        ("series(exp(x), x, 0, 4)", "x^3/6 + x^2/2 + x + 1"),
        ("series(cos(x))", "x^4/24 - x^2/2 + 1"),
        ("simplify(sin(x)^2 + cos(x)^2)", "1"),
        ("expand((x + 0.1)^2)", "x^2 + x/5 + 1/100"),
        ("factor(x^3 - 1)", "(x - 1)*(x^2 + x + 1)"),
        ("simplify(e^(i*pi) + abs(y))", "abs(y) - 1"),
        ("simplify(i*e*x)", "e*i*x"),
        ("diff(floor(2) * atan2(x, 1), x)", "2/(x^2 + 1)"),
        ("diff(x^3, x, 2)", "12"),
        ("simplify(ceil(x) + conj(x) - x % (y + 2))", "conj(x) - (x % (y + 2)) + ceil(x)"),
        ("simplify(7 // 2 + log2(8) + log10(100) + cbrt(27))", "11"),
        ("simplify(-x / -1 + min(2, 3) + max(2, 3) + gcd(4, 6))", "x + 7"),
    ],
)
def test_a_formula_comes_to_a_formula(expression: str, result: str) -> None:
    assert answered(expression)["exact"] == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("integrate(sin(x)/x, x, 0, inf)", {"exact": "pi/2", "decimal": "1.5707963267949"}),
        ("simplify(1/3 + 1/6)", {"exact": "1/2", "fraction": "1/2"}),
    ],
)
def test_a_number_is_given_in_digits_too(expression: str, result: dict[str, str]) -> None:
    assert answered(expression) == result


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("limit(1/x, x, 0)", "does not exist"),
        ("limit(abs(x)/x, x, 0)", "the two sides differ"),
        ("limit(sin(x), x, inf)", "does not exist"),
        ("integrate(1/x, x, -1, 1)", "has no value"),
        ("integrate(x^x, x)", "no closed form"),
        ("integrate(a*x)", "say for which name"),
        ("integrate(x, 2)", "say for which name"),
        ("solve(exp(-x) = 0, x)", "no solution was found"),
        ("solve(x = 1, 2)", "say for which names"),
        ("solve(1 = 1)", "say for which names"),
        ("series(exp(x), x, 0, 31)", "1 to 30 terms"),
        ("simplify(besselj(0, x))", "no function 'besselj'"),
        ("simplify(__import__(x))", "no function '__import__'"),
        ("simplify(atan2(x))", "cannot be worked out"),
    ],
)
def test_what_is_not_certain_is_refused(expression: str, cause: str) -> None:
    assert cause in answered(expression)["refused"]


@pytest.mark.parametrize("expression", ["simplify(x.is_real)", "simplify('x')", "simplify(x if x else 1)"])
def test_what_no_formula_is_made_of_is_not_asked_for(expression: str) -> None:
    with pytest.raises(CalculationError, match="cannot stand in a formula"):
        answered(expression)
