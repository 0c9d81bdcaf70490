"""The patterns: a file of `spec/` and one of `patterns/` by the same name, or an entry point of another package."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from pydantic import BaseModel

    from strands_cli.loader.finding import Finding
    from strands_cli.spec.roles import Results

GROUP = "strands.patterns"
"""Entry points of this group are modules with all that a pattern of another package is."""
_ROOT = "strands_cli"
_NONE: frozenset[str] = frozenset()


class PatternRecord(NamedTuple):
    """What a workflow of a pattern may say.

    Attributes:
        name: The pattern's name.
        model: The model of its config.
        says: What it does, in a few words.
        names: Names in templates that it cannot do without; no variable may take them.
        soft_names: Names that it has too, and that a variable may take over.
        results: What stands under its names.
        check: Yields what is wrong with a document beyond the model, the marks and the results.
        unsupported: Yields what a config asks for and no run does: where, what, and what to do instead.
    """

    name: str
    model: type[BaseModel]
    says: str
    names: frozenset[str]
    soft_names: frozenset[str]
    results: Mapping[str, Results]
    check: Callable[[dict[str, Any]], Iterator[Finding]] | None
    unsupported: Callable[[Any], Iterator[tuple[tuple[str | int, ...], str, str]]] | None


@cache
def own_patterns() -> tuple[str, ...]:
    """Return the patterns of this build: what has a file in `spec/` and one in `patterns/`."""
    here = os.path.dirname(__file__)
    return tuple(sorted(_modules(here) & _modules(os.path.join(os.path.dirname(here), "patterns")) - {"__init__"}))


def known_patterns() -> tuple[str, ...]:
    """Return the patterns of this build and of the packages installed beside it."""
    return (*own_patterns(), *sorted(_others()))


def pattern_record(name: str) -> PatternRecord:
    """Return what a workflow of a pattern may say.

    Raises:
        KeyError: There is no such pattern.
        CapabilityError: The package that offers it is broken.
    """
    return _record(name)


def pattern_records() -> Iterator[PatternRecord]:
    """Yield the records of the patterns that are known; those of broken packages are left out."""
    from strands_cli.capability.errors import CapabilityError

    for name in known_patterns():
        try:
            yield _record(name)
        except CapabilityError:
            continue


def find_pattern(name: object) -> PatternRecord | None:
    """Return the record of a pattern, or None when there is none of this name."""
    known = isinstance(name, str) and (name in own_patterns() or name in _others())
    return _record(name) if known else None


def pattern_code(name: str) -> Any:
    """Return the module with the `run`, `plan` and `so_far` of a pattern; raises as `pattern_record`."""
    return _theirs(name) if name not in own_patterns() else _ours(name)


def config_name(pattern: str) -> str:
    """Return what the model of a pattern's config is called."""
    return "".join(word.title() for word in pattern.split("_")) + "Config"


@cache
def _record(name: str) -> PatternRecord:
    module = import_module(f"{_ROOT}.spec.{name}") if name in own_patterns() else _theirs(name)
    return PatternRecord(
        name=name,
        model=getattr(module, config_name(name)),
        says=module.SAYS,
        names=getattr(module, "NAMES", _NONE),
        soft_names=getattr(module, "SOFT_NAMES", _NONE),
        results=getattr(module, "RESULTS", {}),
        check=getattr(module, "check", None),
        unsupported=getattr(module, "unsupported", None),
    )


@cache
def _ours(name: str) -> ModuleType:
    return import_module(f"{_ROOT}.patterns.{name}")


@cache
def _theirs(name: str) -> ModuleType:
    """Return the module of a pattern that another package offers."""
    from strands_cli.capability.errors import CapabilityError

    point = _others()[name]
    hint = "Correct or reinstall the package that offers it."
    try:
        module: ModuleType = point.load()
    except Exception as error:  # a module may do anything while it is imported
        cause = f"pattern {name!r} cannot be loaded from {point.value!r}: {type(error).__name__}: {error}"
        raise CapabilityError(cause, hint=hint) from error
    lacking = [part for part in (config_name(name), "SAYS", "run", "plan", "so_far") if not hasattr(module, part)]
    if lacking:
        raise CapabilityError(f"pattern {name!r} of {point.value!r} has no {', '.join(lacking)}", hint=hint)
    return module


@cache
def _others() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP) if point.name not in own_patterns()}


def _modules(directory: str) -> set[str]:
    try:
        files = os.listdir(directory)
    except OSError:  # the package is in an archive
        import pkgutil

        return {found.name for found in pkgutil.iter_modules([directory])}
    return {file.partition(".")[0] for file in files if file.endswith((".py", ".pyc"))}
