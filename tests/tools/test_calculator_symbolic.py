"""Formulas of the calculator: sympy's, made from our own tree, in a process that is confined; checked, or refused."""

from __future__ import annotations

import sys

import pytest

from strands_cli.builtin.arithmetic import CalculationError, parse
from strands_cli.builtin.calculate import calculate
from strands_cli.builtin.symbolic import formula


@pytest.fixture
def sympy() -> None:
    pytest.importorskip("sympy", reason="sympy is not installed")


@pytest.mark.usefixtures("sympy")
@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("solve(a*x + b = 0, x)", "[-b/a]"),
        ("solve([x + y = 3, x - y = 1], [x, y])", "[x = 2, y = 1]"),
        ("integrate(sin(x)/x, x, 0, inf)", "pi/2 = 1.5707963267949"),
        ("series(exp(x), x, 0, 4)", "x^3/6 + x^2/2 + x + 1"),
        ("simplify(sin(x)^2 + cos(x)^2)", "1"),
        ("diff(floor(2) * atan2(x, 1), x)", "2/(x^2 + 1)"),
    ],
)
def test_formulas_are_worked_out(expression: str, result: str) -> None:
    assert calculate(expression, {}) == result


@pytest.mark.usefixtures("sympy")
def test_values_of_names_count() -> None:
    assert calculate("simplify(a*x + x)", {"a": 0.5}) == "3*x/2"


@pytest.mark.usefixtures("sympy")
@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("integrate(1/x, x, -1, 1)", "has no value"),
        ("simplify(x.is_real)", "cannot stand in a formula"),
        ("simplify(__import__(x))", "no function '__import__'"),
        ("simplify('x')", "cannot stand in a formula"),
    ],
)
def test_what_is_not_certain_is_refused(expression: str, cause: str) -> None:
    with pytest.raises(CalculationError, match=cause):
        calculate(expression, {})


@pytest.mark.usefixtures("sympy")
def test_a_formula_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(CalculationError, match=r"numbers do not tell.*(longer than 1 s|MemoryError)"):
        formula(parse("simplify((x + 1) * 2^(10^9))"), {}, CalculationError("numbers do not tell"), seconds=1)


@pytest.mark.parametrize("expression", ["series(exp(x), x)", "integrate(sin(x)/x, x, 0, inf)", "solve(a*x = b, x)"])
def test_without_sympy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, expression: str) -> None:
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(CalculationError, match=r"pip install 'strands-cli\[symbolic\]'"):
        calculate(expression, {})


def test_what_is_no_matter_of_formulas_does_not_speak_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sympy", None)
    for expression in ("1 / 0", "x + 1", "nothing(3)", "solve(x + 1 = x, x)", "solve(x = x, x)"):
        with pytest.raises(CalculationError) as refused:
            calculate(expression, {})
        assert "install" not in str(refused.value)
