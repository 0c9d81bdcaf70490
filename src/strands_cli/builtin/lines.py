"""grep, head, tail and search: files are looked at line by line, never held as a whole."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from strands.tools.decorator import tool
from strands_cli.builtin import ToolAccess

MOST_MATCHES = 200
MOST_LINE = 2_000
MOST_BYTES = 50_000_000
MOST_TAIL = 5_000_000
SECONDS = 0.5
MOST_PATTERN = 1_000

Test = Callable[[str], bool]


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool `name` for a place."""
    return {"grep": _grep, "search": _search, "head": _head, "tail": _tail}[name](place)


def _grep(place: ToolAccess) -> Any:
    @tool
    def grep(
        pattern: str, path: str = ".", context_lines: int = 0, ignore_case: bool = False, max_matches: int = 50
    ) -> str:
        """Find the lines of a file, or of all files below a directory, that match a regular expression.

        Args:
            pattern: The regular expression.
            path: A file or directory.
            context_lines: Lines to show before and after each match.
            ignore_case: Whether upper and lower case are the same.
            max_matches: How many matches to show at most.
        """
        import regex

        if len(pattern) > MOST_PATTERN:
            raise ValueError(f"a regular expression may have {MOST_PATTERN:,} characters")
        try:
            compiled = regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
        except (regex.error, RecursionError) as error:
            raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error

        def test(line: str) -> bool:
            try:
                return compiled.search(line, timeout=SECONDS) is not None
            except TimeoutError:
                raise ValueError(f"{pattern!r} takes too long on a line; write it simpler") from None

        return _found(place, path, test, min(max(context_lines, 0), 50), max_matches)

    return grep


def _search(place: ToolAccess) -> Any:
    @tool
    def search(query: str, path: str = ".", max_matches: int = 50) -> str:
        """Find the lines of a file, or of all files below a directory, that hold a text; case does not matter.

        Args:
            query: The text.
            path: A file or directory.
            max_matches: How many lines to show at most.
        """
        folded = query.casefold()
        if not folded:
            raise ValueError("the text to search for is empty")
        return _found(place, path, lambda line: folded in line.casefold(), 0, max_matches)

    return search


def _head(place: ToolAccess) -> Any:
    @tool
    def head(path: str, lines: int = 20) -> str:
        """Read the first lines of a text file.

        Args:
            path: The file.
            lines: How many.
        """
        with place.files.open(path) as file:
            return "\n".join(islice(_lines(file, path), min(max(lines, 1), 2_000))) or "[the file is empty]"

    return head


def _tail(place: ToolAccess) -> Any:
    @tool
    def tail(path: str, lines: int = 20) -> str:
        """Read the last lines of a text file.

        Args:
            path: The file.
            lines: How many.
        """
        with place.files.open(path) as file:
            file.seek(max(file.seek(0, os.SEEK_END) - MOST_TAIL, 0))
            if file.tell():
                file.readline()  # the rest of a line that began before
            return "\n".join(deque(_lines(file, path), min(max(lines, 1), 2_000))) or "[the file is empty]"

    return tail


def _found(place: ToolAccess, path: str, test: Test, context: int, most: int) -> str:
    most = min(max(most, 1), MOST_MATCHES)
    deadline = time.monotonic() + place.seconds
    shown: list[str] = []
    matches = 0
    for name, file in place.files.files(path):
        with file:
            try:
                for block in _matches(_timely(_lines(file, name), deadline), test, context):
                    if matches == most:
                        return "\n".join([*shown, f"[stopped after {most} matches]"])
                    matches += 1
                    shown += [f"{name}{line}" for line in block]
                    shown += ["--"] if context else []
            except UnicodeError:
                continue
            except _TooLong:
                shown.append(f"[of {name} only the first {MOST_BYTES:,} bytes were looked at]")
            except TimeoutError:
                return "\n".join([*shown, f"[stopped after {place.seconds:g} s at {name}: look at fewer files]"])
    return "\n".join(shown) if shown else "No line matches."


class _TooLong(Exception):
    """A file goes on beyond what is looked at."""


def _timely(lines: Iterator[str], deadline: float) -> Iterator[str]:
    """Yield lines until the time for all of them is over."""
    for line in lines:
        if time.monotonic() > deadline:
            raise TimeoutError
        yield line


def _matches(lines: Iterator[str], test: Test, context: int) -> Iterator[list[str]]:
    """Yield each matching line with the lines around it; a line is shown once."""
    before: deque[str] = deque(maxlen=context)
    block: list[str] = []
    after = 0
    for number, line in enumerate(lines, 1):
        if test(line):
            if block:
                yield block
            block = [*before, f":{number}: {line}"]
            before.clear()
            after = context
        elif block and after:
            block.append(f"-{number}- {line}")
            after -= 1
        else:
            before.append(f"-{number}- {line}")
        if block and not after:
            yield block
            block = []
    if block:
        yield block


def _lines(file: BinaryIO, path: str) -> Iterator[str]:
    read = 0
    while raw := file.readline(1_000_000):
        if b"\0" in raw:
            raise UnicodeError(f"{path!r} is not a text file")
        read += len(raw)
        if read > MOST_BYTES:
            raise _TooLong
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        yield line if len(line) <= MOST_LINE else line[:MOST_LINE] + " [cut off]"
