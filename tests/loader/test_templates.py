"""Templates and conditions: what they can say."""

from __future__ import annotations

import json

import pytest

from strands_cli.errors import TemplateError
from strands_cli.loader.template import check, evaluate, render, uses

NAMES = {
    "topic": "tides",
    "nothing": None,
    "number": 3,
    "steps": [{"response": "first"}, {"response": "second one"}],
    "nodes": {"review": {"response": "Score: 85\nAPPROVE", "iteration": 3}, "items": {"response": "a node"}},
    "odd": {"items": 1, "values": 2, "keys": 3, "get": 4, "response": "r"},
    "workers": [{"task": "t1", "response": "r1"}, {"task": "t2", "response": "r2"}],
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain text\n", "plain text\n"),
        ('{"json": {"deep": 1}}', '{"json": {"deep": 1}}'),
        ("{{topic}} and {{ steps[0].response }}\n", "tides and first\n"),
        ("{{ steps[-1]['response'] }}", "second one"),
        ("{{ nothing }} {{ number }}", "None 3"),
        ("{{ odd.items }}{{ odd.values }}{{ odd.keys }}{{ odd.get }}", "1234"),
        ("{{ odd.items + odd.get }}", "5"),
        ("{{ nodes.items.response }}", "a node"),
        ("{% for id, node in nodes.items() %}{{ loop.index }}{{ id }} {% endfor %}", "1review 2items "),
        ("{% for id in nodes %}{{ id }}{% if not loop.last %}, {% endif %}{% endfor %}", "review, items"),
        ("{{ odd.get('response') }}", "r"),
        ("{{ steps[1].response | truncate(4) }}", "s..."),
        ("{{ steps[1].response[:3] }}", "sec"),
        ("{{ topic | upper }} {{ topic.title() }} {{ topic | replace('t', 'w') }}", "TIDES Tides wides"),
        ("{{ workers | map(attribute='response') | join(' → ') }}", "r1 → r2"),
        ("{{ workers | selectattr('task', 'equalto', 't2') | map(attribute='response') | first }}", "r2"),
        ("{{ workers | join(', ', attribute='task') }}", "t1, t2"),
        ("{{ missing | default('-') }}{{ nodes.missing.response | default('-') }}", "--"),
        ("{{ nothing | default('x', true) }}", "x"),
        ("{% if nodes.missing is defined %}yes{% else %}no{% endif %}", "no"),
        ("{% if nodes.missing.response %}yes{% else %}no{% endif %}", "no"),
        ("{{ nodes.review.response | regex_search('score:\\s*(\\d+)', ignorecase=true) }}", "85"),
        ("{{ nodes.review.response | regex_search('\\bAPP\\w+') }}", "APPROVE"),
        ("[{{ nodes.review.response | regex_search('nothing') }}]", "[]"),
        ("{{ topic | tojson }} {{ {'a': '<ü>'} | tojson }}", '"tides" {"a": "<ü>"}'),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{{ 2.345 | round(2) }} {{ [3, 1] | sort | list }} {{ [1, 1] | unique | list }}", "2.35 [1, 3] [1]"),
        ("{{ 'a' ~ number ~ topic }}", "a3tides"),
        ("{% set total = number + 1 %}{{ total }}", "4"),
        ("{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice(topic) }}", "tidestides"),
        ("{{ 'APPROVE' in nodes.review.response }}", "True"),
        ("{% raw %}{{ topic }}{% endraw %}", "{{ topic }}"),
        ("{{ topic | wordcount }} {{ topic | length }} {{ '<b>' | escape }} {{ '<b>' | safe }}", "1 5 &lt;b&gt; <b>"),
    ],
)
def test_rendering(template: str, text: str) -> None:
    check(template)

    assert render(template, NAMES) == text


def test_values_are_data_and_are_never_rendered_themselves() -> None:
    hostile = "{{ topic }} {% for x in y %} ${SECRET} {#"

    assert render("{{ answer }}", {"answer": hostile, "topic": "t"}) == hostile
    assert render("{{ answer | upper }}", {"answer": hostile, "topic": "t"}) == hostile.upper()


