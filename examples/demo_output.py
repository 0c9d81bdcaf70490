"""What the demos print, and the commands that they run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> int:
    """Run `strands` in a process of its own, and return its exit code."""
    return subprocess.run([*program(), *arguments], cwd=ROOT, check=False).returncode


def program() -> list[str]:
    """Return what starts `strands`."""
    return [sys.executable, "-m", "strands_cli.cli.main"]


def say(text: str) -> None:
    """Print a line, in a terminal folded between words."""
    if sys.stdout.isatty():
        text = textwrap.fill(text, shutil.get_terminal_size().columns, break_on_hyphens=False)
    print(f"\n{styled('1', text)}", flush=True)


def show_command(text: str) -> None:
    """Print a command as somebody would type it."""
    print(styled("1;36", f"$ strands {text}"), flush=True)


def styled(style: str, text: str) -> str:
    """Return a text in a style of the terminal, where it takes one."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\x1b[{style}m{text}\x1b[0m"
