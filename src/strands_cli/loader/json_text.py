"""JSON in what a model writes: found wherever it stands, mended where nothing is guessed, refused when it is broken."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

MAX_DEPTH = 100

_WORDS = {"True": "true", "False": "false", "None": "null"}
_DOUBLE = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_SINGLE = r"'[^'\\]*(?:\\.[^'\\]*)*'"
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_WORD = r"true|false|null|True|False|None"
_TOKEN = re.compile(
    rf"\s*(?:(?P<text>{_DOUBLE})|(?P<quoted>{_SINGLE})|(?P<plain>{_NUMBER}|{_WORD})|([\[\]{{}},:]))", re.S
)
_OPENING = re.compile(r"[\[{]")
_RUN = re.compile(r"[\[{][\s\[{]*")
_LIKE_JSON = re.compile(rf"[\"'\]}}]|(?:{_NUMBER}|{_WORD})\s*[,\]]|\Z")
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)(?:```|\Z)", re.S)
_BETWEEN = re.compile(r"[\s,;]*")


class BrokenJsonError(ValueError):
    """A text holds JSON that is cut off, malformed or ambiguous; the message says how."""


class Found(NamedTuple):
    """A JSON value in a text, and whether it was set apart: all of the text, or all of a fenced block."""

    value: Any
    apart: bool


def find(text: str) -> list[Found]:
    """Return the JSON values of a text, in its order: all of it, those in fenced blocks, objects and arrays inside.

    Trailing commas, line breaks inside texts and Python's spelling (`{'a': None}`) are mended. Objects, or arrays, that
    follow each other with nothing between are one list of them. No value is a part of another.

    Raises:
        BrokenJsonError: Something in the text begins like JSON and is not whole: what is left of it means nothing.
    """
    whole = _scalar(text)
    if whole:
        return [Found(whole[0], True)]
    fences = [(block.start(1), block.end(1)) for block in _FENCE.finditer(text)]
    groups = list(_groups(text))
    alone = len(groups) == 1 and not _other(text, groups[0])
    found = [Found(group.value, alone or _fenced(text, group, fences)) for group in groups]
    if not found:
        found = [Found(value, True) for start, end in fences for value in _scalar(text[start:end])]
    return found


def whole(text: str) -> Any:
    """Return the JSON value that all of a text is; raises BrokenJsonError when it is not one, or has more beside it."""
    found = find(text)
    if len(found) != 1 or not found[0].apart or "```" in text:
        raise BrokenJsonError("it is not one JSON value and nothing else")
    return found[0].value


class _Group(NamedTuple):
    value: Any
    start: int
    end: int


def _groups(text: str) -> Iterator[_Group]:
    """Yield the values of a text; those of one kind with nothing between them as one list."""
    row: list[tuple[Any, int, int]] = []
    for value, start, end in _values(text):
        follows = bool(row) and type(row[-1][0]) is type(value) and _BETWEEN.fullmatch(text, row[-1][2], start)
        if row and not follows:
            yield _grouped(row)
            row = []
        row.append((value, start, end))
    if row:
        yield _grouped(row)


def _grouped(row: list[tuple[Any, int, int]]) -> _Group:
    value = row[0][0] if len(row) == 1 else [each for each, _, _ in row]
    return _Group(value, row[0][1], row[-1][2])


def _values(text: str) -> Iterator[tuple[Any, int, int]]:
    """Yield the objects and arrays of a text and where each stands."""
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        start = opening.start()
        run = _RUN.match(text, start)
        assert run is not None
        if _LIKE_JSON.match(text, run.end()) is None:
            at = run.end()  # prose, or a placeholder
            continue
        end, source = _mended(text, start)
        yield _loaded(source), start, end
        behind = text[end : end + 100].lstrip()[:1]
        if behind in ("]", "}"):
            raise BrokenJsonError(f"its JSON is not whole: {text[start:end][:40]!r} is a part of something")
        at = end


def _mended(text: str, start: int) -> tuple[int, str]:
    """Return where the value that begins at `start` ends, and what it says in proper JSON."""
    tokens: list[str] = []
    depth, at = 0, start
    while True:
        token = _TOKEN.match(text, at)
        if token is None:
            raise BrokenJsonError(_why(text, at))
        at = token.end()
        written = token[token.lastindex or 0]
        if written in ("]", "}") and tokens[-1] == "," and tokens[-2] not in (",", "[", "{"):
            tokens.pop()
        tokens.append(_requoted(written) if token.lastgroup == "quoted" else _WORDS.get(written, written))
        depth += (written in ("[", "{")) - (written in ("]", "}"))
        if depth > MAX_DEPTH:
            raise BrokenJsonError(f"its JSON is nested more than {MAX_DEPTH} levels deep")
        if depth == 0:
            return at, " ".join(tokens)


def _why(text: str, at: int) -> str:
    rest = text[at : at + 40].strip()
    return f"its JSON is malformed at {rest!r}" if rest and rest[0] not in "\"'" else "its JSON is cut off"


def _requoted(written: str) -> str:
    inside = re.sub(r"\\(.)|\"", lambda found: _ESCAPES.get(found[0], found[0]), written[1:-1], flags=re.S)
    return f'"{inside}"'


_ESCAPES = {"\\'": "'", '"': '\\"'}


def _loaded(source: str) -> Any:
    try:
        return json.loads(
            source, strict=False, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite
        )
    except BrokenJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise BrokenJsonError(f"its JSON is malformed: {getattr(error, 'msg', error)}") from None


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise BrokenJsonError(f"its JSON has the key {key[:40]!r} twice")
        made[key] = value
    return made


def _no_number(word: str) -> Any:
    raise BrokenJsonError(f"{word} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BrokenJsonError(f"the number {digits[:40]} is too large")
    return number


def _scalar(text: str) -> list[Any]:
    """Return the text, number, truth value or null that all of `text` is, if it is one."""
    if _OPENING.match(text.strip()):
        return []
    try:
        return [_loaded(text)]
    except BrokenJsonError:
        return []


def _other(text: str, group: _Group) -> bool:
    return bool(_BETWEEN.sub("", text[: group.start] + text[group.end :]))


def _fenced(text: str, group: _Group, fences: list[tuple[int, int]]) -> bool:
    """Whether a value is all that a fenced block holds."""
    around = [(start, end) for start, end in fences if start <= group.start and group.end <= end]
    return any(not (text[start : group.start] + text[group.end : end]).strip() for start, end in around)
