"""Tools in a rehearsal: those that change nothing run, the others are answered from their types."""

from __future__ import annotations

import logging
import typing
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from strands.tools.results import as_result
from strands.types.tools import AgentTool, DirectTool, ToolContext, ToolResult, ToolSpec, ToolUse
from strands_cli.toolbox import tool_name

if TYPE_CHECKING:
    from strands.hooks.events import BeforeToolCallEvent
    from strands.hooks.registry import HookRegistry

logger: logging.Logger = logging.getLogger(__name__)
_PLAIN = (str, None, type(None), Any, object, dict, ToolResult)


class RehearsedTool(DirectTool):
    """Stands for a tool that may change something: what the model is told of it is the same, a call does nothing.

    Args:
        tool: The tool that is not called.
    """

    read_only = True

    def __init__(self, tool: AgentTool) -> None:
        self._tool = tool

    @property
    def tool_name(self) -> str:
        return self._tool.tool_name

    @property
    def tool_spec(self) -> ToolSpec:
        return self._tool.tool_spec

    @property
    def tool_type(self) -> str:
        return self._tool.tool_type

    @property
    def approval_basis(self) -> Any:
        return self._tool.approval_basis

    @property
    def identity(self) -> Any:
        return self._tool.identity

    @property
    def origin(self) -> Any:
        return self._tool.origin

    @property
    def parameters(self) -> Any:
        """What checks the arguments, where the tool has it."""
        return getattr(self._tool, "parameters", None)

    async def run(
        self,
        tool_use: ToolUse,
        invocation_state: dict[str, Any],
        context: ToolContext[Any] | None,
        emit: Callable[[Any], None] | None,
    ) -> ToolResult:
        """Return an example of what the tool returns, or say that it was not called."""
        return as_result(tool_use["toolUseId"], example_result(self._tool))


class RehearsalHooks:
    """Puts a rehearsed tool in the place of one that a hook chose; a hook provider."""

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register behind everybody else."""
        from strands.hooks.events import BeforeToolCallEvent
        from strands.hooks.registry import HookOrder

        registry.add_callback(BeforeToolCallEvent, self.before, order=HookOrder.SDK_LAST + 10)

    def before(self, event: BeforeToolCallEvent) -> None:
        if event.selected_tool is not None and not harmless(event.selected_tool):
            event.selected_tool = RehearsedTool(event.selected_tool)


def rehearsed(tools: Iterable[Any]) -> list[Any]:
    """Return the tools of an agent for a rehearsal; what starts a server to learn its tools is left out."""
    found: list[Any] = []
    for tool in tools:
        if isinstance(tool, AgentTool):
            found.append(tool if harmless(tool) else RehearsedTool(tool))
        elif isinstance(tool, (list, tuple, set)):
            found += rehearsed(tool)
        else:
            logger.warning("%r is left out of the rehearsal: what it does is not known", tool_name(tool))
    return found


def harmless(tool: Any) -> bool:
    """Whether a tool may run in a rehearsal: it changes nothing, or knows by itself that it is rehearsed."""
    return bool(getattr(tool, "read_only", False) or getattr(tool, "rehearses", False))


def example_result(tool: AgentTool) -> Any:
    """Return what a call of a tool might return, by its output schema or the annotation of its function."""
    from strands.models.scripted.examples import example

    schema = _output_schema(tool)
    if schema is None:
        return f"Rehearsal: {tool.tool_name} was not called."
    return example(schema, topic=f"rehearsed {tool.tool_name}")


def _output_schema(tool: AgentTool) -> dict[str, Any] | None:
    declared = tool.tool_spec.get("outputSchema")
    if declared:
        found: dict[str, Any] = declared.get("json", declared)
        return found
    try:
        hint: Any = typing.get_type_hints(tool._tool_func).get("return")  # type: ignore[attr-defined]
    except Exception:  # annotations of others may name what is not there, and a tool may have no function
        return None
    if any(hint is plain for plain in _PLAIN):
        return None
    from pydantic import TypeAdapter

    try:
        return TypeAdapter[Any](hint).json_schema(mode="serialization")
    except Exception:  # what pydantic has no schema for has no example
        return None
