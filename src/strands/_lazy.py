"""Public names that are imported when they are first used, and written once: in the block for type checkers.

    if TYPE_CHECKING:
        from .agent import Agent as Agent
    else:
        __getattr__, __dir__ = lazy(__name__)

At the first miss the block is read from the module's own source, or where there is none from its bytecode.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

_ONLY_AST = 0x400  # ast.PyCF_ONLY_AST; importing `ast` takes longer than all else that is done here
_Home = tuple[str, str]
"""A module, with dots before it when it is relative, and a name of it or of a submodule."""


def lazy(module: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a module.

    Names are those that the module imports as themselves (`Agent as Agent`). Its `__all__`, for `import *`, has those
    of its own distribution; submodules (`from . import agent as agent`) and names of other packages are left out.
    """
    homes: dict[str, _Home] = {}

    def table() -> dict[str, _Home]:
        if not homes:
            homes.update(_homes(module))
        return homes

    def find(name: str) -> Any:
        if name == "__all__":
            value: Any = _all(module, table())
        elif name.startswith("__") or name not in table():
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        else:
            value = _found(_package(module), *table()[name])
        setattr(sys.modules[module], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[module]), *table()})

    return find, names


def _found(package: str, home: str, name: str) -> Any:
    if not home.strip("."):
        return import_module(home + name, package)
    return getattr(import_module(home, package), name)


def _all(module: str, homes: dict[str, _Home]) -> list[str]:
    own = f"{module.partition('.')[0]}."
    return sorted(name for name, (home, _) in homes.items() if home.strip(".") and home.startswith((".", own)))


def _package(module: str) -> str:
    spec = sys.modules[module].__spec__
    return spec.parent or "" if spec is not None else module


def _homes(module: str) -> dict[str, _Home]:
    """Return where the names are that a module imports as themselves."""
    spec = sys.modules[module].__spec__
    loader: Any = spec.loader if spec is not None else None
    if not hasattr(loader, "get_source"):  # pytest loads modules of distributions with a plugin by a loader of its own
        from importlib.machinery import SourceFileLoader

        loader = SourceFileLoader(module, str(spec.origin if spec is not None else None))
    source = loader.get_source(module)
    found = _in_source(source) if source is not None else _in_code(loader.get_code(module))
    return {alias: (home, name) for home, name, alias in found if alias == name}


def _in_source(source: str) -> Iterator[tuple[str, str, str | None]]:
    tree: Any = compile(source, "<names>", "exec", _ONLY_AST)
    statements = list(tree.body)
    for node in statements:
        kind = type(node).__name__
        if kind == "If":
            statements += node.body
        elif kind == "ImportFrom":
            home = "." * node.level + (node.module or "")
            yield from ((home, each.name, each.asname) for each in node.names)


def _in_code(code: Any) -> Iterator[tuple[str, str, str | None]]:
    """Yield what bytecode imports. Names that are only for type checkers look there like any other."""
    from dis import get_instructions

    home, name, numbers = "", "", [0]
    for each in get_instructions(code):
        if isinstance(each.argval, int):
            numbers.append(each.argval)
        elif each.opname == "IMPORT_NAME":
            home = "." * numbers[-1] + each.argval
        elif each.opname == "IMPORT_FROM":
            name = each.argval
        elif each.opname == "STORE_NAME" and name:
            yield home, name, each.argval
            name = ""
