"""Markdown on a terminal: headings, lists, tables, emphasis and code are drawn as such, and no word is left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TextIO

from strands_cli.terminal.device import can_draw, takes_any_text
from strands_cli.terminal.escape import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

_MARKED = re.compile(
    r"^ {0,3}(?:#{1,6} \S|[-*+] \S|\d{1,9}[.)] \S|> ?\S|```|~~~|\|.*\|\s*$)"
    r"|\*\*\S.*?\*\*|__\S.*?__|`[^`\n]+`|\[[^\]\n]+\]\(|\*\w[^*\n]*\*|(?<!\w)_\w[^_\n]*_(?!\w)",
    re.MULTILINE,
)
_DATA = ("{", "[")


def is_markdown(text: str) -> bool:
    """Whether a text has anything that Markdown draws otherwise; data has not."""
    return not text.lstrip().startswith(_DATA) and _MARKED.search(text) is not None


def drawn(text: str) -> RenderableType:
    """Return what draws a model's text with `rich`: as Markdown where it is, and nothing in it acts on the terminal."""
    shown = visible(text)
    if is_markdown(shown):
        from strands_cli.terminal.document import Document

        return Document(shown)
    from rich.text import Text

    return Text(shown)


def print_markdown(text: str, stream: TextIO) -> bool:
    """Print a model's text on a terminal, if it is Markdown and the terminal can draw it; return whether it was."""
    if not (can_draw(stream) and takes_any_text(stream) and is_markdown(text)):
        return False
    from strands_cli.terminal.canvas import Canvas

    Canvas(stream).print(drawn(text))
    return True
