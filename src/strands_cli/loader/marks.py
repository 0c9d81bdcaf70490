"""Where everything of a document stands: line and column of each key and value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from strands_cli.loader.walk import Path, child
from strands_cli.schema.problems import Problem, pointer


class Mark(NamedTuple):
    """A place in a file; line and column count from 1."""

    source: str
    line: int
    column: int


Places: TypeAlias = dict[str | int, tuple[Mark, Mark]]
"""The places of the keys and of the values of a container."""


class Marks:
    """The marks of a tree of dicts and lists, kept by the identity of their containers.

    Args:
        source: What the document is called.

    Attributes:
        root: Where the document begins.
        known: A container's identity to it, and to where its keys and values stand; readers of documents add to it.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.known: dict[int, tuple[object, Places]] = {}
        self.root: Mark = Mark(source, 1, 1)

    def add(self, container: object, places: Places) -> None:
        """Say where the keys and values of a container stand."""
        self.known[id(container)] = (container, places)

    def of(self, container: object) -> Places:
        """Return the places of a container's keys and values; empty when unknown."""
        return self.known.get(id(container), (None, {}))[1]

    def take(self, other: Marks) -> None:
        """Take over what another document's marks know."""
        self.known.update(other.known)

    def find(self, data: object, path: Sequence[str | int], *, key: bool = False) -> Mark | None:
        """Return where `path` stands, or the nearest container of it that exists."""
        found: Mark | None = self.root if self.known else None
        for index, part in enumerate(path):
            place = self.of(data).get(part)
            if place is None:
                return found
            found = place[0] if key and index == len(path) - 1 else place[1]
            data = child(data, part)
        return found

    def problem(self, data: object, path: Path, message: str, *, hint: str = "", key: bool = False) -> Problem:
        """Return a problem at `path`; `key` points to the key instead of the value."""
        mark = self.find(data, path, key=key)
        if mark is None:
            return Problem(message, pointer(path), source=self.source, hint=hint)
        return Problem(message, pointer(path), mark.line, mark.column, mark.source, hint)


class Locator:
    """Knows where the parts of one document stand. Specs that say the same are equal wherever they stand."""

    def __init__(self, data: object, marks: Marks) -> None:
        self._data, self._marks = data, marks

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Locator)

    def __hash__(self) -> int:
        return hash(Locator)

    def problem(self, path: Path, message: str, *, hint: str = "", key: bool = False) -> Problem:
        """Return a problem at `path`; see `Marks.problem`."""
        return self._marks.problem(self._data, path, message, hint=hint, key=key)
