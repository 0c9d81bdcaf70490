"""Commands that serve other programs, as processes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from support.mcp_clients import environment


class Served:
    """A command that listens.

    Args:
        home: The user's home directory.
        arguments: Those of `strands`.
        variables: Further variables of the environment.

    Attributes:
        lines: The line with its address, and the one behind that.
        url: Where it is.
        port: Its port.
    """

    def __init__(self, home: Path, *arguments: str, **variables: str) -> None:
        command = [sys.executable, "-m", "strands_cli", *arguments]
        self.process = subprocess.Popen(
            command, cwd=home, env={**environment(home), **variables}, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        said = [self.process.stderr.readline()]
        while not (found := re.search(r"http://127\.0\.0\.1:\S+", said[-1])):
            assert said[-1], said
            said.append(self.process.stderr.readline())
        self.lines = [said[-1], self.process.stderr.readline()]
        self.url: str = found[0]
        self.port = urlsplit(self.url).port

    def end(self, how: signal.Signals = signal.SIGKILL) -> int:
        """End it, and return its exit code."""
        self.process.send_signal(how)
        code = self.process.wait(20)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextmanager
def started(home: Path) -> Iterator[Callable[..., Served]]:
    """Yield what starts commands as `Served` does; those that are left are killed at the end."""
    running: list[Served] = []

    def start(*arguments: str, **variables: str) -> Served:
        running.append(Served(home, *arguments, **variables))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.end()
