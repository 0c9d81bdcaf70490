"""What the code of a tool calls by name: functions, classes and constants of the same program, as deep as they go."""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from .binding import digest_of
from .naming import importable

MOST = 500
"""How many functions are followed; what only those name that come later does not count."""

_SIMPLE = (type(None), bool, int, float, complex, str, bytes)
_OURS = ("strands", "strands_cli")


class _Found(NamedTuple):
    """What a function or class names, its hash, and where that was looked up: name, its mapping, the value there."""

    digest: str
    looked_up: tuple[tuple[Mapping[str, Any], str, Any], ...]

    def holds(self) -> bool:
        """Return whether the names still stand for the same."""
        return all(names.get(name) is value for names, name, value in self.looked_up)


_known: WeakKeyDictionary[Any, _Found] = WeakKeyDictionary()


def named_by(root: Any, owner: Any = None) -> _Found:
    """Return what code names of its own program: the hash of it, "" for nothing, and where that stands.

    That are functions and classes, what those name in turn, the classes of objects, and constants that are written in
    their module as numbers, texts or tuples of these. Of the program are modules outside of the standard library, of
    installed packages and of this product. Other objects may change while a program runs and do not count.

    Args:
        root: A function or a class.
        owner: The object that it is a method of, or its class.
    """
    found = _named_by(root)
    if owner is None:
        return found
    more = _named_by(owner if isinstance(owner, type) else type(owner))
    return _Found(f"{found.digest}{more.digest}", (*found.looked_up, *more.looked_up))


def _named_by(root: Any) -> _Found:
    try:
        known = _known.get(root)
        if known is None or not known.holds():
            known = _known[root] = _Walk().of(root)
    except TypeError:  # an object that cannot be kept hold of
        known = _Walk().of(root)
    return known


class _Walk:
    def __init__(self) -> None:
        self._parts: dict[str, Any] = {}
        self._looked_up: list[tuple[Mapping[str, Any], str, Any]] = []
        self._seen: set[int] = set()
        self._functions: list[FunctionType] = []

    def of(self, root: Any) -> _Found:
        self._take(root, recorded=False)
        for number, function in enumerate(self._functions):  # which grows meanwhile
            if number == MOST:
                break
            self._read(function)
        return _Found(digest_of(self._parts) if self._parts else "", tuple(self._looked_up))

    def _read(self, function: FunctionType) -> None:
        names = _names(function.__code__)
        for name in names:
            if name in function.__globals__:
                self._look_up(function.__globals__, name, names, set())
        for cell in function.__closure__ or ():
            try:
                self._take(cell.cell_contents, recorded=False)
            except ValueError:  # not assigned yet
                continue

    def _look_up(self, space: Mapping[str, Any], name: str, names: Sequence[str], modules: set[int]) -> None:
        value, kind = space[name], type(space[name])
        if issubclass(kind, ModuleType):
            if id(value) not in modules and _is_own(value.__name__):
                modules.add(id(value))
                self._looked_up.append((space, name, value))
                for inner in names:
                    if inner in vars(value):
                        self._look_up(vars(value), inner, names, modules)
        elif _is_constant(value):
            module = str(space.get("__name__"))
            if _is_own(module) and _is_written(module, name):
                self._looked_up.append((space, name, value))
                self._parts[f"{importable(module)}:{name}"] = _text(value)
        elif self._take(value, recorded=True):
            self._looked_up.append((space, name, value))

    def _take(self, value: Any, *, recorded: bool) -> bool:
        """Take a function or a class in; return whether it counts."""
        functions: list[FunctionType] = []
        for each in _inside(value):
            if type(each) is FunctionType:
                functions += [each] if _is_own(each.__module__) else []
            else:
                bases = (base for base in each.__mro__ if _is_own(base.__module__))
                functions += [method for base in bases for method in _methods(base)]
        for function in functions:
            self._add(function, recorded)
        return bool(functions)

    def _add(self, function: FunctionType, recorded: bool) -> None:
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        self._functions.append(function)
        if recorded:
            name = f"{importable(function.__module__)}:{function.__qualname__}"
            self._parts.setdefault(name, []).append(_made_of(function))


def _inside(value: Any) -> Iterator[Any]:
    """Yield what a value runs as: functions, one wrapped in the other, or its class; nothing of its own runs for it."""
    for _ in range(20):
        kind = type(value)
        if kind is FunctionType:
            yield value
        if issubclass(kind, functools.partial):
            value = value.func
        elif kind in (MethodType, classmethod, staticmethod):
            value = value.__func__
        else:
            wrapped = _own_dict(value).get("__wrapped__")
            if wrapped is None or issubclass(kind, type):
                break
            value = wrapped
    kind = type(value)
    if kind is not FunctionType:
        yield value if issubclass(kind, type) else kind


def _own_dict(value: Any) -> Mapping[str, Any]:
    try:
        found = object.__getattribute__(value, "__dict__")
    except Exception:  # a stand-in for something else may have none, or say so in its own way
        return {}
    return found if isinstance(found, Mapping) else {}


def _methods(kind: type) -> Iterator[FunctionType]:
    for each in vars(kind).values():
        parts = [each]
        if type(each) is property:
            parts = [each.fget, each.fset]
        elif type(each) is functools.cached_property:
            parts = [each.func]
        yield from (found for part in parts for found in _inside(part) if type(found) is FunctionType)


def _made_of(function: FunctionType) -> Any:
    """Return what tells a function from others; a default counts as it is written, for its value may be the time."""
    from .origin import compiled, source_hash

    written = source_hash(function.__code__) if function.__defaults__ or function.__kwdefaults__ else ""
    return [compiled(function.__code__), written]


def _is_constant(value: Any) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_is_constant, value))
    return type(value) in _SIMPLE


def _text(value: Any) -> str:
    return repr(sorted(map(_text, value))) if type(value) is frozenset else repr(value)


@functools.lru_cache(maxsize=4096)
def _names(code: CodeType) -> tuple[str, ...]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return tuple(sorted({*code.co_names}.union(*inner)))


@functools.lru_cache(maxsize=4096)
def _is_own(module: str | None) -> bool:
    """Return whether a module is of the program, and not of Python, an installed package or this product."""
    if module is None:
        return False
    package = module.partition(".")[0]
    if package in _OURS or (package in sys.stdlib_module_names and package != "__main__"):
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is None or not {"site-packages", "dist-packages"}.intersection(file.split(os.sep))


def _is_written(module: str, name: str) -> bool:
    """Return whether a module writes a constant in its text; others may differ in each process, such as the time."""
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    try:
        return file is not None and name in _written(file, os.stat(file).st_mtime_ns)
    except OSError:
        return False


@functools.lru_cache(maxsize=256)
def _written(file: str, changed_at: int) -> frozenset[str]:
    try:
        with open(file, "rb") as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return frozenset()
    written: dict[str, int] = {}
    for target, value in (pair for node in tree.body for pair in _assigned(node)):
        if isinstance(target, ast.Name):
            written[target.id] = written.get(target.id, 0) + (1 if _is_literal(value) else 2)
    changed = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    return frozenset(name for name, times in written.items() if times == 1) - changed


def _assigned(node: ast.stmt) -> list[tuple[ast.expr, ast.expr | None]]:
    if isinstance(node, ast.Assign):
        return [(target, node.value) for target in node.targets]
    return [(node.target, node.value)] if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else []


def _is_literal(node: ast.expr | None) -> bool:
    try:
        return node is not None and _is_constant(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
