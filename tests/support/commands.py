"""The `strands` command as real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support import console

STRANDS = [sys.executable, "-m", "strands_cli"]


def environment(home: Path, url: str = "") -> dict[str, str]:
    """The environment of a user with this home; `url` is where OpenAI's API is."""
    openai = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": url} if url else {}
    return console.environment(home, {"NO_COLOR": "1", **openai})


def start(arguments: list[str], env: Mapping[str, str], cwd: Path) -> subprocess.Popen[str]:
    """Start a command; its output is readable."""
    return subprocess.Popen(
        [*STRANDS, *arguments],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def command(arguments: list[str], env: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*STRANDS, *arguments],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
