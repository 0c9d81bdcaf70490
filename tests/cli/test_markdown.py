"""Markdown drawn on a terminal: no word of a text is lost, and nothing in it acts."""

from __future__ import annotations

import io
import re

import pytest

from strands_cli.terminal.canvas import Canvas
from strands_cli.terminal.markdown import drawn, is_markdown

ALL = """\
# A title
One line with **bold**, *slanted*, `code`, <b>html</b>, &amp; and [a link](http://x.example/a%1b%5b31m "why").
the next line

2. two
3. three
   - below it

> a quote

| a | b |
|---|---|
| 1 | 2 |

```python
def f():
    return "    kept"
```
![a picture](http://x.example/p.png) <http://x.example/%1b%5b31m>

[label]: http://x.example/definition
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(text: str, width: int = 80) -> str:
    out = Terminal()
    canvas = Canvas(out)
    canvas.print(drawn(text), width=width)
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def test_marks_are_drawn_and_words_and_line_ends_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    text = shown(ALL)
    lines = [line.rstrip() for line in text.splitlines()]
    assert "A title" in lines and "the next line" in lines and " 3 three" in lines and "    • below it" in lines
    assert '        return "    kept"' in lines
    assert not re.search(r"\*\*|`|^#", text, re.MULTILINE)
    flat = " ".join(text.split())
    for word in ("<b>html</b>", "&amp;", "a link (http://x.example/a%1b%5b31m)", "a picture", "p.png", "definition"):
        assert word in flat


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[31m",
        "\x9b2J",
        "\x1b]8;;http://evil\x07x\x1b]8;;\x07",
        "\u202e",
        "&#27;[31m",
        "&#x202e;",
        "<http://a/%1b%5b31m%e2%80%ae>",
        "[x](http://a/&#27;&#x202e;%1b)",
        "\\\x1b[31m",
        "\udc80",
    ],
)
@pytest.mark.parametrize("place", ["# {}", "- {}", "**{}**", "`{}`", "```\n{}\n```", "| {} | b |\n|---|---|\n", "> {}"])
def test_nothing_in_markdown_acts_on_the_terminal(hostile: str, place: str) -> None:
    text = shown(place.format(f"before {hostile} after"))
    assert re.sub(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", "", text) == ""
    assert "before" in text and "after" in text


@pytest.mark.parametrize("text", ['{"a": "**b**"}', "[1, 2]", "5 * 3 * 2", "snake_case_name and x_y", "just\n  text"])
def test_data_and_plain_text_are_no_markdown(text: str) -> None:
    assert not is_markdown(text)
    assert [line.rstrip() for line in shown(text).splitlines()] == text.splitlines()
