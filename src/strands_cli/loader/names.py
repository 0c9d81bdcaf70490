"""Which names the engine has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from strands_cli.loader.words import words
from strands_cli.spec.registry import find_pattern, pattern_records

if TYPE_CHECKING:
    pass

EVERYWHERE = frozenset(("last_response", "hitl_response"))
"""Names of every pattern that it cannot do without; no variable may take them."""

CONTEXT = "execution_context"

CONVENIENT_EVERYWHERE = frozenset((CONTEXT, "TRACE", "hitl_timed_out"))
"""What is done, and whether the newest answer is a default; a variable may take them over. TRACE is for artifacts."""

OF_SPEC = words("name version description tags metadata runtime context_policy timestamp inputs")
"""The spec's own keys and the time; a variable may take them over."""


def reserved(pattern: str) -> frozenset[str]:
    """Return the names that no variable of a spec of this pattern may have."""
    record = find_pattern(pattern)
    return EVERYWHERE if record is None else EVERYWHERE | record.names


def own_first(names: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the names of a pattern as templates see them: the workflow's own variables win over convenient names."""
    own = names.get("inputs")
    if not own or not isinstance(own, Mapping):
        return names
    won = {name: own[name] for name in own.keys() & names.keys() if name not in _NEVER and names[name] is not own[name]}
    return {**names, **won} if won else names


_NEVER = EVERYWHERE | {"inputs"}


class ContextNames(frozenset[str]):
    """Stands for `execution_context` among names: the pattern's own of these, whatever they are where it is used."""


def with_context(names: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return names with the `execution_context` that they make."""
    known = names.get(CONTEXT)
    if type(known) is not ContextNames:
        return names
    return {**names, CONTEXT: {name: names[name] for name in known if name in names}}


@lru_cache(128)
def context_names(pattern: str) -> ContextNames:
    """Return the names of which `execution_context` is made in templates of a pattern."""
    record = find_pattern(pattern)
    return ContextNames() if record is None else ContextNames(record.names | record.soft_names)


@lru_cache(128)
def engine_names(pattern: str) -> frozenset[str]:
    """Return all names that a template of this pattern may use without anybody giving them."""
    record = find_pattern(pattern)
    soft = frozenset[str]() if record is None else record.soft_names
    return reserved(pattern) | OF_SPEC | CONVENIENT_EVERYWHERE | soft


def comes_later(name: str) -> bool:
    """Whether some pattern has a value of this name, though perhaps not yet."""
    return name in _all_names()


@cache
def _all_names() -> frozenset[str]:
    return EVERYWHERE.union(CONVENIENT_EVERYWHERE, *(each.names | each.soft_names for each in pattern_records()))
