"""YAML 1.2 to plain data with marks. No tags, no duplicate keys, and no document that grows when it is read.

Scalars are resolved by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from strands_cli.loader.errors import LoadError
from strands_cli.loader.marks import Mark, Marks
from strands_cli.schema.problems import Problem

MAX_DEPTH = 100
MAX_EXPANDED = 100_000

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER_START = frozenset("0123456789+-.")


@dataclass(slots=True)
class _Open:
    """A container that is being read."""

    value: Any
    mark: Mark
    anchor: str | None
    places: dict[str | int, tuple[Mark, Mark]] = field(default_factory=dict)
    key: str | None = None
    key_mark: Mark | None = None
    merges: list[tuple[Any, Mark]] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True)
class _Anchored:
    value: Any
    size: int


def read_yaml(text: str, source: str) -> tuple[object, Marks]:
    """Return the data of a YAML document and where everything stands.

    Raises:
        LoadError: The text is not YAML 1.2, or uses what a spec may not.
    """
    return _Reader(text, source).read()


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yield from YAML(typ="safe", pure=True).parse(text)


class _Reader:
    def __init__(self, text: str, source: str) -> None:
        self.text, self.source, self.marks = text, source, Marks(source)
        self.stack: list[_Open] = []
        self.anchors: dict[str, _Anchored] = {}
        self.expanded = 0
        self.result: object = None
        self.documents = 0

    def read(self) -> tuple[object, Marks]:
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            for event in _events(self.text):
                getattr(self, "_" + type(event).__name__, self._ignore)(event)
        except MarkedYAMLError as error:
            raise self._malformed(error) from None
        except (YAMLError, ValueError, OverflowError, AttributeError, IndexError, TypeError, AssertionError) as error:
            raise self._unreadable(error) from None
        except RecursionError:
            raise LoadError(Problem("the document is nested too deeply", "", 1, 1, self.source)) from None
        if not self.documents:
            raise LoadError(
                Problem("the document is empty", "", 1, 1, self.source), hint="A spec starts with `version: 0`."
            )
        return self.result, self.marks

    # what the parser reports

    def _ignore(self, event: Any) -> None:
        pass

    def _DocumentStartEvent(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self._refused(event, "a second document starts here", "Write one spec in one file.")

    def _MappingStartEvent(self, event: Any) -> None:
        self._open(event, {})

    def _SequenceStartEvent(self, event: Any) -> None:
        self._open(event, [])

    def _MappingEndEvent(self, event: Any) -> None:
        self._close()

    def _SequenceEndEvent(self, event: Any) -> None:
        self._close()

    def _ScalarEvent(self, event: Any) -> None:
        self._no_tag(event)
        plain = event.style is None or event.style == ""
        if event.style == '"' and _SURROGATE.search(event.value):
            event.value = self._paired(event)
        top = self.stack[-1] if self.stack else None
        if top is not None and type(top.value) is dict and top.key is None:
            self._key(top, event, plain)
            return
        value = self._scalar(event) if plain else event.value
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value, 1 + len(event.value) // 64)
        self._put(value, self._mark(event), 1 + len(event.value) // 64)

    def _AliasEvent(self, event: Any) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            inside = any(each.anchor == event.anchor for each in self.stack)
            cause = "refers to itself" if inside else "has no anchor before it"
            raise self._refused(event, f"alias {'*' + event.anchor!r} {cause}")
        self.expanded += known.size
        if self.expanded > MAX_EXPANDED:
            raise self._refused(event, f"aliases make this document grow beyond {MAX_EXPANDED} values")
        top = self.stack[-1] if self.stack else None
        if top is not None and type(top.value) is dict and top.key is None:
            raise self._refused(event, "an alias cannot be a key")
        self._put(known.value, self._mark(event), known.size)

    # building

    def _open(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        self._no_tag(event)
        top = self.stack[-1] if self.stack else None
        if top is not None and type(top.value) is dict and top.key is None:
            raise self._refused(event, "a key must be a single word or text")
        if len(self.stack) >= MAX_DEPTH:
            raise self._refused(event, f"the document is nested more than {MAX_DEPTH} levels deep")
        self.stack.append(_Open(value, self._mark(event), event.anchor))

    def _close(self) -> None:
        done = self.stack.pop()
        for source, mark in done.merges:
            self._merge(done, source, mark)
        self.marks.known[id(done.value)] = done.value, done.places
        if done.anchor:
            self.anchors[done.anchor] = _Anchored(done.value, done.size)
        self._put(done.value, done.mark, done.size)

    def _key(self, top: _Open, event: Any, plain: bool) -> None:
        if plain and event.value == "<<":
            top.key, top.key_mark = "<<", None
            return
        if event.value in top.places:
            first = top.places[event.value][0]
            raise self._refused(event, f"key {event.value!r} is written twice; first in line {first.line}")
        top.key, top.key_mark = event.value, self._mark(event)

    def _put(self, value: object, mark: Mark, size: int) -> None:
        if not self.stack:
            self.result, self.marks.root = value, mark
            return
        top = self.stack[-1]
        top.size += size
        if type(top.value) is list:
            top.places[len(top.value)] = (mark, mark)
            top.value.append(value)
            return
        key, top.key = top.key, None
        if top.key_mark is None:
            top.merges.append((value, mark))
            return
        assert key is not None
        top.value[key] = value
        top.places[key] = (top.key_mark, mark)
        top.key_mark = None

    def _merge(self, into: _Open, value: object, mark: Mark) -> None:
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, dict):
                problem = Problem(
                    "a merge (<<) takes a mapping or a list of mappings", "", mark.line, mark.column, self.source
                )
                raise LoadError(problem)
            places = self.marks.of(each)
            self.expanded += len(each)
            for key in each.keys() - into.value.keys():
                into.value[key] = each[key]
                into.places[key] = places[key]

    def _scalar(self, event: Any) -> object:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_START:
            return text
        if _INT.match(text):
            return self._integer(event, text)
        if _FLOAT.match(text):
            number = float(text)
            if number in (float("inf"), float("-inf")):
                raise self._refused(event, f"number {text[:40]!r} is too large")
            return number
        if _NOT_JSON.match(text):
            raise self._refused(event, f"{text!r} is not a number that JSON can hold")
        return text

    def _paired(self, event: Any) -> str:
        """Return a text in which the halves that JSON writes for one character are put together."""
        try:
            return str(event.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self._refused(event, "half of a surrogate pair is not a character") from None

    def _integer(self, event: Any, text: str) -> int:
        if len(text) > 1000:
            raise self._refused(event, f"number of {len(text)} digits is too large")
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))

    # saying what is wrong

    def _mark(self, event: Any) -> Mark:
        start = event.start_mark
        return Mark(self.source, start.line + 1, start.column + 1)

    def _no_tag(self, event: Any) -> None:
        tag = event.tag
        if tag is not None:
            raise self._refused(event, f"tag {str(tag)!r} is not allowed", "Write the value without a tag.")

    def _refused(self, event: Any, message: str, hint: str = "") -> LoadError:
        mark = self._mark(event)
        return LoadError(Problem(message, "", mark.line, mark.column, self.source), hint=hint)

    def _malformed(self, error: Any) -> LoadError:
        mark = error.problem_mark or error.context_mark
        cause = " ".join(part for part in (error.context, error.problem) if part).replace("\n", " ")
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return LoadError(Problem(f"not valid YAML: {cause}", "", line, column, self.source))

    def _unreadable(self, error: Exception) -> LoadError:
        position = getattr(error, "position", 0) or 0
        before = self.text[:position]
        line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
        cause = getattr(error, "reason", None) or str(error) or type(error).__name__
        return LoadError(Problem(f"not valid YAML: {cause}", "", line, column, self.source))
