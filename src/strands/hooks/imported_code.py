"""What a function imports while it runs: the text of those modules of its program, and of all that they import."""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from types import CodeType
from typing import Any, NamedTuple

from .binding import digest_of

MOST = 500
"""How many modules are read; what only those import that come later does not count."""


class Import(NamedTuple):
    """One import: how many dots stand before the module, its name, and the names that are taken from it."""

    dots: int
    module: str
    names: tuple[str, ...]


class Text(NamedTuple):
    """The text of a module, and which file of which state it was read from."""

    module: str
    file: str
    stamp: tuple[int, int]
    digest: str

    def holds(self) -> bool:
        """Return whether the module is loaded, or would still be loaded from this text."""
        return self.module in sys.modules or _stamp(self.file) == self.stamp


@functools.lru_cache(maxsize=4096)
def imports_of(code: CodeType) -> tuple[Import, ...]:
    """Return what a function imports while it runs, and the functions inside it."""
    inner = [each for const in code.co_consts if isinstance(const, CodeType) for each in imports_of(const)]
    return (*_own_imports(code), *inner)


def texts(imports: Iterable[Import], package: str) -> tuple[Text, ...]:
    """Return the texts of the program's modules that are imported, and that those import in turn.

    None of them is loaded for it.

    Args:
        imports: What is imported.
        package: The package in which.
    """
    found: dict[str, Text] = {}
    waiting = [name for each in imports for name in _modules(each, package)]
    for name in waiting:  # which grows meanwhile
        if name in found or len(found) == MOST:
            continue
        file = _file_of(name)
        read = _read(file, _stamp(file)) if file is not None else None
        if file is None or read is None:
            continue
        digest, inner, stamp = read
        found[name] = Text(name, file, stamp, digest)
        around = name if os.path.basename(file) == "__init__.py" else name.rpartition(".")[0]
        waiting += [each for more in inner for each in _modules(more, around)]
    return tuple(found.values())


def is_of_program(module: str, file: str | None) -> bool:
    """Return whether a module is of the program, and not of Python, an installed package or this product."""
    package = module.partition(".")[0]
    if package in ("strands", "strands_cli"):
        return False
    if package in sys.stdlib_module_names and package != "__main__":
        return file is not None and not file.startswith(_PYTHON)  # one of the program may have such a name
    return file is None or not {"site-packages", "dist-packages"}.intersection(file.split(os.sep))


@functools.lru_cache(maxsize=4096)
def is_own(module: str | None) -> bool:
    """Return whether a loaded module is of the program; see `is_of_program`."""
    return module is not None and is_of_program(module, getattr(sys.modules.get(module), "__file__", None))


_PYTHON = os.path.dirname(os.__file__) + os.sep


def _own_imports(code: CodeType) -> Iterator[Import]:
    from opcode import opmap

    if opmap["IMPORT_NAME"] not in code.co_code[::2]:
        return
    import dis

    before: list[Any] = [0, None]
    for each in dis.get_instructions(code):
        if each.opname == "IMPORT_NAME":
            dots, names = before[-2:]
            yield Import(dots if isinstance(dots, int) else 0, each.argval, names if isinstance(names, tuple) else ())
        if each.opname not in ("EXTENDED_ARG", "CACHE"):
            before = [before[-1], each.argval]


def _modules(each: Import, package: str) -> Iterator[str]:
    """Yield the modules that an import loads, or may: the packages around it, and what is taken from it."""
    name = each.module
    if each.dots:
        around = package.split(".")
        around = around[: len(around) - each.dots + 1]
        name = ".".join([*around, *([name] if name else [])])
    parts = name.split(".")
    yield from (".".join(parts[: number + 1]) for number in range(len(parts)))
    yield from (f"{name}.{taken}" for taken in each.names)


def _file_of(module: str) -> str | None:
    """Return the file of a module of the program, loaded or not; None for others, and for what is in no file."""
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if loaded is None:
        parent, _, name = module.rpartition(".")
        places = _places(parent) if parent else None
        try:
            spec = PathFinder.find_spec(module, places) if name and (places or not parent) else None
        except Exception:  # a finder of somebody else's, or an entry of the path that cannot be read
            return None
        file = spec.origin if spec is not None and spec.has_location else None
    if not isinstance(file, str) or not file.endswith(".py") or not is_of_program(module, file):
        return None
    return file


def _places(package: str) -> list[str] | None:
    """Return the directories in which the modules of a package are."""
    loaded = sys.modules.get(package)
    if loaded is not None:
        return list(getattr(loaded, "__path__", ())) or None
    parent = package.rpartition(".")[0]
    around = _places(parent) if parent else None
    spec = PathFinder.find_spec(package, around) if around or not parent else None
    return list(spec.submodule_search_locations or ()) or None if spec is not None else None


def _stamp(file: str) -> tuple[int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return -1, -1
    return found.st_mtime_ns, found.st_size


@functools.lru_cache(maxsize=1024)
def _read(file: str, stamp: tuple[int, int]) -> tuple[str, tuple[Import, ...], tuple[int, int]] | None:
    """Return the hash of a module's text, its imports wherever they stand, and the state of its file."""
    try:
        with open(file, "rb") as stream:
            text = stream.read()
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines()]
    digest = digest_of([line for line in lines if line and not line.startswith("#")])
    return digest, tuple(each for node in ast.walk(tree) for each in _written(node)), stamp


def _written(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(0, each.name, ()) for each in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield Import(node.level, node.module or "", tuple(each.name for each in node.names))
