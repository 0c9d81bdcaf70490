"""Constants that are written in the text of a module of the program, or taken from where one is."""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .imported_code import is_own

_SIMPLE = (type(None), bool, int, float, complex, str, bytes)
_OPERATIONS = (
    *(ast.Constant, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.JoinedStr, ast.FormattedValue),
    *(ast.expr_context, ast.operator, ast.unaryop),
)
_FURTHEST = 20
"""How many modules a constant is followed through that one takes from the other."""


class _Taken(NamedTuple):
    """A name that a module takes from another: how many dots stand before that, its name, and what it says there."""

    dots: int
    module: str
    name: str


class _Written(NamedTuple):
    """What the text of a module says: constants with their texts, names taken from others, and others taken whole."""

    constants: Mapping[str, str]
    taken: Mapping[str, _Taken]
    whole: Sequence[_Taken]


_NOTHING = _Written({}, {}, ())


def is_constant(value: Any) -> bool:
    """Return whether a value is a number, a text, or a tuple or frozen set of these."""
    if type(value) in (tuple, frozenset):
        return all(map(is_constant, value))
    return type(value) in _SIMPLE


def constant_text(value: Any) -> str:
    """Return the one text of a constant."""
    return repr(sorted(map(constant_text, value))) if type(value) is frozenset else repr(value)


def is_written(module: str, name: str) -> bool:
    """Return whether a module writes a constant in its text, or takes it from one of the program that does.

    Others may differ in each process, such as the time.
    """
    for _ in range(_FURTHEST):
        found = _of(module)
        if name in found.constants:
            return True
        taken = found.taken.get(name)
        if taken is None:
            return any(is_own(each) and name in _of(each).constants for each in _whole(module, found))
        module, name = _absolute(module, taken), taken.name
        if not is_own(module):
            return False
    return False


def written_in(module: str) -> Mapping[str, str]:
    """Return the constants that are written in the text of a module and of its classes: `NAME` and `Class.NAME`."""
    return _of(module).constants


def _whole(module: str, found: _Written) -> Iterator[str]:
    return (_absolute(module, each) for each in found.whole)


def _absolute(module: str, taken: _Taken) -> str:
    if not taken.dots:
        return taken.module
    around = str(getattr(sys.modules.get(module), "__package__", None) or "").split(".")
    around = around[: len(around) - taken.dots + 1]
    return ".".join([*around, *([taken.module] if taken.module else [])])


def _of(module: str) -> _Written:
    file = getattr(sys.modules.get(module), "__file__", None)
    try:
        return _read(file, os.stat(file).st_mtime_ns) if file is not None else _NOTHING
    except OSError:
        return _NOTHING


@functools.lru_cache(maxsize=256)
def _read(file: str, changed_at: int) -> _Written:
    try:
        with open(file, "rb") as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return _NOTHING
    changed = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    own = {target.id for node in tree.body for target, _ in _assigned(node) if isinstance(target, ast.Name)}
    imports = [(name, each) for node in tree.body if isinstance(node, ast.ImportFrom) for name, each in _names(node)]
    taken = {name: each for name, each in imports if name not in changed | own | {"*"}}
    whole = [each for name, each in imports if name == "*"]
    return _Written(_constants(tree.body, "", {}, changed), taken, whole)


def _names(node: ast.ImportFrom) -> Iterator[tuple[str, _Taken]]:
    for each in node.names:
        yield each.asname or each.name, _Taken(node.level, node.module or "", each.name)


def _constants(body: Iterable[ast.stmt], inside: str, around: Mapping[str, str], but: set[str]) -> dict[str, str]:
    """Return the names that are assigned once, and what is worked out of constants alone, with its text."""
    found: dict[str, str] = {}
    written: dict[str, list[ast.expr | None]] = {}
    classes = []
    for node in body:
        if isinstance(node, ast.ClassDef):
            classes.append(node)
        for target, value in _assigned(node):
            if isinstance(target, ast.Name):
                written.setdefault(target.id, []).append(value)
    known = {name: text for name, text in around.items() if name not in written}
    for name, values in written.items():
        text = _text_of(values[0], known) if len(values) == 1 and (inside or name not in but) else None
        if text is not None:
            found[f"{inside}{name}"] = known[name] = text
    for node in classes:
        found.update(_constants(node.body, f"{inside}{node.name}.", known, but))
    return found


def _assigned(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _each(target, node.value)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        yield node.target, node.value if isinstance(node, ast.AnnAssign) else None


def _each(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    if not isinstance(target, (ast.Tuple, ast.List)):
        yield target, value
        return
    values: Sequence[ast.expr | None] = [None] * len(target.elts)
    if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(values):
        values = value.elts
    for inner, part in zip(target.elts, values, strict=True):
        yield from _each(inner, part)


def _text_of(node: ast.expr | None, known: Mapping[str, str]) -> str | None:
    """Return the text of what is worked out of constants alone; None for what is not."""
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
        return constant_text(value) if is_constant(value) else None
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return _worked_out(node, known)


def _worked_out(node: ast.expr, known: Mapping[str, str]) -> str | None:
    names = []
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in known:
            names.append(f"{each.id}={known[each.id]}")
        elif not isinstance(each, _OPERATIONS):
            return None
    try:
        return " ".join([ast.unparse(node), *names])
    except RecursionError:
        return None
