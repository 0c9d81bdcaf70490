"""The corners of the calculator: numbers of every kind in every function, and the words of each refusal."""

from __future__ import annotations

import sys

import pytest

from strands_cli.builtin.arithmetic import CalculationError
from strands_cli.builtin.calculate import calculate


@pytest.fixture(autouse=True)
def numbers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sympy", None)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("comb(5, 2)", "10"),
        ("perm(5, 2)", "20"),
        ("perm(4)", "24"),
        ("log(-1)", "3.1415926535898i"),
        ("log(8, 2)", "3"),
        ("1 < 2 < 3", "true"),
        ("3 < 2 < 1", "false"),
        ("1 + 2i", "1 + 2i"),
        ("sqrt(-4)", "2i"),
        ("floor(pi * 100)", "314"),
        ("ceil(pi)", "4"),
        ("round(pi, 2)", "3.14"),
        ("pi // 2", "1"),
        ("pi % 2", "1.1415926535898"),
        ("max(1, 2.5, pi)", "3.1415926535898"),
        ("integrate(x, x, 1, 1)", "0"),
        ("integrate(1 / (1 + x^2), x, -inf, inf)", "3.1415926535898"),
        ("integrate(1 / (1 + x^2), x, -inf, 0)", "1.5707963267949"),
        ("integrate(1 / (1 + x^2), x, 0, inf)", "1.5707963267949"),
        ("solve(-x^2 + 4 = 0, x)", "[-2, 2]"),
        ("solve(x / 2 = 3, x)", "[6]"),
        ("diff(-x, x)", "-1"),
        ("diff(sin(x) / x, x)", "(cos(x) * x - sin(x)) / x^2"),
        ("diff(2 * (3 * x), x)", "6"),
        ("diff(sin(x)^0, x)", "0"),
    ],
)
def test_it_comes_to(expression: str, result: str) -> None:
    assert calculate(expression, {}) == result


def test_a_very_long_number_is_written_out() -> None:
    written = calculate("2 ^ 10000 * 3 ^ 9000", {})
    assert sum(int(each) * 10**place for place, each in enumerate(reversed(written))) == 2**10000 * 3**9000


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("comb(20000, 2)", "whole numbers from 0 to 10000"),
        ("perm(4000)", "whole numbers from 0 to 3000"),
        ("[1, 2] + 3", "lists and bits"),
        ("1 & 3", "lists and bits"),
        ("solve([1] * x = 0, x)", "lists and bits"),
        ("series(x, x)", "works on formulas"),
        ("mean()", "takes more numbers"),
        ("stdev(1)", "takes more numbers"),
        ("round(pi, 2000)", "-1000 to 1000 digits"),
        ("10^40001 * 10^3", "too large"),
        ("diff()", "takes an expression first"),
        ("diff(x * y)", "say for which name"),
        ("integrate(x, x, 0, i)", "bounds of an integral must be real"),
        ("solve(1 < x, x)", "an equation has one ="),
        ("diff(x // 2, x)", "cannot be derived as a formula"),
        ("diff(floor(x), x)", "cannot be derived as a formula"),
        ("limit(sqrt(x), x, 0)", "not real on that side"),
        ("limit(1 / (x - x), x, 0)", "the function has no value"),
        ("sin(1e-30) - 1e-30", "digits cancel each other out"),
    ],
)
def test_it_is_refused_with_the_cause(expression: str, cause: str) -> None:
    with pytest.raises(CalculationError, match=cause):
        calculate(expression, {})
