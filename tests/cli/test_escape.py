"""Untrusted text: nothing that acts on a terminal, or hides in it, is ever printed."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strands._terminal import VisibleStream
from strands_cli.terminal.escape import one_line, plain_data, unambiguous, visible
from support.console import Console


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200dpal", "pay\\u200dpal"),
        ("x\ufe0fy\ufe00", "x\\ufe0fy\\ufe00"),
        ("a\u3164b\u115f\u1160\uffa0", "a\\u3164b\\u115f\\u1160\\uffa0"),
        ("a\u034f\u17b4", "a\\u034f\\u17b4"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👍\ufe0f", "👍\\ufe0f"),
        ("10\u00a0000", "10\u00a0000"),
    ],
)
def test_what_nobody_can_see_is_shown_where_no_script_or_emoji_needs_it(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "👍🏽 ❤️ 1️⃣ 👨\u200d👩\u200d👧 🇩🇪 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "привет, мир: /home/Иван",
        "日本語カタカナabc",
        "한국어 abc",
        "مرحبا",
        "नि",
        "café naïve",
        "plain",
    ],
)
def test_plain_emoji_and_other_languages_stay_readable(text: str) -> None:
    assert visible(text) == unambiguous(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u00a0b\u2009c\u3000d\u202fe\u2800f", "a\\xa0b\\u2009c\\u3000d\\u202fe\\u2800f"),
        ("می\u200cخ", "می\\u200cخ"),
        ("\ue000\U0003fff0", "\\ue000\\U0003fff0"),
        ("p\u0430ypal.com", "p\u0430ypal[mixed scripts: Cyrillic \\u0430].com"),
        ("p\u0430\u200dl", "p\u0430\\u200dl[mixed scripts: Cyrillic \\u0430]"),
        ("\u0440\u0430\u0443.com", "\u0440\u0430\u0443[mixed scripts: Cyrillic \\u0440 \\u0430 \\u0443].com"),
        ("\u03c1ay", "\u03c1ay[mixed scripts: Greek \\u03c1]"),
    ],
)
def test_what_is_approved_tells_every_blank_joiner_and_mixed_script(text: str, shown: str) -> None:
    assert unambiguous(text) == shown


@given(st.text(st.characters(codec=None)), st.lists(st.integers(0, 60), max_size=5))
def test_a_stream_in_pieces_shows_what_the_whole_would(text: str, cuts: list[int]) -> None:
    stream = VisibleStream()
    places = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    shown = [stream.feed(text[start:end]) for start, end in pairwise(places)]
    for character in "".join([*shown, stream.end()]):
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"), hex(ord(character))


@pytest.mark.parametrize(
    "text", ["👩\u200d👩 ok", "two\r\nlines", "1\ufe0f\u20e3", "\x1b]8;;x\x07", "می\u200cخ", "p\u200dp"]
)
def test_a_stream_may_be_cut_anywhere(text: str) -> None:
    for cut in range(len(text) + 1):
        stream = VisibleStream()
        assert stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.end() == visible(text)


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


HOSTILE = "\x1b[2J\x9b pay\u202epal a\u200db"
SPEC = """
version: 0
name: t
runtime: {provider: openai, model_id: m}
agents: {a: {prompt: p, tools: [noisy]}}
tools: {python: ["noisy:noisy"]}
pattern:
  type: chain
  config:
    steps:
      - {agent: a, input: go}
      - type: hitl
        prompt: "Go on {{ hostile }}?"
        context_display: "See {{ hostile }}"
"""
NOISY = """
import logging, warnings
from strands import tool

logging.getLogger("noisy").debug("said\\n\\x1b[2J\\x9b")
warnings.warn("warned \\x1b[2J\\x9b")
@tool(read_only=True)
def noisy() -> str:
    '''Do nothing.'''
    return ""
"""


def test_pipes_that_people_read_hold_nothing_that_acts_on_a_terminal(console: Console) -> None:
    console.write("w.yaml", SPEC)
    console.write("noisy.py", NOISY)
    done = console.run("run", "w.yaml", "--var", f"hostile={HOSTILE}", "--offline", "--debug", code=19)
    for said in ("said\\n\\x1b[2J\\x9b", "warned \\x1b[2J\\x9b"):
        assert said in done.stderr
    listed = console.run("sessions", "questions").stdout
    assert "Go on \\x1b[2J\\x9b pay\\u202epal a\\u200db?" in listed
    assert "| See \\x1b[2J" in listed
    assert not {"\x1b", "\x9b", "\u202e", "\u200d"} & set(done.stderr + listed)


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("Approve it, or say what to look at", 20, "Approve it, or say…"),
        ("Approve it, or say what to look at", 23, "Approve it, or say…"),
        ("Approve it, or say what to look at", 24, "Approve it, or say what…"),
        ("a" * 30, 20, "a" * 19 + "…"),
        ("a " + "b" * 30, 20, "a " + "b" * 17 + "…"),
        ("short", 20, "short"),
    ],
)
def test_a_text_that_is_too_long_is_cut_between_words(text: str, limit: int, shown: str) -> None:
    assert one_line(text, limit) == shown
