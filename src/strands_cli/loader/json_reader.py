"""JSON to plain data with marks; duplicate keys and deep nesting are refused."""

from __future__ import annotations

import re
from json import decoder
from typing import Any, NoReturn

from strands_cli.loader.errors import LoadError
from strands_cli.loader.marks import Mark, Marks
from strands_cli.loader.yaml_reader import MAX_DEPTH
from strands_cli.schema.problems import Problem

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS = {"true": True, "false": False, "null": None}


def read_json(text: str, source: str) -> tuple[object, Marks]:
    """Return the data of a JSON document and where everything stands.

    Raises:
        LoadError: The text is not JSON.
    """
    return _Reader(text, source).read()


class _Reader:
    def __init__(self, text: str, source: str) -> None:
        self.text, self.source, self.marks = text, source, Marks(source)
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.at = 0

    def read(self) -> tuple[object, Marks]:
        self._space()
        if self.at == len(self.text):
            raise LoadError(Problem("the document is empty", "", 1, 1, self.source))
        self.marks.root = self._mark()
        value = self._value(0)
        self._space()
        if self.at != len(self.text):
            self._fail("more text after the end of the document")
        return value, self.marks

    def _value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            self._fail(f"the document is nested more than {MAX_DEPTH} levels deep")
        start = self.text[self.at : self.at + 1]
        if start == "{":
            return self._object(depth)
        if start == "[":
            return self._array(depth)
        if start == '"':
            return self._string()
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self._number()

    def _object(self, depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        places: dict[str | int, tuple[Mark, Mark]] = {}
        self.at += 1
        while not self._ends("}", first=not value):
            key_mark = self._mark()
            if self.text[self.at : self.at + 1] != '"':
                self._fail("a key in double quotes was expected")
            key_at, key = self.at, self._string()
            if key in value:
                self._fail(f"key {key!r} is written twice; first in line {places[key][0].line}", key_at)
            self._space()
            if self.text[self.at : self.at + 1] != ":":
                self._fail("':' was expected")
            self.at += 1
            self._space()
            places[key] = (key_mark, self._mark())
            value[key] = self._value(depth + 1)
        self.marks.known[id(value)] = value, places
        return value

    def _array(self, depth: int) -> list[Any]:
        value: list[Any] = []
        places: dict[str | int, tuple[Mark, Mark]] = {}
        self.at += 1
        while not self._ends("]", first=not value):
            mark = self._mark()
            places[len(value)] = (mark, mark)
            value.append(self._value(depth + 1))
        self.marks.known[id(value)] = value, places
        return value

    def _ends(self, end: str, *, first: bool) -> bool:
        """Go to the next item, or past the end of the container."""
        self._space()
        found = self.text[self.at : self.at + 1]
        if found == end:
            self.at += 1
            return True
        if first:
            return False
        if found != ",":
            self._fail(f"',' or {end!r} was expected")
        self.at += 1
        self._space()
        return False

    def _string(self) -> str:
        try:
            text, self.at = decoder.scanstring(self.text, self.at + 1, True)  # type: ignore[attr-defined]
        except ValueError as error:
            self._fail(str(getattr(error, "msg", error)), getattr(error, "pos", self.at))
        if _SURROGATE.search(text):
            self._fail("half of a surrogate pair is not a character")
        return str(text)

    def _number(self) -> int | float:
        match = _NUMBER.match(self.text, self.at)
        if not match:
            self._fail("a value was expected")
        if match.end() - match.start() > 1000:
            self._fail("this number is too long")
        number = float(match[0]) if match[2] or match[3] else int(match[0])
        if number in (float("inf"), float("-inf")):
            self._fail(f"number {match[0][:40]!r} is too large")
        self.at = match.end()
        return number

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()

    def _mark(self, at: int | None = None) -> Mark:
        from bisect import bisect_right

        place = self.at if at is None else at
        line = bisect_right(self.starts, place)
        return Mark(self.source, line, place - self.starts[line - 1] + 1)

    def _fail(self, message: str, at: int | None = None) -> NoReturn:
        mark = self._mark(at)
        raise LoadError(Problem(f"not valid JSON: {message}", "", mark.line, mark.column, self.source))