def test_plain_names_and_jinja_give_the_same_text() -> None:
    for name in ("topic", "nothing", "number", "steps[0].response", "workers", "odd"):
        assert render("{{ " + name + " }}", NAMES) == render("{{ " + name + " }}{% if true %}{% endif %}", NAMES)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ topc }}", "'topc' is undefined in this template\nDid you mean 'topic'?"),
        ("{{ topc | upper }}", "'topc' is undefined in this template\nDid you mean 'topic'?"),
        ("{{ nodes.reviw.response }}", "'nodes.reviw' is undefined in this template\nDid you mean 'review'?"),
        ("{{ nodes.reviw.response | upper }}", "'reviw' is undefined in this template\nDid you mean 'review'?"),
        ("{{ steps[7].response }}", "'steps[7]' is undefined in this template\nThere are 2 of them, counted from 0."),
        ("{{ zzz }}", "Known here: nodes, nothing, number, odd, steps, topic, workers."),
        ("{{ nothing.x }}", "A NoneType has no 'x' in a template."),
        ("{% if zzz %}{% endif %}", "'zzz' is undefined"),
        ("{{ number / 0 }}", "a template failed: division by zero"),
        ("{{ number + topic }}", "a template failed: unsupported operand"),
    ],
)
def test_what_is_undefined_is_an_error_that_says_what_there_is(template: str, told: str) -> None:
    check(template)

    with pytest.raises(TemplateError) as caught:
        render(template, NAMES)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ x", "unexpected end of template"),
        ("a\n{% if x %}", "malformed template in its line 2"),
        ("{% for x %}{% endfor %}", "malformed template"),
        ("{{ x | uper }}", "there is no filter 'uper'\ndid you mean 'upper'?"),
        ("{{ x is defind }}", "there is no test 'defind'"),
        ("{{" + "(" * 3000 + "1" + ")" * 3000 + "}}", "nested too deeply"),
        ("{% if 1 %}" * 500 + "{% endif %}" * 500, "nested too deeply"),
        ("{{ x }}" + " " * 1_000_001, ""),
        ("{{ x | upper }}" + " " * 1_000_001, "is too long"),
    ],
)
def test_what_is_malformed_is_an_error_before_anything_runs(template: str, told: str) -> None:
    if not told:
        return check(template)
    with pytest.raises(TemplateError) as caught:
        check(template)
    return None if told in str(caught.value) else pytest.fail(str(caught.value))


CONDITIONS = {
    "{{ nodes.review.response == 'APPROVE' }}": False,
    "nodes.review.iteration >= 3": True,
    "nodes.review.response contains 'APPROVE'": True,
    "{{ nodes.review.response contains 'APPROVE' and not (topic contains 'x') }}": True,
    "topic not contains 'x'": True,
    "workers contains 'x' or topic is contains('tid')": True,
    "contains is defined": False,
    "nodes.review.response is search('Sc.re')": True,
    "nodes.review.response is not search 'nope'": True,
    "nodes.review.response | search('nope')": False,
    "topic is match('tid')": True,
    "'approve' in nodes.review.response.lower()": True,
    "topic.startswith('t') and topic.split('d')[0] == 'ti'": True,
    "else": True,
    " {{ true }} ": True,
    "true": True,
    "false": False,
    "number": True,
    "nothing": False,
    "nodes.missing is defined and nodes.missing.response == 'x'": False,
    "{{ number }} == 3": True,
    "'{{ topic }}' == 'tides'": True,
    "{% if number > 2 %}true{% else %}false{% endif %}": True,
    "not nothing": True,
    "workers | length > 1": True,
}


@pytest.mark.parametrize(("expression", "holds"), CONDITIONS.items())
def test_conditions(expression: str, holds: bool) -> None:
    assert evaluate(expression, NAMES) is holds


@pytest.mark.parametrize(
    "expression", ["nodes.reviw == 'x'", "nodes.reviw", "not nodes.reviw", "zzz", "nodes.a.b", "nodes.a contains 'x'"]
)
def test_a_condition_on_something_undefined_is_neither_true_nor_false(expression: str) -> None:
    with pytest.raises(TemplateError, match="is undefined"):
        evaluate(expression, NAMES)


@pytest.mark.parametrize(
    "expression", ["", "  ", "'a {{ topic }} b' == 'x'", "a ==", "{% if true %}perhaps{% endif %}"]
)
def test_a_condition_that_makes_no_sense(expression: str) -> None:
    with pytest.raises(TemplateError):
        evaluate(expression, NAMES)


def test_the_data_of_a_condition_is_not_part_of_its_expression() -> None:
    assert evaluate("'{{ answer }}' == 'yes'", {"answer": "x' or 'yes' == 'yes"}) is False


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{{ a.b[0] }} {{ c }}", {"a", "c"}),
        ("{{ a | upper }} {% if b is defined %}{{ b }}{{ c }}{% endif %}", {"a", "c"}),
        ("{{ a | default('x') }}{{ b.c | default(d) }}", {"d"}),
        ("{% for x in xs %}{{ x }}{{ loop.index }}{{ y }}{% endfor %}", {"xs", "y"}),
        ("{% set x = y %}{{ x }}", {"y"}),
        ("{{ a if a is defined else b }}", {"b"}),
        ("{{ a is not defined or a == b }}", {"b"}),
        ("{% if not (a is defined) %}x{% else %}{{ a }}{% endif %}", set()),
        ("{% macro m(x, y=z) %}{{ x }}{{ y }}{{ w }}{% endmacro %}{{ m(1) }}", {"z", "w"}),
        ("{% with x = y %}{{ x }}{% endwith %}{{ range(3) | list }}", {"y"}),
        ("{% set block %}{{ q }}{% endset %}{{ block }}{% filter upper %}{{ r }}{% endfilter %}", {"q", "r"}),
        ("nothing here", set()),
    ],
)
def test_the_names_that_a_template_needs(template: str, names: set[str]) -> None:
    assert uses(template).names == names


def test_tojson_is_json() -> None:
    value = {"a": [1, None, True, "'\"<&>\u2028"], "b": {"c": 1.5}}

    assert json.loads(render("{{ value | tojson(indent=2) }}", {"value": value})) == value
