"""Options that the commands about atomic agents share."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from strands._regular import input_text
from strands_cli.cli import completion
from strands_cli.errors import InputError

agent = click.argument("name", metavar="AGENT", shell_complete=completion.agents)
directory = click.option(
    "--dir",
    "directories",
    metavar="DIR",
    multiple=True,
    shell_complete=completion.directories,
    help="Where to look; default: atomic, agents/atomic.",
)


def read_input(text: str | None, file: str | None) -> Any:
    """Return the input that was typed, piped (`-`) or written to a file: JSON, else the text itself."""
    if text is not None and file is not None:
        raise click.UsageError("give --input or --input-file, not both")
    if file is not None:
        try:
            text = sys.stdin.read() if file == "-" else input_text(file)
        except (OSError, UnicodeDecodeError) as error:
            cause = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise InputError(f"cannot read {file!r}: {cause}", hint="Check the path.") from None
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
