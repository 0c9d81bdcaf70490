"""What the code of a tool calls by name: functions, classes and constants of the same program, as deep as they go."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from .binding import digest_of
from .imported_code import Import, Text, imports_of, is_own, texts
from .naming import importable
from .parameter_types import declared
from .written_constants import constant_text, is_constant, is_written, written_in

MOST = 500
"""How many functions are followed, and entries of a table; what only those name that come later does not count."""

_MOST_ENTRIES = 5000  # of tables in a table
_TABLES = (dict, list, tuple, set, frozenset, OrderedDict, MappingProxyType)


class _Found(NamedTuple):
    """What a function or class names, its hash, and where that was looked up: name, its mapping, the value there."""

    digest: str
    looked_up: tuple[tuple[Mapping[Any, Any], Any, Any], ...]
    texts: tuple[Text, ...] = ()
    registries: tuple[tuple[Mapping[Any, Any], int], ...] = ()

    def holds(self) -> bool:
        """Return whether the names still stand for the same."""
        for names, name, value in self.looked_up:
            if names.get(name) is not value:
                return False
        for registry, count in self.registries:
            if len(registry) != count:
                return False
        return not self.texts or all(text.holds() for text in self.texts)


_known: WeakKeyDictionary[Any, _Found] = WeakKeyDictionary()


def named_by(root: Any, owner: Any = None) -> _Found:
    """Return what code names of its own program: the hash of it, "" for nothing, and where that stands.

    That are functions and classes, also out of tables, what those name in turn, the classes of objects and of the
    root's parameters, with what arguments go through there, and constants that are written in a module or class of it
    as numbers, texts or tuples of these, or worked out of such constants.
    Of the program are modules outside of the standard library, of installed packages and of this product. What a
    function imports while it runs counts with all of its text: it may not be loaded yet. Other objects may change while
    a program runs and do not count.

    Args:
        root: A function or a class.
        owner: The object that it is a method of, or its class.
    """
    found = _named_by(root)
    if owner is None:
        return found
    more = _named_by(owner if isinstance(owner, type) else type(owner))
    return _Found(
        f"{found.digest}{more.digest}",
        (*found.looked_up, *more.looked_up),
        (*found.texts, *more.texts),
        (*found.registries, *more.registries),
    )


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
        self._looked_up: list[tuple[Mapping[Any, Any], Any, Any]] = []
        self._registries: list[tuple[Mapping[Any, Any], int]] = []
        self._seen: set[int] = set()
        self._functions: list[tuple[FunctionType, bool]] = []
        self._imports: dict[str, list[Import]] = {}

    def of(self, root: Any) -> _Found:
        self._take(root, recorded=False)
        for each in declared(root) if type(root) is FunctionType else ():
            self._take(each, recorded=True)
        for number, (function, recorded) in enumerate(self._functions):  # which grows meanwhile
            if number == MOST:
                break
            self._read(function, recorded)
        imported = {text.module: text for package, found in self._imports.items() for text in texts(found, package)}
        self._parts.update((f"import {name}", text.digest) for name, text in imported.items())
        digest = digest_of(self._parts) if self._parts else ""
        return _Found(digest, tuple(self._looked_up), tuple(imported.values()), tuple(self._registries))

    def _read(self, function: FunctionType, recorded: bool) -> None:
        names = _names(function.__code__)
        imports = imports_of(function.__code__)
        if imports:
            self._imports.setdefault(str(function.__globals__.get("__package__") or ""), []).extend(imports)
        for name in names:
            if name in function.__globals__:
                self._look_up(function.__globals__, name, names, set())
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            for each in _entries(default):
                self._take(each, recorded=True)
        for cell in function.__closure__ or ():
            try:
                self._take(cell.cell_contents, recorded=recorded)  # of the first function it is known otherwise
            except ValueError:  # not assigned yet
                continue

    def _look_up(self, space: Mapping[str, Any], name: str, names: Sequence[str], modules: set[int]) -> None:
        value, kind = space[name], type(space[name])
        if issubclass(kind, ModuleType):
            if id(value) not in modules and is_own(value.__name__):
                modules.add(id(value))
                self._looked_up.append((space, name, value))
                for inner in names:
                    if inner in vars(value):
                        self._look_up(vars(value), inner, names, modules)
        elif is_constant(value):
            module = str(space.get("__name__"))
            if is_own(module) and is_written(module, name):
                self._looked_up.append((space, name, value))
                self._parts[f"{importable(module)}:{name}"] = constant_text(value)
        else:
            counts = [self._take(each, recorded=True) for each in _entries(value)]
            if any(counts):
                self._looked_up.append((space, name, value))

    def _take(self, value: Any, *, recorded: bool) -> bool:
        """Take a function or a class in; return whether it counts."""
        functions: list[FunctionType] = []
        for each in _inside(value):
            if type(each) is FunctionType:
                functions += [each] if is_own(each.__module__) else []
            else:
                classes = _classes(each)
                functions += [method for base in classes for method in _methods(base)]
                if recorded:
                    self._parts.update(part for base in classes for part in _constants(base))
        for function in functions:
            self._add(function, recorded)
        return bool(functions)

    def _add(self, function: FunctionType, recorded: bool) -> None:
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        self._functions.append((function, recorded))
        if recorded:
            self._parts.setdefault(_named(function), []).append(_made_of(function))
        registry = vars(function).get("registry")
        if type(registry) is MappingProxyType and "dispatch" in vars(function):  # of functools.singledispatch
            self._take_registered(function, registry)

    def _take_registered(self, function: FunctionType, registry: Mapping[Any, Any]) -> None:
        """Take in what a function does for each type of its first argument, and for which."""
        self._registries.append((registry, len(registry)))
        for kind, registered in list(registry.items())[:MOST]:
            if self._take(registered, recorded=True):
                self._looked_up.append((registry, kind, registered))
                told = f"{_named(function)} of {importable(kind.__module__)}:{kind.__qualname__}"
                self._parts[told] = [_named(each) for each in _inside(registered) if type(each) is FunctionType]


def _named(function: FunctionType) -> str:
    return f"{importable(function.__module__)}:{function.__qualname__}"


def _entries(value: Any) -> list[Any]:
    """Return what stands in a table, such as one to choose a function or a class from; of another value itself."""
    found: dict[int, Any] = {}
    seen: set[int] = set()
    waiting = [value]
    for each in waiting:  # which grows meanwhile
        if type(each) not in _TABLES:
            found.setdefault(_told_by(each), each)
        elif id(each) not in seen:
            seen.add(id(each))
            inner = list(each.values() if isinstance(each, Mapping) else each)[:MOST]
            waiting += [one for one in inner if not is_constant(one)][: max(_MOST_ENTRIES - len(waiting), 0)]
    return list(found.values())[:MOST]


def _told_by(value: Any) -> int:
    """Return what tells a value from another that runs as the same: of plain objects it is their class."""
    kind = type(value)
    if kind in (FunctionType, MethodType, functools.partial) or issubclass(kind, type):
        return id(value)
    return id(value) if "__wrapped__" in _own_dict(value) else id(kind)


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


def _classes(kind: type) -> list[type]:
    """Return a class with those that it is made of: its bases, its metaclass, those inside it and of its attributes."""
    found: dict[int, type] = {id(kind): kind}  # a metaclass may say of its classes that they are equal, or not hashable
    waiting = [kind]
    for each in waiting:  # which grows meanwhile
        more: list[type] = list(each.__mro__[1:])
        if _is_own_class(each):
            inner = (part if issubclass(type(part), type) else type(part) for part in vars(each).values())
            more += [type(each), *inner]
        for one in more:
            if id(one) not in found and len(found) < MOST and _is_own_class(one):
                found[id(one)] = one
                waiting.append(one)
    return [each for each in found.values() if _is_own_class(each)]


def _is_own_class(kind: type) -> bool:
    module = kind.__module__  # a class may put anything there
    return type(module) is str and is_own(module)


def _constants(kind: type) -> Iterator[tuple[str, str]]:
    """Yield the constants that are written in a class."""
    inside = f"{kind.__qualname__}."
    for name, text in written_in(kind.__module__).items():
        if name.startswith(inside) and "." not in name[len(inside) :]:
            yield f"{importable(kind.__module__)}:{name}", text


def _methods(kind: type) -> Iterator[FunctionType]:
    for each in tuple(vars(kind).values()):  # threads may add to it meanwhile
        parts = [each]
        if type(each) is property:
            parts = [each.fget, each.fset]
        elif type(each) is functools.cached_property:
            parts = [each.func]
        elif type(each) is functools.singledispatchmethod:
            parts = [each.func, each.dispatcher]
        elif type(each) in _TABLES:
            parts = [entry for entry in _entries(each) if is_own(getattr(entry, "__module__", None))]
        yield from (found for part in parts for found in _inside(part) if type(found) is FunctionType)


def _made_of(function: FunctionType) -> Any:
    """Return what tells a function from others; a default counts as it is written, for its value may be the time."""
    from .origin import compiled, source_hash

    written = source_hash(function.__code__) if function.__defaults__ or function.__kwdefaults__ else ""
    return [compiled(function.__code__), written]


@functools.lru_cache(maxsize=4096)
def _names(code: CodeType) -> tuple[str, ...]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return tuple(sorted({*code.co_names}.union(*inner)))
