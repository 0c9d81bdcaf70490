"""How a secret may be written: as it is, and as JSON, URLs, HTML and base64 spell it."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from html.entities import codepoint2name
from typing import Any
from urllib.parse import quote, quote_plus

SHORTEST = 4
_PIECE = 200
_MARKS = frozenset("%&\\+")
_SHORT_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", '"': '"', "'": "'", "/": "/"}
_LEAST_BASE64 = 5
_WORDS = frozenset(
    {"role", "user", "assistant", "system", "content", "text", "message", "status", "success", "error", "toolUse"}
    | {"toolUseId", "toolResult", "input", "name", "json", "usage", "reasoningContent", "reasoningText", "value"}
    | {"reason", "prompt", "context", "schema", "choices", "default", "end_turn", "tool_use", "inputTokens"}
    | {"outputTokens", "totalTokens", "inputs", "response", "agent", "type", "approval", "question", "questions"}
)
"""A secret that is one of these would take the messages apart; it would not be one."""
_UNWRITTEN = re.compile(r"[^\w.-]")


class Spellings:
    """Finds secrets in text, however they are spelled.

    Each character may be written as itself, as a JSON escape, percent-encoded or as an HTML reference, also twice
    over; the bytes may be written as base64 (both alphabets, at any place of a longer text) or in hexadecimal.

    Args:
        secrets: The secrets by name; those of fewer than four characters are not looked for.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        import regex

        long_first = sorted(
            ((name, text) for name, text in secrets.items() if len(text) >= SHORTEST and text not in _WORDS),
            key=lambda pair: -len(pair[1]),
        )
        self._labels = [f"[secret {_UNWRITTEN.sub('_', name)}]" for name, _ in long_first]
        texts = [text for _, text in long_first]
        self._values = dict(zip(texts, self._labels, strict=True))
        self._literals = [
            (literal, label)
            for text, label in zip(texts, self._labels, strict=True)
            for literal in dict.fromkeys(_literals(text))
        ]
        escaped = [f"(?P<s{number}>{_escaped(text)})" for number, text in enumerate(texts)]
        whole = [
            f"(?P<s{number}>{'|'.join([_escaped(text), *map(regex.escape, dict.fromkeys(_literals(text)))])})"
            for number, text in enumerate(texts)
        ]
        self._escaped: Any = regex.compile("|".join(escaped) or r"(?!)")
        self._whole: Any = regex.compile("|".join(whole) or r"(?!)")

    def __bool__(self) -> bool:
        return bool(self._labels)

    def scrubbed(self, text: str) -> str:
        """Return text with every secret replaced by its name."""
        if len(text) < SHORTEST:
            return text
        for literal, label in self._literals:
            if literal in text:
                text = text.replace(literal, label)
        if not _MARKS.isdisjoint(text):
            text = str(self._escaped.sub(self._label, text))
        return text

    def scrubbed_data(self, value: Any) -> Any:
        """Return plain data with every secret in it replaced, keys included; the words of messages stay."""
        if isinstance(value, str):
            return value if value in _WORDS else self.scrubbed(value)
        if isinstance(value, (bytes, bytearray)):
            return self._bytes(bytes(value))
        if isinstance(value, Mapping):
            return {self.scrubbed_data(key): self.scrubbed_data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.scrubbed_data(item) for item in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._values.get(str(value), value)
        return value

    def _bytes(self, value: bytes) -> bytes:
        for literal, label in self._literals:
            value = value.replace(literal.encode(), label.encode())
        return value

    def _label(self, match: Any) -> str:
        return self._labels[int(match.lastgroup[1:])]

    def first(self, text: str) -> tuple[int, int, str] | None:
        """Return where the first secret stands in a text that may go on, and what to write in its place.

        A text that ends within what may be a secret gives "" and the end of the text.
        """
        found = self._whole.search(text, partial=True)
        if found is None or found.start() == len(text):
            return None
        return (found.start(), len(text), "") if found.partial else (found.start(), found.end(), self._label(found))


class SpellingStream:
    """Scrubs text that comes in pieces: what may be the beginning of a secret is held back."""

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return what of the text so far holds no secret."""
        self._held += piece
        shown: list[str] = []
        while (found := self._spellings.first(self._held)) is not None:
            start, end, label = found
            shown.append(self._held[:start] + label)
            if not label:
                self._held = self._held[start:]
                return "".join(shown)
            self._held = self._held[end:]
        shown.append(self._held)
        self._held = ""
        return "".join(shown)

    def end(self) -> str:
        """Return what was held back: the text ends here."""
        held, self._held = self._held, ""
        return self._spellings.scrubbed(held)


def _literals(text: str) -> Iterator[str]:
    for piece in _pieces(text):
        yield piece
        if piece != text:
            yield from (json.dumps(piece)[1:-1], quote(piece, safe=""), quote_plus(piece), html.escape(piece))
        data = piece.encode("utf-8", "surrogatepass")
        yield from (data.hex(), data.hex().upper())
        for encoded in _base64(data):
            yield from (encoded, quote(encoded, safe=""))


def _pieces(text: str) -> list[str]:
    """A long secret, such as a key in many lines, is looked for piece by piece."""
    if len(text) <= _PIECE:
        return [text]
    lines = [line[at : at + 64] for line in text.splitlines() for at in range(0, len(line), 64)]
    return [line for line in lines if len(line) >= 16 and not line.startswith("-----")] or [text]


def _base64(data: bytes) -> Iterator[str]:
    """Yield the characters that stand for the data alone, for each of the three places where it may begin."""
    for before, skip in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * before + data).decode()[skip : (before + len(data)) * 8 // 6]
        if len(encoded) >= _LEAST_BASE64:
            yield encoded
            yield encoded.translate(str.maketrans("+/", "-_"))


def _escaped(text: str) -> str:
    if len(text) > _PIECE:
        return r"(?!)"
    found: list[str] = []
    for run in re.findall(r"\\+|[^\\]", text):
        if run[0] == "\\":
            found.append(rf"(?:\\{{{len(run)},{4 * len(run)}}}|{''.join(_character(each) for each in run)})")
        else:
            found.append(_character(run))
    return "".join(found)


def _character(character: str) -> str:
    code = ord(character)
    forms = [re.escape(character)]
    forms.append(
        "".join(f"%(?:25){{0,3}}{_any_case(f'{byte:02x}')}" for byte in character.encode("utf-8", "surrogatepass"))
    )
    named = [codepoint2name[code]] if code in codepoint2name else ["apos"] if character == "'" else []
    numbered = [f"#0{{0,4}}{code}", f"#[xX]0{{0,4}}{_any_case(f'{code:x}')}"]
    forms += [f"&(?:amp;){{0,3}}{name};" for name in (*named, *numbered)]
    units = character.encode("utf-16-be", "surrogatepass")
    forms.append("".join(rf"\\{{1,4}}u{_any_case(units[at : at + 2].hex())}" for at in range(0, len(units), 2)))
    if code < 256:
        forms.append(rf"\\{{1,4}}x{_any_case(f'{code:02x}')}")
    if character in _SHORT_ESCAPES:
        forms.append(rf"\\{{1,4}}{re.escape(_SHORT_ESCAPES[character])}")
    if character == " ":
        forms.append(r"\+")
    return f"(?:{'|'.join(forms)})"


def _any_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
