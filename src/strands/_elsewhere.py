"""Names that programs written for the Strands Agents SDK import from a module that only uses them.

`from strands.tools.tools import AgentTool` works there by accident, and so it does here. Nothing is imported for it
before somebody asks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any


def names_of(module: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module that has names of others, as `strands._other_homes` lists them."""

    def find(name: str) -> Any:
        unknown = AttributeError(f"module {module!r} has no attribute {name!r}")
        if name.startswith("__"):  # an import asks for __path__ each time
            raise unknown
        from strands._other_homes import LIBRARIES, NAMES

        if name in LIBRARIES.get(module, {}):
            return import_module(LIBRARIES[module][name])
        if name not in NAMES[module].split():
            raise unknown
        return getattr(import_module(_homes()[name]), name)

    return find


@functools.cache
def _homes() -> dict[str, str]:
    from strands._other_homes import HOMES

    return {name: home for home, names in HOMES.items() for name in names.split()}
