"""The tools that come with the product: one record for each, from which checks, commands and agents take them."""

from __future__ import annotations

from typing import NamedTuple


class BuiltIn(NamedTuple):
    """A tool that comes with the product.

    Attributes:
        module: The module of `strands_cli.builtin` whose `make` returns it.
        summary: What it does.
        read_only: Whether it leaves everything as it is.
        network: Whether it reaches other machines.
        rehearses: Whether it knows by itself what to do in a rehearsal. Of the others, those that are not read-only are
            not called then.
    """

    module: str
    summary: str
    read_only: bool = True
    network: bool = False
    rehearses: bool = False


TOOLS: dict[str, BuiltIn] = {
    "calculator": BuiltIn("calculator", "Work out an expression, solve an equation, derive or integrate a function."),
    "current_time": BuiltIn("clock", "Tell the date and time in a time zone."),
    "file_read": BuiltIn("files", "Read a text file, all of it or some lines."),
    "file_write": BuiltIn("files", "Write a text file, or append to it.", read_only=False, rehearses=True),
    "grep": BuiltIn("lines", "Find lines that match a regular expression, with the lines around them."),
    "head": BuiltIn("lines", "Read the first lines of a file."),
    "tail": BuiltIn("lines", "Read the last lines of a file."),
    "search": BuiltIn("lines", "Find lines that hold a text."),
    "http_request": BuiltIn(
        "web", "Make an HTTP request to a public address.", read_only=False, network=True, rehearses=True
    ),
    "web_fetch": BuiltIn("web", "Fetch a web page as readable text.", network=True, rehearses=True),
    "tavily_search": BuiltIn("web_search", "Search the web with Tavily (extra: tavily).", network=True),
    "duckduckgo_search": BuiltIn("web_search", "Search the web with DuckDuckGo (extra: duckduckgo).", network=True),
    "spec_verify": BuiltIn("spec_verify", "Check the text of a workflow file."),
    "python_exec": BuiltIn(
        "python_exec", "Run Python code in a limited process; only where the spec names it.", read_only=False
    ),
}
"""The tools of this build, by name."""


def builtin_name(reference: str) -> str | None:
    """Return the name of the tool of ours that a reference means, or None.

    "calculator" means it, and so do the names that the tools package of the Strands Agents SDK has for the like.
    """
    if reference in TOOLS:
        return reference
    package, _, rest = reference.replace(":", ".").partition(".")
    name = rest.partition(".")[0]
    return name if package == "strands_tools" and name in TOOLS else None
