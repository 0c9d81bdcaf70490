"""How much room a text takes in a picture, without its font: never less than the common ones need."""

from __future__ import annotations

import re
import unicodedata

_NARROW = frozenset(" ijlIftr.,:;'`|!()[]/\\")
_TOGETHER = re.compile(r"\{\{[^{}]*\}\}\S*|\S+")
_WIDE = frozenset("mwMW@%")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line is.

    Args:
        text: The line.
        size: The font's size, in pixels.
        bold: Whether it is written bold.
    """
    return sum(map(_em, text)) * size * (1.12 if bold else 1)


def wrapped(text: str, limit: float, size: float, *, bold: bool = False) -> list[str]:
    """Return a text in lines that are no wider than a limit in pixels; words that are longer are broken."""
    lines: list[str] = []
    for part in text.splitlines():
        line = ""
        for word in _words(part, limit, size, bold):
            longer = f"{line} {word}" if line else word
            if width(longer, size, bold=bold) <= limit:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _broken(word, limit / (1.12 if bold else 1), size)
            lines += full
        lines += [line] if line else []
    return lines


def plain(text: str) -> str:
    """Return a text without what cannot stand in XML; its lines stay."""
    return "".join(c if c == "\n" or (c.isprintable() and not 0xD800 <= ord(c) < 0xE000) else " " for c in text)


def _words(text: str, limit: float, size: float, bold: bool) -> list[str]:
    """What stays together in a line: words, and the parts of templates that are filled in."""
    together = _TOGETHER.findall(" ".join(text.split()))
    return [part for each in together for part in ([each] if width(each, size, bold=bold) <= limit else each.split())]


def _broken(word: str, limit: float, size: float) -> list[str]:
    """A word in parts that are no wider, where it can be behind a sign that joins words."""
    parts, part = [], ""
    for each in word:
        if part and width(part + each, size) > limit:
            joint = max(map(part.rfind, "._/-")) + 1
            cut = joint if joint > len(part) // 3 else len(part)
            parts.append(part[:cut])
            part = part[cut:]
        part += each
    return [*parts, part]


def _em(each: str) -> float:
    if unicodedata.combining(each):
        return 0
    if unicodedata.east_asian_width(each) in "WF":
        return 1.05
    if each in _NARROW:
        return 0.41
    if each in _WIDE:
        return 1
    return 0.64 if each.islower() else 0.72
