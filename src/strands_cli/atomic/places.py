"""Where atomic agents are: in atomic/ and agents/atomic/ below a directory, and in the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from strands._home import home
from strands_cli.atomic.agent import AtomicAgent, AtomicError, load
from strands_cli.errors import StrandsError
from strands_cli.schema.problems import did_you_mean

FOLDERS = ("atomic", "agents/atomic")
_SUFFIXES = (".yaml", ".yml")


class AgentFile(NamedTuple):
    """A file, and the agent in it or why there is none."""

    path: Path
    agent: AtomicAgent | None
    error: StrandsError | None


def find(directories: Iterable[str | Path] = ()) -> list[AgentFile]:
    """Return what stands in `directories`, by default the usual ones; broken files too.

    Args:
        directories: Directories of atomic agents.
    """
    return [_found(path) for path in _files(list(map(Path, directories)) or _usual())]


def named(name: str, directories: Iterable[str | Path] = ()) -> AtomicAgent:
    """Return the agent of this name, or the one in this file.

    Raises:
        AtomicError: There is none, or several.
        StrandsError: Its file is broken.
    """
    if name.endswith(_SUFFIXES) or os.sep in name:
        return load(name)
    found = find(directories)
    matching = [each for each in found if _name(each) == name] or [each for each in found if each.path.stem == name]
    if len(matching) > 1:
        places = ", ".join(str(each.path) for each in matching)
        raise AtomicError(f"there are {len(matching)} atomic agents {name!r}: {places}", hint="Give the path of one.")
    if not matching:
        known = [_name(each) for each in found]
        hint = did_you_mean(name, known) if known else f"Make one: strands atomic init {name}."
        raise AtomicError(f"there is no atomic agent {name!r}", hint=hint)
    if matching[0].error is not None:
        raise matching[0].error
    assert matching[0].agent is not None
    return matching[0].agent


def _usual() -> list[Path]:
    return [*(Path(folder) for folder in FOLDERS), home() / "atomic"]


def _files(directories: list[Path]) -> Iterator[Path]:
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            is_test = path.stem.endswith((".tests", ".test")) or path.stem == "tests" or path.parent.name == "tests"
            if path.suffix in _SUFFIXES and path.is_file() and not is_test:
                yield path


def _found(path: Path) -> AgentFile:
    try:
        return AgentFile(path, load(path), None)
    except StrandsError as error:
        return AgentFile(path, None, error)


def _name(found: AgentFile) -> str:
    return found.agent.name if found.agent is not None else found.path.stem
