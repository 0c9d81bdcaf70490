"""The tools that come with the product, by name. Each is made for a place: the files and hosts it may touch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from strands_cli.builtin.confined import Confined
    from strands_cli.net.client import Network


class BuiltIn(NamedTuple):
    """A tool of ours: the module whose `make` returns it, what it does, whether it leaves everything as it is."""

    module: str
    summary: str
    read_only: bool = True
    network: bool = False


TOOLS: dict[str, BuiltIn] = {
    "calculator": BuiltIn("calculator", "Work out an expression, solve an equation, derive or integrate a function."),
    "current_time": BuiltIn("clock", "Tell the date and time in a time zone."),
    "file_read": BuiltIn("files", "Read a text file, all of it or some lines."),
    "file_write": BuiltIn("files", "Write a text file, or append to it.", read_only=False),
    "grep": BuiltIn("lines", "Find lines that match a regular expression, with the lines around them."),
    "head": BuiltIn("lines", "Read the first lines of a file."),
    "tail": BuiltIn("lines", "Read the last lines of a file."),
    "search": BuiltIn("lines", "Find lines that hold a text."),
    "http_request": BuiltIn("web", "Make an HTTP request to a public address.", read_only=False, network=True),
    "web_fetch": BuiltIn("web", "Fetch a web page as readable text.", network=True),
    "tavily_search": BuiltIn("web_search", "Search the web with Tavily (extra: tavily).", network=True),
    "duckduckgo_search": BuiltIn("web_search", "Search the web with DuckDuckGo (extra: duckduckgo).", network=True),
    "spec_verify": BuiltIn("spec_verify", "Check the text of a workflow file."),
    "python_exec": BuiltIn(
        "python_exec", "Run Python code in a limited process; only where the spec names it.", read_only=False
    ),
}


_REHEARSE = ("file_write", "http_request", "web_fetch")
"""They know by themselves what to do in a rehearsal; the others that change something are not called."""


@dataclass(frozen=True, slots=True)
class ToolAccess:
    """Where tools work.

    Attributes:
        files: The directories they may touch.
        network: The hosts they may reach.
        rehearsal: Nothing is changed and nothing is sent: what would do so says it instead.
        isolated: python_exec runs only where the kernel confines it.
        seconds: How long a tool may look through files.
    """

    files: Confined
    network: Network
    rehearsal: bool = False
    isolated: bool = True
    seconds: float = 8.0


def builtin_name(reference: str) -> str | None:
    """Return the name of the tool of ours that a reference means, or None.

    "calculator" means it, and so do the names that the tools package of the Strands Agents SDK has for the like.
    """
    if reference in TOOLS:
        return reference
    package, _, rest = reference.replace(":", ".").partition(".")
    name = rest.partition(".")[0]
    return name if package == "strands_tools" and name in TOOLS else None


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool of ours with this name, for a place."""
    made = import_module(f"{__name__}.{TOOLS[name].module}").make(name, place)
    made.rehearses = name in _REHEARSE
    return made
