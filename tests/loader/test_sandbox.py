"""The sandbox: nothing but data can be reached, nothing can be changed, and nothing takes long."""

from __future__ import annotations

import time

import pytest

from strands_cli.errors import TemplateError
from strands_cli.loader.template import check, evaluate, render
from support.limits import soon

ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ names.__init__.__globals__ }}",
    "{{ names['__init__'] }}",
    "{{ [names]|map(attribute='__class__')|list|first }}x{{ [names]|map(attribute='__class__')|first|length }}",
    "{{ [names]|map('attr', '__class__')|list }}",
    "{{ [names]|sum(attribute='__class__') }}",
    "{{ [names]|groupby('__class__') }}{{ [names]|groupby('__class__')|first|attr('x') }}",
    "{{ '{0.__class__}'.format(names) }}",
    "{{ '{a.__class__}'.format_map(names) }}",
    "{{ '{0}'|format(names) }}",
    "{{ '%s' % names }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ ['{0}']|map('format', 1)|list }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum() }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ namespace(a=1) }}",
    "{{ joiner() }}",
    "{{ get_flashed_messages }}",
    "{{ config }}",
    "{{ request }}",
    "{{ environment }}",
    "{{ context }}",
    "{{ caller }}",
    "{{ range.__self__ }}",
    "{{ dict.mro() }}",
    "{{ dict.__subclasses__() }}",
    "{{ dict.fromkeys('ab') }}",
    "{{ text.upper.__self__ }}",
    "{{ text.upper.__call__ }}",
    "{{ (items|map('upper')).gi_frame }}",
    "{{ (items|map('upper')).gi_code }}",
    "{{ (items|select).gi_frame.f_globals }}",
    "{{ (items|select).cr_frame }}{{ (items|select).ag_frame }}",
    "{% for x in items|map('upper') %}{{ loop.__init__ }}{% endfor %}",
    "{% for x in items %}{{ loop._iterator }}{% endfor %}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func }}",
    "{% macro m() %}{% endmacro %}{{ m.arguments.append(1) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% block x %}{% endblock %}",
    "{% autoescape true %}{{ text }}{% endautoescape %}",
    "{% for x in items recursive %}{{ loop(items) }}{% endfor %}",
    "{{ items.append(1) }}",
    "{{ items.pop() }}",
    "{{ items.clear() }}",
    "{{ items.extend([1]) }}",
    "{{ items.sort() }}",
    "{{ names.update({'a': 1}) }}",
    "{{ names.pop('a') }}",
    "{{ names.popitem() }}",
    "{{ names.setdefault('z', 1) }}",
    "{{ names.clear() }}",
    "{{ names.copy() }}",
    "{% set names.a = 1 %}",
    "{{ text.encode() }}",
    "{{ text.translate({}) }}",
    "{{ text.expandtabs(99999999) }}",
    "{{ text() }}",
    "{{ names() }}",
    "{{ (1).to_bytes(8, 'big') }}",
    "{{ (1).__add__(1) }}",
    "{{ text|random }}",
    "{{ text|xmlattr }}",
    "{{ text|pprint }}",
    "{{ names is callable }}",
    "{% debug %}",
    "{% do items.append(1) %}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_case_27_known_escapes_are_refused(template: str) -> None:
    items, names = ["a"], {"a": "b"}

    with pytest.raises(TemplateError):
        check(template)
        render(template, {"text": "t", "items": items, "names": names})
    assert (items, names) == (["a"], {"a": "b"})


@pytest.mark.parametrize("template", [each for each in ESCAPES if each.startswith("{{") and each.count("{{") == 1])
def test_case_27_known_escapes_are_refused_in_conditions(template: str) -> None:
    with pytest.raises(TemplateError):
        evaluate(template, {"text": "t", "items": ["a"], "names": {"a": "b"}})


class Thing:
    """An object of ours that got into the names by mistake."""

    secret = "s"

    def method(self) -> str:
        return "called"


@pytest.mark.parametrize(
    "template", ["{{ thing.secret }}", "{{ thing.method() }}", "{{ call() }}", "{{ thing['secret'] }}"]
)
def test_only_data_can_be_reached(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, {"thing": Thing(), "call": Thing().method})


