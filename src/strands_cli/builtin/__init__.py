"""How the tools that come with the product are made: each for the files and hosts it may touch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from strands_cli.capability.builtin_tools import TOOLS

if TYPE_CHECKING:
    from strands_cli.builtin.confined import Confined
    from strands_cli.net.client import Network


@dataclass(frozen=True, slots=True)
class ToolAccess:
    """Where tools work.

    Attributes:
        files: The directories they may touch.
        network: The hosts they may reach.
        rehearsal: Nothing is changed and nothing is sent: what would do so says it instead.
        isolated: python_exec runs only where the kernel confines it.
        seconds: How long a tool may look through files.
        mounts: Names of directories, and where each is as the spec writes it.
    """

    files: Confined
    network: Network
    rehearsal: bool = False
    isolated: bool = True
    seconds: float = 8.0
    mounts: tuple[tuple[str, str], ...] = ()


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool of ours with this name, for a place."""
    record = TOOLS[name]
    made = import_module(f"{__name__}.{record.module}").make(name, place)
    made.read_only, made.rehearses = record.read_only, record.rehearses
    if record.module == "files" and place.mounts:
        made.made_with = {"mounts": dict(place.mounts)}
    return made
