"""`.env` files: environment variables of a directory, for the commands that are run there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = ".env"
SWITCH = "STRANDS_DOTENV"
"""The environment variable that has no such file read when it is 0, false, no or off."""
_OFF = frozenset(("0", "false", "no", "off"))
_SPECS = (".yaml", ".yml", ".json")


@contextmanager
def files_read(arguments: Iterable[str]) -> Iterator[None]:
    """Have the variables of the current directory's file, and of those beside the specs that arguments name, set.

    What the environment has wins, then the current directory's file. A file beside a spec sets no `STRANDS_*`: those
    say where sessions are and who is who, which is not for a workflow to say.
    """
    if os.environ.get(SWITCH, "").strip().lower() in _OFF:
        yield
        return
    added: dict[str, str] = {}
    here = Path(NAME)
    for file in (here, *_beside(arguments)):
        for name, value in _variables(file).items():
            if name not in os.environ and (file is here or not name.startswith("STRANDS_")):
                os.environ[name] = added[name] = value
    try:
        yield
    finally:
        for name, value in added.items():
            if os.environ.get(name) == value:
                del os.environ[name]


def _beside(arguments: Iterable[str]) -> list[Path]:
    found: dict[Path, None] = {}
    for argument in arguments:
        path = Path(argument.partition("=")[2] if argument.startswith("--") else argument)
        if path.suffix in _SPECS and path.parent.parts and path.is_file():
            found[path.parent / NAME] = None
    return list(found)


def _variables(file: Path) -> dict[str, str]:
    if not os.path.exists(file):
        return {}
    from strands._regular import NotRegularError, input_text

    try:
        text = input_text(file)
    except (OSError, UnicodeDecodeError) as error:
        cause = error.cause if isinstance(error, NotRegularError) else getattr(error, "strerror", None)
        sys.stderr.write(f"Warning: {str(file)!r} is not read: {cause or 'it is not UTF-8 text'}\n")
        return {}
    from io import StringIO

    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value is not None}
