"""A tool that is run by its `stream`, and which tools need not be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from strands.interrupt import InterruptException
from strands.tools.results import ToolFailure, as_result
from strands.types.events import ToolInterruptEvent, ToolResultEvent, ToolStreamEvent
from strands.types.tools import AgentTool, DirectTool, ToolResult, ToolUse

_STREAM = DirectTool.stream
_NOTHING = object()


def runs_directly(tool: AgentTool) -> bool:
    """Whether a direct tool's `stream` is the one it came with: what somebody put around that one has to run."""
    return type(tool).stream is _STREAM and "stream" not in vars(tool)


async def streamed_result(
    tool: AgentTool, use: ToolUse, state: dict[str, Any], more: dict[str, Any], emit: Callable[[Any], None] | None
) -> ToolResult:
    """Run one call by the tool's `stream` and return its result, which is the last that it yields.

    Args:
        tool: The tool.
        use: The call.
        state: What the caller of the agent passed along.
        more: Further arguments of `stream`.
        emit: Takes what comes before the result; None when nobody listens.

    Raises:
        InterruptException: It asks.
        ToolFailure: What it runs raised; carries the error result.
        ValueError: It yields nothing.
    """
    last: Any = _NOTHING
    raised: Exception | None = None
    async for last in tool.stream(use, state, **more):
        if isinstance(last, ToolResultEvent):
            last, raised = last.tool_result, last.exception
        elif isinstance(last, ToolInterruptEvent):
            raise InterruptException(*last.interrupts)
        elif emit is not None:
            emit(last["tool_stream_event"]["data"] if isinstance(last, ToolStreamEvent) else last)
    if last is _NOTHING:
        raise ValueError(f"tool {tool.tool_name!r} ended without a result")
    result = as_result(use["toolUseId"], last)
    if raised is not None:
        raise ToolFailure(result, raised)
    return result
