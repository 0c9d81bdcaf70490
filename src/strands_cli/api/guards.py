"""What Python gave a session beside its spec, on record: a process that lacks a part of it drives nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from strands_cli.errors import MissingPartsError
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.api.options import Options


def brought(options: Options) -> dict[str, Json]:
    """Return what Python gives beside the spec, by name: hooks, tools and the model."""
    if not (options.hooks or options.tools or options.model is not None):
        return {}
    return {
        "hooks": [_name(hook) for hook in options.hooks],
        "judges": _judges(options.hooks, options.tools) if options.hooks or options.tools else [],
        "tools": [name for tool in options.tools for name in _tool_names(tool)],
        "model": _name(options.model) if options.model is not None else None,
    }


def joined(known: Mapping[str, Json], here: Mapping[str, Json]) -> dict[str, Json]:
    """Return what is on record with what this process brings beside it; the model stays the first drive's."""
    if not known or not here or known == here:
        return dict(known or here)
    first = {name: known.get(name, ()) for name in ("hooks", "judges", "tools")}
    both = {name: [*names, *_more(here[name], names)] for name, names in first.items()}
    return {**both, "model": known["model"]}


def lacking(
    known: Mapping[str, Json], options: Options, here: Mapping[str, Json] | None = None
) -> dict[str, list[str]]:
    """Return the names of what is on record and not in this process, by kind; empty when nothing is missing.

    Args:
        known: What is on record.
        options: What this process brings.
        here: The names of that, where they are known already.
    """
    if not known:
        return {}
    here = (brought(options) if here is None else here) or {"hooks": [], "judges": [], "tools": [], "model": None}
    if here == known:
        return {}
    found = {name: _more(known[name], here[name]) for name in ("hooks", "tools")}
    found["hooks"] = found["hooks"] or _more(known.get("judges", ()), here["judges"])
    if known["model"] is not None and options.model is None and not options.offline:
        found["model"] = [known["model"]]
    return {name: names for name, names in found.items() if names}


def refusal(
    session_id: str, missing: Mapping[str, Sequence[str]], app: str | None, problem: str = ""
) -> MissingPartsError:
    """Return the error for a process that lacks parts, with what to do about it.

    Args:
        session_id: The session.
        missing: What is missing, by kind.
        app: Where the program kept its Workflow, as far as that is on record.
        problem: Why that could not be used here.
    """
    parts = [
        f"{name if len(names) > 1 else _ONE[name]} {', '.join(map(repr, names))}" for name, names in missing.items()
    ]
    source = app or "module:workflow"
    hint = f"Name the Workflow that has them: strands resume {session_id} --app {source}"
    hint += f"; in Python: Workflow(..., {', '.join(f'{name}=...' for name in missing)}).resume({session_id!r})."
    if set(missing) == {"hooks"}:
        hint += " To go on without these guards: --without-hooks, in a terminal."
    return MissingPartsError(
        f"session {session_id!r} was started with the {' and the '.join(parts)}, which this process does not have"
        + (f" ({problem})" if problem else ""),
        hint=hint,
        missing={name: tuple(names) for name, names in missing.items()},
    )


def without(missing: Mapping[str, list[str]], waived: Sequence[str]) -> dict[str, list[str]]:
    """Return what is missing when a person has said which hooks may be."""
    if not missing or not waived:
        return {**missing}
    left = {**missing, "hooks": _more(missing.get("hooks", ()), waived)}
    return {name: names for name, names in left.items() if names}


def tool_ids(tools: Sequence[Any] | None) -> list[str]:
    """Return the ids of tools given in Python, so that the spec may name them."""
    if not tools:
        return []
    return [tool_id(tool) for tool in tools]


def tool_id(tool: Any) -> str:
    """Return the id of a tool, or of an agent as one, given in Python."""
    if hasattr(tool, "as_tool") and not hasattr(tool, "tool_name"):
        tool = tool.as_tool()
    return str(getattr(tool, "tool_name", None) or getattr(tool, "__name__", tool))


def _judges(hooks: Sequence[Any], tools: Sequence[Any]) -> list[str]:
    """Return the names of what may stop a tool call: in hooks, of which one may register nothing, and in agents."""
    from strands._core.brought import judges
    from strands.hooks.registry import HookRegistry

    registry = HookRegistry()
    for hook in hooks:
        try:
            registry.add_hook(hook) if hasattr(hook, "register_hooks") else registry.add_callback(None, hook)
        except Exception:  # the agents that get it say what is wrong with it
            continue
    agents = (getattr(tool, "agent", tool) for tool in tools)
    inside = [
        name for each in agents if hasattr(each, "hooks") and hasattr(each, "tool_registry") for name in judges(each)
    ]
    return [*registry.judges, *inside]


def _more(names: Sequence[str], than: Sequence[str]) -> list[str]:
    """Return what `names` has more often than `than`."""
    return sorted((Counter(names) - Counter(than)).elements())


def _tool_names(tool: Any) -> list[str]:
    """Return stable names: a list is its tools, what has no name of its own is named after its class."""
    if isinstance(tool, str):
        return [tool]
    if isinstance(tool, (list, tuple, set)):
        return [name for each in tool for name in _tool_names(each)]
    for attribute in ("tool_name", "name", "__name__"):
        name = getattr(tool, attribute, None)
        if isinstance(name, str):
            return [name]
    return [_name(tool)]


def _name(thing: Any) -> str:
    from strands.hooks.naming import qualified_name

    kind: Any = type(thing)
    return qualified_name(thing) if callable(thing) else _class_name(kind)


@lru_cache(maxsize=256)
def _class_name(kind: type) -> str:
    from strands.hooks.naming import qualified_name

    return qualified_name(kind)


_ONE = {"hooks": "hook", "tools": "tool", "model": "model"}