BOMBS = [
    "{{ 9**(9**9) }}",
    "{{ (9**900)**900 }}",
    "{{ 2**100000 }}",
    "{{ 'x' * 10**9 }}",
    "{{ 10**9 * 'x' }}",
    "{{ [0] * 10**9 }}",
    "{{ 'x'|center(10**9) }}",
    "{{ 'x'.center(10**9) }}",
    "{{ 'x'.ljust(10**9) }}",
    "{{ 'x'.rjust(10**9) }}",
    "{{ '1'.zfill(10**9) }}",
    "{{ ('x\n' * 1000)|indent(10**7) }}",
    "{{ 1.5|round(10**9, 'ceil') }}",
    "{{ [1]|batch(10**9, 'x')|list }}",
    "{{ [1]|slice(10**9, 'x')|list }}",
    "{{ names|tojson(indent=10**9) }}",
    "{{ range(10**9)|list }}",
    "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}",
    "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
    "{{ ('x' * 100000).join(['a'] * 100000) }}",
    "{{ (['a'] * 100000)|join('x' * 100000) }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(9) %}{{ range(99999)|sum }}{% endfor %}{% endfor %}",
    "{% set x = 'a' * 1000000 %}{% for i in range(9000) %}{{ x }}{% endfor %}",
    "{% set x = 'a' * 1000000 %}{% for i in range(9000) %}{% set y = x|upper %}{% endfor %}{{ x|wordcount }}",
    "{% set a = 'aaaaaaaaaa' %}"
    + "".join(
        f"{{% set {new} = {old} ~ {old} ~ {old} ~ {old} ~ {old} ~ {old} %}}"
        for old, new in zip("abcdefghijkl", "bcdefghijklm", strict=True)
    ),
    "{% set x %}{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}{% endset %}{{ x }}",
    "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{{ ('a' * 40000 ~ 'b')|regex_search('(a|aa)+$') }}",
    "{{ ('a' * 40000 ~ 'b') is search('(a|aa)+$') }}",
    "{{ ('a' * 40000 ~ 'b')|regex_search('(a|aa)+$') }}" * 10,
    "{% for n in range(99) %}{{ ('a' * 40000 ~ 'b')|regex_search('(a|aa)+$' ~ n) }}{% endfor %}",
    "{% set x = ('a b ' * 200000) %}" + "{{ x|title|wordcount }}" * 100,
    "{{ 'x'|regex_search('a' * 100000) }}",
    "{{ 'x'|regex_search('(') }}",
    "{% set a = [1, 1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "{% set a = [1, 1] %}{% set b = [1, 1] %}" + "{% set a = (a, a) %}{% set b = (b, b) %}" * 40 + "{{ a == b }}",
    "{% set a = {} %}" + "{% set a = {'x': a, 'y': a} %}" * 40 + "{{ a|tojson }}",
    "{% set a = 1 %}" + "{% set a = dict(x=a, y=a) %}" * 40 + "{{ a|length }}",
    "{% set a = [1] %}" + "{% set a = a + [a] %}" * 40 + "{{ a }}",
    "{% set a = [1] * 1000000 %}{% set b = [a] * 1000 %}{{ b }}",
    "{% macro f(a) %}{{ f([a, a]) }}{% endmacro %}{{ f(1) }}",
    "{% macro f() %}{{ f(varargs, varargs) }}{% endmacro %}{{ f(1) }}",
    "{{ ([range(99999)|list] * 1000)|sum(start=[]) }}",
    "{{ ('a,' * 400000).split(',')|map('list')|sum(start=[]) }}",
    "{{ ('a' * 1000000)|wordwrap(1) }}",
    "{{ ('a ' * 400000)|wordwrap(1) }}",
    "{{ ('a ' * 1000)|wordwrap(1, wrapstring='x' * 100000) }}",
    "{{ ('<a ' * 300000)|striptags }}",
    "{{ ('<a>' * 300000)|striptags }}",
    "{{ [1]|batch(10000, [1] * 100000) }}",
    "{{ [1]|slice(10000, [1] * 100000)|list }}",
    "{% for i in range(100000) %}{% set x = 'a'.ljust(10000) %}{% endfor %}",
    "{% for i in range(100000) %}{% set x = 'a'|center(10000) %}{% endfor %}",
    "{% set x = 'a' * 1000000 %}{% for i in range(100000) %}{% set y = x[1:] %}{% endfor %}",
    "{% set x = 'a' * 1000000 %}{% for i in range(100000) %}{{ 'b' in x }}{% endfor %}",
    "{% set x = ['a' * 1000000] * 1000 %}{{ x|sort }}",
    "{% set x = [1] * 900000 %}" + "{{ x }}" * 1000,
    "{{ 1 }}" * 50_000,
    "{# x #}" * 100_000,
    "{{" * 400_000,
    "{{ [" + "1," * 100_000 + "] }}",
]


@pytest.mark.parametrize("template", BOMBS)
def test_case_21_template_bombs_reach_a_limit_soon(template: str) -> None:
    started = time.thread_time()

    with pytest.raises(TemplateError):
        check(template)
        render(template, {"names": {"a": "b"}})
    assert time.thread_time() - started < soon()


def test_a_large_value_printed_often_reaches_a_limit_early() -> None:
    started = time.thread_time()
    with pytest.raises(TemplateError, match="10,000,000"):
        render("{{ rows }}" * 50_000, {"rows": [{"n": n} for n in range(10_000)]})
    assert time.thread_time() - started < soon()


@pytest.mark.parametrize("condition", ["{{" * 40_000, "'{{ a }}' == " * 1_000, "a " * 100_000])
def test_a_hostile_condition_is_refused_soon(condition: str) -> None:
    started = time.thread_time()
    with pytest.raises(TemplateError):
        evaluate(condition, {"a": 1})
    assert time.thread_time() - started < soon()


def test_sums_of_any_kind() -> None:
    data = {"rows": [{"n": 1, "l": ["a"]}, {"n": 2.5, "l": ["b"]}]}
    assert render("{{ [1, 2]|sum }} {{ rows|sum(attribute='n') }} {{ rows|sum('l', ['x']) }}", data) == (
        "3 3.5 ['x', 'a', 'b']"
    )


def test_case_21_ordinary_work_is_far_from_the_limits() -> None:
    rows = [{"n": n, "text": "some text of a row"} for n in range(5000)]

    text = render(
        "{% for row in rows %}{{ row.n }}: {{ row.text | upper | truncate(10) }}\n{% endfor %}", {"rows": rows}
    )
    assert text.count("\n") == 5000
    assert len(render("{{ long | trim }}", {"long": "x" * 5_000_000})) == 5_000_000
