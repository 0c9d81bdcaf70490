"""Tools by id: those that come with the product, those a spec names, and those given in Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec


def agent_tools(spec: Spec, given: Sequence[Any], agent_id: str, override: Sequence[str] | None = None) -> list[Any]:
    """Return the tools of an agent: those that `override` or its spec lists, else the declared ones.

    Args:
        given: Tools given in Python; every agent gets them, and ids may name them.

    Raises:
        ExecutionError: An id names no tool, or a callable cannot be imported.
    """
    ids = override if override is not None else spec.agents[agent_id].tools
    declared = _declared(spec)
    if ids is None:
        return [*given, *(load(reference) for reference in declared.values())]
    by_name = {_name(tool): tool for tool in given}
    listed = [load(declared.get(id_, id_)) for id_ in ids if id_ not in by_name]
    return [*given, *listed]


def _declared(spec: Spec) -> dict[str, str]:
    """Return the spec's python tools: short name to what it names."""
    from strands_cli.spec.tools import tool_id

    found: dict[str, str] = {}
    for tool in spec.tools.python if spec.tools is not None else ():
        reference = tool if isinstance(tool, str) else tool.callable
        found[tool_id(reference)] = reference
    return found


def _name(tool: Any) -> str:
    return str(getattr(tool, "tool_name", getattr(tool, "__name__", "")))


def load(reference: str) -> Any:
    """Return the tool that "package.module:function" names; a plain function is made one."""
    module, colon, name = reference.partition(":")
    if not colon:
        module, _, name = reference.rpartition(".")
    try:
        found = getattr(import_module(module), name) if module else None
    except (ImportError, AttributeError) as error:
        raise ExecutionError(
            f"tool {reference!r} cannot be imported: {error}",
            hint="Write it as package.module:function, importable here.",
        ) from error
    if found is None:
        raise ExecutionError(f"there is no tool {reference!r}", hint="Write it as package.module:function.")
    if _is_tool(found):
        return found
    from strands import tool

    return tool(found)


def _is_tool(found: Any) -> bool:
    return hasattr(found, "tool_spec") or isinstance(found, Iterable)
