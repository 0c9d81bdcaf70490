"""Untrusted text: nothing that acts on a terminal, or hides in it, is ever printed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strands_cli.terminal.escape import one_line, plain_data, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\r\nmore", "two\nlines\nmore"),
        ("a\tb", "a    b"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("over\rwritten\x08", "over\\x0dwritten\\x08"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("\u2066\u2069\u200b\ufeff", "\\u2066\\u2069\\u200b\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("é 中 👩‍👩 नि", "é 中 👩‍👩 नि"),
        ("[/b] [red]x[/red] :smile:", "[/b] [red]x[/red] :smile:"),
    ],
)
def test_what_is_unsafe_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_nothing_unsafe_is_ever_left(text: str) -> None:
    shown = visible(text)
    for character in shown:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"), hex(ord(character))
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )
    shown.encode("utf-8")


def test_one_line_stays_on_one_line() -> None:
    assert one_line("a\nb") == "a\\nb"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


def test_json_values_can_be_encoded() -> None:
    assert plain_data({"a\ud800": ["\udfff", 1, None]}) == {"a\\ud800": ["\\udfff", 1, None]}
