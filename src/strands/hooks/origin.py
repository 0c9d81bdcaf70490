"""Where the code of a tool is from, and what tells it from other code of the same name."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from .binding import digest_of
from .named_code import named_by
from .naming import STARTED, qualified_name

_PLAIN = (type(None), bool, int, float, str, bytes)
_OURS = ("strands", "strands_cli")


def code_origin(code: Any, owner: Any = None) -> list[Any]:
    """Return where the code of a function or class is from, the hash of it, and what else it is made of.

    That is what a decorator put around a function, the texts, numbers and functions that it closes over or was given
    by `functools.partial`, and the classes that a class is derived from. An object that it closes over counts by its
    class. What its code names of the program counts as `named_by` says.

    Args:
        code: A function, a class, a method or a partial.
        owner: The object that it is a method of, or its class.
    """
    if owner is None and type(code) is FunctionType and code.__closure__ is None and not code.__dict__:
        found: list[Any] = [qualified_name(code), source_hash(code.__code__)]  # there is nothing around it
    else:
        found = _Reader().of(code, owner)
    named = named_by(code, owner).digest
    return [*found, {"names": named}] if named else found


class _Reader:
    """Reads code once: functions may close over each other."""

    def __init__(self) -> None:
        self._seen: list[Any] = []

    def of(self, code: Any, owner: Any = None) -> list[Any]:
        if any(code is each for each in self._seen):
            return [qualified_name(code)]
        self._seen.append(code)
        if owner is None and inspect.ismethod(code):
            owner = code.__self__
        layers = list(_layers(code))
        inner = layers[-1]
        found: list[Any] = [qualified_name(inner), source_hash(_text_of(inner))]
        more = [part for layer in layers for part in self._around(layer, layers)]
        if owner is not None:
            more.append(self.of(owner if isinstance(owner, type) else type(owner)))
        return [*found, more] if more else found

    def _around(self, layer: Any, layers: list[Any]) -> Iterator[Any]:
        """Yield what a function, a partial or a class is made of beside its own text."""
        if isinstance(layer, functools.partial):
            yield [self._part(each) for each in layer.args]
            yield {name: self._part(each) for name, each in sorted(layer.keywords.items())}
        elif isinstance(layer, type):
            yield from ([qualified_name(each), source_hash(each)] for each in layer.__mro__[1:] if not _is_known(each))
        elif isinstance(layer, FunctionType):
            if layer is not layers[-1]:
                yield source_hash(layer.__code__)
            cells = {
                name: self._part(value) for name, value in _closed_over(layer) if not any(value is f for f in layers)
            }
            if cells:
                yield cells

    def _part(self, value: Any) -> Any:
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, tuple):
            return [self._part(each) for each in value]
        if isinstance(value, frozenset):
            return sorted(repr(self._part(each)) for each in value)
        if isinstance(value, (FunctionType, functools.partial)) or inspect.ismethod(value):
            return self.of(value)
        return qualified_name(value)


def _layers(code: Any) -> Iterator[Any]:
    """Yield a function and, inside, what decorators and partials were put around."""
    seen: list[Any] = []
    while not any(code is each for each in seen):
        seen.append(code)
        code = getattr(code, "__func__", code)
        yield code
        if isinstance(code, functools.partial):
            code = code.func
        elif inspect.isroutine(code):
            code = getattr(code, "__wrapped__", code)


def _text_of(code: Any) -> Any:
    """Return what the source of a function, a class or a callable object is looked up by."""
    found = getattr(code, "__code__", code)
    return found if isinstance(found, (CodeType, type)) or inspect.isroutine(found) else type(found)


def _closed_over(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the names and values that a function closes over, but for those that it changes itself: they are state."""
    own = _assigned(function.__code__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            value = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
        if name not in own:
            yield name, value


@functools.lru_cache(maxsize=1024)
def _assigned(code: CodeType) -> frozenset[str]:
    import dis

    names = {each.argval for each in dis.get_instructions(code) if each.opname == "STORE_DEREF"}
    inner = (_assigned(each) for each in code.co_consts if isinstance(each, CodeType))
    return frozenset(names).union(*inner)


def _is_known(base: type) -> bool:
    """Return whether a class comes with Python or with this product: then it changes with their versions alone."""
    package = base.__module__.partition(".")[0]
    return package in _OURS or (package in sys.stdlib_module_names and package != "__main__")


def source_hash(code: Any) -> str:
    """Return the hash of code; source says the same in every version of Python, where it tells all."""
    return _source_hash(code, getattr(code, "co_filename", ""))  # code of two files may be equal


@functools.lru_cache(maxsize=1024)
def _source_hash(code: Any, file: str) -> str:
    try:
        lines = inspect.getsource(code).splitlines()
    except Exception:  # there is no source here, or none that can be parsed: what was compiled tells it apart as well
        return digest_of(compiled(code)) if isinstance(code, CodeType) else _methods_hash(code)
    text = [line.strip() for line in lines if line.strip()]
    if isinstance(code, CodeType) and (code.co_name == "<lambda>" or _is_newer(code.co_filename)):
        return digest_of([text, compiled(code)])  # several may stand in one line; or this is not the text that runs
    methods = _methods_hash(code)  # of two classes of one name in a file, either one's text is found
    return digest_of([text, methods] if methods else text)


def _is_newer(file: str) -> bool:
    """Return whether a file was written since this process began, so that what runs may have been another text."""
    try:
        found = os.stat(file)
    except OSError:
        return False
    return max(found.st_mtime, found.st_ctime) >= STARTED


def _methods_hash(code: Any) -> str:
    if not isinstance(code, type):
        return ""
    codes = {name: getattr(each, "__code__", None) for name, each in tuple(vars(code).items())}
    found = {name: source_hash(each) for name, each in codes.items() if isinstance(each, CodeType)}
    return digest_of(found) if found else ""


def compiled(code: CodeType) -> list[Any]:
    """Return what tells compiled code from other code."""
    constants = [compiled(each) if isinstance(each, CodeType) else _constant(each) for each in code.co_consts]
    return [code.co_code.hex(), list(code.co_names), list(code.co_varnames), constants]


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
