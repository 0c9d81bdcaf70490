"""What a server that runs as a process writes to its standard error: escaped, and said whose it is."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

from strands._terminal import visible

LONGEST = 4096
"""Characters of a line that are shown; a server may write without end and without a newline."""


@contextlib.contextmanager
def relayed(name: str) -> Iterator[TextIO]:
    """Yield a file for a process to write its errors to; they reach this process's standard error, line by line.

    Args:
        name: What the server is called; put before each line.
    """
    reading, writing = os.pipe()
    relay = threading.Thread(target=_relay, args=(reading, name), name=f"strands-mcp-errors-{name}", daemon=True)
    relay.start()
    file = os.fdopen(writing, "w", encoding="utf-8", errors="replace")
    try:
        yield file
    finally:
        file.close()  # the relay ends once the process, too, has closed its end


def _relay(reading: int, name: str) -> None:
    with os.fdopen(reading, "rb", buffering=0) as source:
        rest = b""
        while chunk := source.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST:
                lines, rest = [*lines, rest], b""
            for line in lines:
                _say(name, line)
        if rest:
            _say(name, rest)


def _say(name: str, line: bytes) -> None:
    text = visible(line.decode("utf-8", "replace").rstrip("\r"))[:LONGEST]
    with contextlib.suppress(OSError, ValueError):  # standard error may be closed by now
        print(f"[{visible(name)}] {text}", file=sys.stderr, flush=True)
