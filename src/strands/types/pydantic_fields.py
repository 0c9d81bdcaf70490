"""The types of messages as fields of pydantic models, at no cost for who does not use pydantic.

Pydantic refuses the standard library's `TypedDict` before Python 3.12, and cannot see names that are imported for type
checkers only. So each of these types tells it, when it asks, of a twin that it understands.
"""

from __future__ import annotations

import functools
import sys
import typing
from importlib import import_module
from typing import Any

_MODULES = ("agent", "citations", "content", "event_loop", "guardrails", "interrupt", "media", "streaming", "tools")


def for_pydantic(namespace: dict[str, Any]) -> None:
    """Let pydantic understand the `TypedDict`s that a module defines.

    Args:
        namespace: The module's `globals()`, at its end.
    """
    for each in list(namespace.values()):
        if typing.is_typeddict(each) and each.__module__ == namespace["__name__"]:
            setattr(each, "__get_pydantic_core_schema__", classmethod(_schema))  # noqa: B010 - unknown to TypedDict


def _schema(cls: Any, source: Any, handler: Any) -> Any:
    return handler(_twin(cls))


@functools.cache
def _twin(cls: Any) -> Any:
    """Return the same type as `typing_extensions` has it, with the names in it looked up."""
    from typing_extensions import NotRequired, Required, TypedDict

    hints = typing.get_type_hints(cls, localns=_names(cls), include_extras=True)
    fields = {
        name: Required[hint] if name in cls.__required_keys__ else NotRequired[hint] for name, hint in hints.items()
    }
    twin: Any = TypedDict(cls.__name__, fields)  # type: ignore[operator, misc, unused-ignore]
    twin.__module__, twin.__doc__ = cls.__module__, cls.__doc__
    return twin


def _names(cls: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _MODULES:
        found.update(vars(import_module(f"strands.types.{name}")))
    return {**found, **vars(sys.modules[cls.__module__])}
