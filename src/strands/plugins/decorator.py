"""Marking a plugin's method as a hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from strands.hooks.registry import infer_event_types

F = TypeVar("F", bound=Callable[..., Any])
MARK = "_strands_hook_events"


@overload
def hook(func: F) -> F: ...
@overload
def hook(func: None = None) -> Callable[[F], F]: ...
def hook(func: F | None = None) -> F | Callable[[F], F]:
    """Mark a plugin's method as a hook, as `@hook` or `@hook()`; its parameter's annotation says of which events.

    Raises:
        ValueError: The parameter is not annotated with an event.
    """
    return _marked if func is None else _marked(func)


def _marked(func: F) -> F:
    setattr(func, MARK, infer_event_types(func))
    return func
