"""The filters of templates: what each makes of a value, and the limits that it keeps."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.errors import TemplateError
from strands_cli.loader.template import render

NAMES: dict[str, Any] = {
    "text": "the quick brown fox\njumps",
    "items": [{"name": "a", "n": 1}, {"name": "b", "n": 2}],
    "numbers": [1, 2, 3, 4, 5],
    "mapping": {"x": 1, "y": [2, 3]},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ items | join(', ', attribute='name') }}", "a, b"),
        ("{{ numbers | join('-') }}", "1-2-3-4-5"),
        ("{{ text | replace('quick', 'slow', 1) }}", "the slow brown fox\njumps"),
        ("{{ text | indent(2) }}", "the quick brown fox\n  jumps"),
        ("{{ text | indent('> ', first=true) }}", "> the quick brown fox\n> jumps"),
        ("[{{ 'ab' | center(6) }}]", "[  ab  ]"),
        ("{{ 'one two three' | wordwrap(7) }}", "one two\nthree"),
        ("{{ '<b>bold</b> text' | striptags }}", "bold text"),
        ("{{ numbers | sum }} {{ items | sum(attribute='n') }}", "15 3"),
        ("{{ 2.456 | round(1) }}", "2.5"),
        ("{{ numbers | batch(2) | length }} {{ numbers | slice(2) | length }}", "3 2"),
        ("{{ mapping | tojson }}", '{"x": 1, "y": [2, 3]}'),
        ("{{ mapping.items() | tojson }}", '[["x", 1], ["y", [2, 3]]]'),
        ("{{ '<&>' | escape }}", "&lt;&amp;&gt;"),
        ("{{ 'Score: 85' | regex_search('([0-9]+)') }}|{{ 'none' | regex_search('[0-9]') }}", "85|"),
        ("{{ 'yes' if text is search('QUICK', true) else 'no' }}", "yes"),
        ("{{ 'yes' if text is match('the') else 'no' }}", "yes"),
        ("{{ 'yes' if text is contains('fox') and numbers is contains(3) else 'no' }}", "yes"),
    ],
)
def test_a_filter_makes_of_a_value(template: str, text: str) -> None:
    assert render(template, NAMES) == text


@pytest.mark.parametrize(
    ("template", "cause"),
    [
        ("{{ none_such | upper }}", "none_such"),
        ("{{ none_such | tojson }}", "none_such"),
        ("{{ text | indent(2000) }}", "an indent"),
        ("{{ text | center(20000) }}", "a width"),
        ("{{ 1.5 | round(200) }}", "a precision"),
        ("{{ numbers | batch(20000) }}", "a batch"),
        ("{{ numbers | slice(20000) }}", "a slice"),
        ("{{ mapping | tojson(indent=99) }}", "an indent"),
        ("{{ 2 ** 1000000 }}", "bits"),
        ("{{ (2 ** 60000) * (2 ** 60000) }}", "bits"),
        ("{{ 'ab' * 100000000 }}", "a repetition"),
        ("{{ '%s' % 3 }}", "Put texts together|does not format texts"),
    ],
)
def test_what_is_too_much_is_refused(template: str, cause: str) -> None:
    with pytest.raises(TemplateError, match=cause):
        render(template, NAMES)
