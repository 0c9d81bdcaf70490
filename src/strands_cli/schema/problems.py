"""A problem in a document: what, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_PROBLEMS = 200
"""Problems of one kind after which nobody reads on."""
_MANY = 200
"""Names beyond which only those are compared that begin alike."""


@dataclass(slots=True, frozen=True)
class Problem:
    """One thing that is wrong in a document.

    Attributes:
        message: What is wrong, and what was expected.
        json_pointer: Where, as RFC 6901 has it.
        line: Counted from 1; 0 when the document has no lines.
        column: Counted from 1; 0 when the document has no lines.
        source: The file, or "".
        hint: What to do, or "".
    """

    message: str
    json_pointer: str = ""
    line: int = 0
    column: int = 0
    source: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = self.place
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}; {self.hint}" if self.hint else text

    @property
    def place(self) -> str:
        """File, line and column as editors understand them, else the pointer."""
        parts = [self.source] if self.source else []
        if self.line:
            parts += [str(self.line), str(self.column)]
        elif self.json_pointer:
            parts.append(self.json_pointer)
        return ":".join(parts)


def pointer(path: Sequence[str | int]) -> str:
    """Return a path of keys and indexes as a JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a hint that names the nearest of the known words, else some of them."""
    names = list(dict.fromkeys(known))
    near = nearest(word, names)
    if near:
        return f"did you mean {near!r}?"
    if not names:
        return ""
    shown = ", ".join(repr(name) for name in names[:12])
    return f"expected one of {shown}" + (" ..." if len(names) > 12 else "")


def nearest(word: object, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like this one, or None."""
    from difflib import get_close_matches

    wanted = str(word)[:100].lower().replace("-", "_")
    folded = {name.lower().replace("-", "_"): name for name in reversed(list(known))}
    if len(folded) > _MANY:
        folded = {each: name for each, name in folded.items() if each[:1] == wanted[:1]}
        folded = dict(list(folded.items())[:_MANY])
    match = get_close_matches(wanted, folded, n=1, cutoff=0.6)
    return folded[match[0]] if match else None
