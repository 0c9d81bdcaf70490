"""Lines for people in a terminal: folded between words; a command stands on a line of its own, so it can be copied."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterator
from typing import TextIO

_COMMAND = re.compile(r"(?P<before>.*\S):?\s(?P<command>strands (?:--store \S+ )?(?:resume|sessions) \S.*)", re.DOTALL)
_SENTENCE = re.compile(r"[.,;](?:\s|$)")
"""What goes on behind a command, so that this is no line to copy."""

_BAR = "  | "


def laid_out(text: str, stream: TextIO | None) -> str:
    """Return text as it is printed on a stream: on a terminal no line is broken within a word; else as it is."""
    from strands_cli.terminal.device import is_terminal

    if stream is None or not is_terminal(stream):
        return text
    columns = shutil.get_terminal_size().columns
    return "\n".join(part for line in text.split("\n") for part in _parts(line, columns))


def quoted(line: str, stream: TextIO) -> Iterator[str]:
    """Yield a line of somebody's text behind a bar; on a terminal folded between words, with every space of it."""
    from strands_cli.terminal.device import is_terminal

    parts = [line]
    if is_terminal(stream):
        columns = shutil.get_terminal_size().columns - len(_BAR) - 1  # a space at which it is folded ends the line
        parts = textwrap.wrap(
            line, columns, expand_tabs=False, replace_whitespace=False, drop_whitespace=False, break_on_hyphens=False
        )
        for number in range(1, len(parts)):
            if parts[number][0] == " " and parts[number].strip():
                parts[number - 1] += " "
                parts[number] = parts[number][1:]
    yield from (f"{_BAR}{part}" for part in parts or [""])


def _parts(line: str, columns: int) -> Iterator[str]:
    if len(line) <= columns:
        yield line
        return
    found = _COMMAND.fullmatch(line)
    if found is None or _SENTENCE.search(found["command"]):
        yield from _words(line, columns)
        return
    indent = len(line) - len(line.lstrip())
    yield from _words(f"{found['before'].rstrip(':')}:", columns)
    yield f"{' ' * (indent + 2)}{found['command']}"


def _words(line: str, columns: int) -> list[str]:
    indent = len(line) - len(line.lstrip())
    return textwrap.wrap(
        line.strip(),
        columns,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def shortened(id: str, width: int) -> str:
    """Return an id that is at most so wide: its middle is left out, for what tells it from others is at its ends.

    Of a step's key the first word goes, if that will do: what tells `branches/one` from others is not `branches`.
    """
    if len(id) <= width:
        return id
    below = id.partition("/")[2]
    if "/" in below and len(below) + 2 <= width:
        return f"…/{below}"
    kept = max(width - 1, 2)
    return f"{id[: kept - kept // 2]}…{id[len(id) - kept // 2 :]}"
