"""The `hooks` that agents, graphs, swarms and workflows are given: providers, and functions that say of which event."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from .naming import qualified_name
from .registry import HookRegistry, infer_event_types


def register_given(registry: HookRegistry, hooks: Iterable[Any], where: str) -> None:
    """Register what `where`, such as "Agent(hooks=)", was given.

    Raises:
        ValueError: One is neither a provider nor a function whose parameter is annotated with an event.
    """
    for hook in hooks:
        if hasattr(hook, "register_hooks") and not isinstance(hook, type):
            registry.add_hook(hook)
            continue
        try:
            registry.add_callback(None, hook)
        except (ValueError, TypeError, AttributeError):
            check_given(hook, where)
            raise


def check_given(hook: Any, where: str) -> None:
    """Check one of the hooks that `where` was given.

    Raises:
        ValueError: It is neither a provider nor a function whose parameter is annotated with an event.
    """
    if isinstance(hook, type):
        raise ValueError(f"{where}: {hook.__name__} is a class; make a hook of it: {hook.__name__}(...)")
    if hasattr(hook, "register_hooks"):
        return
    if not callable(hook):
        raise ValueError(
            f"{where}: {hook!r} is not a hook; give a function of an event, or an object with register_hooks(registry)"
        )
    try:
        infer_event_types(hook)
    except (ValueError, TypeError, AttributeError) as error:
        name = getattr(hook, "__name__", type(hook).__name__)
        shown = name if name.isidentifier() else "approve"
        raise ValueError(
            f"{where}: {qualified_name(hook)} does not say of which event it is told ({_why(hook, error)}). Annotate "
            f"its first parameter with an event of strands.hooks, as in def {shown}(event: BeforeToolCallEvent); what "
            "cannot be annotated, such as a lambda, is registered by a provider: "
            "registry.add_callback(BeforeToolCallEvent, ...)"
        ) from error


def _why(hook: Any, error: Exception) -> str:
    if isinstance(error.__cause__, NameError):
        return f"its annotation cannot be read: {error.__cause__}"
    try:
        parameters = [each for each in inspect.signature(hook).parameters.values() if each.name not in ("self", "cls")]
    except (ValueError, TypeError):
        return "its signature is not known"
    if not parameters:
        return "it takes no parameter"
    if parameters[0].annotation is inspect.Parameter.empty:
        return f"its parameter {parameters[0].name!r} has no annotation"
    return f"its parameter {parameters[0].name!r} is annotated with no event"
