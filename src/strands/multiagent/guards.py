"""Which hooks may keep a node, or a tool in it, from running: a process that lacks one of them goes on with nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands._core.brought import judges, more
from strands.hooks import BeforeNodeCallEvent, qualified_name

from .base import MultiAgentBase

if TYPE_CHECKING:
    from .orchestration import Orchestration


def guards_of(source: Orchestration[Any]) -> dict[str, list[str]]:
    """Return the qualified names of such hooks: those of `source` under "", those in its nodes under their paths.

    Two hooks of one name are two.
    """
    callbacks = source.hooks.get_callbacks_for(BeforeNodeCallEvent(source, ""))
    found = {"": sorted(qualified_name(each) for each in callbacks)}
    for name, node in source._nodes.items():
        executor: Any = node.executor
        if isinstance(executor, MultiAgentBase):
            inner = guards_of(executor) if hasattr(executor, "_nodes") else {}  # type: ignore[arg-type]
            found |= {f"{name}/{path}" if path else name: names for path, names in inner.items()}
        else:
            found[name] = sorted(judges(executor)) if _is_judged(executor) else []
    return {path: names for path, names in found.items() if names}


def _is_judged(executor: Any) -> bool:
    registry = getattr(getattr(executor, "tool_registry", None), "registry", None)
    return isinstance(registry, dict) and hasattr(getattr(executor, "hooks", None), "judges")


def missing_of(source: Orchestration[Any], recorded: Mapping[str, list[str]]) -> list[str]:
    """Return which recorded hooks `source` lacks, as texts that say where."""
    here = guards_of(source)
    return [
        f"{name!r} of {f'node {path!r}' if path else type(source).__name__.lower()}"
        for path, names in recorded.items()
        for name in more(names, here.get(path, ()))
    ]
