"""Untrusted text on a terminal: what could act on the terminal, or hide in it, is shown as an escape.

Rule after Unicode TR36, UTS 39 and CVE-2021-42574: a control character, a bidirectional override, an invisible
character and a lone surrogate are never sent; their code is printed instead. Nothing is left out. Joiners and
variation selectors stay where an emoji or a script is drawn with them.
"""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache
from typing import Any, NamedTuple

_ASCII_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_ALWAYS = r"\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\uffff\p{Noncharacter_Code_Point}"
_FORMAT = r"(?!\p{Prepended_Concatenation_Mark})\p{Cf}"
_BLANK = r"(?! )\p{Zs}|[\u2800\p{Co}\p{Cn}]"
_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in name) + "\U000e007f"
    for name in ("gbeng", "gbsct", "gbwls")
)
_SIGN = r"\p{Extended_Pictographic}(?:(?<!\p{Emoji_Presentation})\ufe0f|\p{Emoji_Modifier})?"
_EMOJI = rf"[0-9#*]\ufe0f\u20e3|{_FLAGS}|{_SIGN}(?:\u200d{_SIGN})*"
_WITH_JOINERS = (
    *("Arabic", "Syriac", "Mongolian", "Nko", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil"),
    *("Telugu", "Kannada", "Malayalam", "Sinhala", "Tibetan", "Myanmar", "Khmer"),
)
_JOINED = "".join(rf"\p{{Script={name}}}" for name in _WITH_JOINERS)
_EAST = {"CJK": "East Asian", "HIRAGANA": "East Asian", "KATAKANA": "East Asian", "HANGUL": "East Asian"}
_EAST |= {"KATAKANA-HIRAGANA": "East Asian", "BOPOMOFO": "East Asian", "IDEOGRAPHIC": "East Asian"}
_LIKE_LATIN = frozenset("асԁеһіјӏорԛѕԝхуАВЕЅІЈКМНОРСТХУԌԚԜᴦοανρυιΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
_MOST_LETTERS = 8
_UNDECIDED = "\r\u200d\ufe0f"
_CONTEXT = 3
_TAB = "    "
_LONGEST_WORD = 20
"""Characters at most that are left out so that a text does not end within a word."""


class _Patterns(NamedTuple):
    prose: Any
    exact: Any
    token: Any
    word: Any
    letter: Any
    foreign: Any


def visible(text: object) -> str:
    """Return `text` fit to be printed: newlines stay, tabs become spaces, what is unsafe becomes its escape."""
    plain = text if isinstance(text, str) else str(text)
    if plain.isascii():
        return _ascii(plain)
    return _escaped(_patterns().prose, plain)


def unambiguous(text: object) -> str:
    """Return `text` as somebody who approves it has to see it.

    Beyond `visible`, blanks other than the space and every joiner outside an emoji are shown as their escapes, and a
    word with letters of several scripts is marked: "paypal" with a Cyrillic "a" is followed by the letters that are
    not Latin.
    """
    plain = text if isinstance(text, str) else str(text)
    if plain.isascii():
        return _ascii(plain)
    patterns = _patterns()
    if patterns.foreign.search(plain):
        plain = patterns.token.sub(lambda match: _marked(match[0]), plain)
    return _escaped(patterns.exact, plain)


def one_line(text: object, limit: int = 0) -> str:
    """Return `text` on one line, newlines shown as `\\n`; cut to `limit` characters (0: no limit)."""
    return _cut(visible(text), limit)


def exact_line(text: object, limit: int = 0) -> str:
    """Return `one_line` of what somebody approves: see `unambiguous`."""
    return _cut(unambiguous(text), limit)


def _cut(shown: str, limit: int) -> str:
    plain = shown.replace("\n", "\\n")
    if not limit or len(plain) <= limit:
        return plain
    word = plain.rfind(" ", max(limit // 2, limit - _LONGEST_WORD), limit)
    return f"{plain[: word if word > 0 else limit - 1].rstrip()}…"


class VisibleStream:
    """Makes text that comes in pieces `visible`: what the next piece decides about is held back until then."""

    def __init__(self) -> None:
        self._before = ""
        self._held = ""

    def feed(self, piece: object) -> str:
        """Return what of the text so far can be printed now."""
        text = self._held + str(piece)
        body = text.rstrip(_UNDECIDED)
        self._held = text[len(body) :]
        return self._shown(body)

    def end(self) -> str:
        """Return what was held back: the text ends here."""
        held, self._held = self._held, ""
        shown = self._shown(held)
        self._before = ""
        return shown

    def _shown(self, text: str) -> str:
        """A character is judged by what stands before it, too."""
        before, self._before = self._before, (self._before + text)[-_CONTEXT:]
        if text.isascii():
            return visible(text)
        return visible(before + text)[len(visible(before)) :]


def put(text: str, end: str | None = None) -> None:
    """Print `text` at once; characters that the standard output cannot encode are printed as their escapes."""
    shown = encodable(text)
    print(shown) if end is None else print(shown, end=end)
    sys.stdout.flush()


def encodable(text: str) -> str:
    """Return `text` with escapes in place of what the standard output cannot encode."""
    if text.isascii():
        return text
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


@cache
def _patterns() -> _Patterns:
    """Built when the first text comes that is not ASCII: most programs never need it."""
    import regex

    joined = rf"(?<=[{_JOINED}])[\u200c\u200d]"
    return _Patterns(
        prose=regex.compile(rf"(?P<kept>{_EMOJI}|{joined}|\n)|{_FORMAT}|[{_ALWAYS}]"),
        exact=regex.compile(rf"(?P<kept>{_EMOJI}|\n)|{_FORMAT}|[{_ALWAYS}]|{_BLANK}"),
        token=regex.compile(r"(?<!\S)[^\s\P{ASCII}]*+\S++"),
        word=regex.compile(r"[\p{L}\p{M}\p{N}\p{Default_Ignorable_Code_Point}]++"),
        letter=regex.compile(r"(?!\p{Script=Common}|\p{Script=Inherited})\p{L}"),
        foreign=regex.compile(r"(?!\p{ASCII})\p{L}"),
    )


def _ascii(text: str) -> str:
    if text.isprintable():
        return text
    return _ASCII_UNSAFE.sub(_escape, text.replace("\r\n", "\n").replace("\t", _TAB))


def _escaped(pattern: Any, text: str) -> str:
    return str(pattern.sub(_kept_or_escaped, text.replace("\r\n", "\n").replace("\t", _TAB)))


def _kept_or_escaped(match: Any) -> str:
    return str(match[0]) if match["kept"] is not None else _escape(match)


def _escape(match: Any) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(maxsize=256)
def _marked(token: str) -> str:
    """A word that only looks Latin counts as mixed where the token has Latin letters too: in a host, a path."""
    latin = any(letter.isascii() and letter.isalpha() for letter in token)
    parts: list[str] = []
    end = 0
    for word in _patterns().word.finditer(token):
        if not word[0].isascii():
            parts += [token[end : word.end()], _mark(word[0], latin)]
            end = word.end()
    return "".join(parts) + token[end:]


def _mark(word: str, beside_latin: bool) -> str:
    scripts: dict[str, list[str]] = {}
    for letter in dict.fromkeys(_patterns().letter.findall(word)):
        scripts.setdefault(_script(letter), []).append(letter)
    alike = (
        beside_latin and bool(scripts) and all(letter in _LIKE_LATIN for each in scripts.values() for letter in each)
    )
    if not alike and (len(scripts) < 2 or scripts.keys() == {"Latin", "East Asian"}):
        return ""
    usual = "Latin" if "Latin" in scripts or alike else max(scripts, key=lambda name: len(scripts[name]))
    odd = {name: letters for name, letters in scripts.items() if name != usual}
    return f"[mixed scripts: {'; '.join(_listed(name, letters) for name, letters in odd.items())}]"


def _listed(script: str, letters: list[str]) -> str:
    codes = " ".join(letter.encode("ascii", "backslashreplace").decode() for letter in letters[:_MOST_LETTERS])
    return f"{script} {codes}{' ...' if len(letters) > _MOST_LETTERS else ''}"


def _script(letter: str) -> str:
    import unicodedata

    name = unicodedata.name(letter, "unknown").removeprefix("HALFWIDTH ").removeprefix("FULLWIDTH ").partition(" ")[0]
    return _EAST.get(name, name.title())
