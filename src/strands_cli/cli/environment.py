"""`.env` files: environment variables of a directory, for the commands that are run there."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = ".env"
SWITCH = "STRANDS_DOTENV"
"""The environment variable that has no such file read when it is 0, false, no or off."""
_OFF = frozenset(("0", "false", "no", "off"))
_PROGRAMS = re.compile(r"(PATH|PYTHON.*|LD_.*|DYLD_.*|BASH_ENV|ENV|NODE_OPTIONS|GIT_.*)$", re.I)
"""Variables that say which code programs run: a directory that somebody looks into has no say in that."""
_ADDRESS = re.compile(r"(.*?)_?(BASE_URL|API_BASE|BASE|ENDPOINT|ENDPOINT_URL(_.*)?|URL|HOST|API)$", re.I)
_KEY = re.compile(r".*(KEY|TOKEN|SECRET|PASSWORD)(_.*)?$", re.I)
_SPECS = (".yaml", ".yml", ".json")


@contextmanager
def files_read(arguments: Iterable[str]) -> Iterator[None]:
    """Have the variables of the current directory's file, and of those beside the specs that arguments name, set.

    What the environment has wins, then the current directory's file. A file beside a spec sets no `STRANDS_*`: those
    say where sessions are and who is who, which is not for a workflow to say. No file says which code programs run, or
    where keys are sent that it does not hold itself.
    """
    if os.environ.get(SWITCH, "").strip().lower() in _OFF:
        yield
        return
    added: dict[str, str] = {}
    here = Path(NAME)
    held = {name.upper() for name in os.environ if _KEY.match(name)}
    for file in (here, *_beside(arguments)):
        known = _variables(file)
        for name, value in known.items():
            if name in os.environ or not (file is here or not name.upper().startswith("STRANDS_")):
                continue
            from strands._terminal import one_line

            refused = _refused(name, value, held)
            if refused:
                sys.stderr.write(f"Warning: {one_line(name, 80)} in {str(file)!r} is not taken: {refused}\n")
            else:
                os.environ[name] = added[name] = value
    try:
        yield
    finally:
        for name, value in added.items():
            if os.environ.get(name) == value:
                del os.environ[name]


def _refused(name: str, value: str, held: Collection[str]) -> str:
    """Return why a file may not set a variable; "" where it may.

    Args:
        name: The variable.
        value: What it would be.
        held: The keys that the environment has.
    """
    if not name or "\0" in f"{name}{value}" or "=" in name:
        return "no environment holds it"
    if _PROGRAMS.match(name):
        return "it says which code programs run. Where it is to, export it."
    found = _ADDRESS.match(name.upper())
    keys = sorted(key for key in held if found and found[1] and key.startswith(f"{found[1]}_"))
    return f"{keys[0]} of the environment would be sent there. Where it is to, export both." if keys else ""


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
