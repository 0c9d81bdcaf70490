"""Ending the agent's work."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from strands.tools.decorator import DecoratedFunctionTool, tool
from strands.types.tools import ToolContext

DEFAULT_MAX_MESSAGE_LENGTH = 4096
_DESCRIPTION = (
    "End your work when the task is done. Call it once, with a last message if there is something to say. "
    "Tools that you have called beside it still run."
)
_MESSAGE = "Agent loop stopped."


def make_stop(
    *,
    name: str = "stop",
    description: str = _DESCRIPTION,
    max_message_length: int = DEFAULT_MAX_MESSAGE_LENGTH,
) -> DecoratedFunctionTool[..., Coroutine[Any, Any, str]]:
    """Return a tool by which a model ends the agent's call: the result has `stop_reason` "cancelled".

    Args:
        name: What a model calls it by.
        description: What a model is told about it.
        max_message_length: Characters of the last message at most.

    Raises:
        ValueError: `max_message_length` is not a positive integer.
    """
    if isinstance(max_message_length, bool) or not isinstance(max_message_length, int) or max_message_length <= 0:
        raise ValueError(f"max_message_length is {max_message_length!r}; give a positive integer")

    @tool(name=name, description=description, context=True)
    async def stop_tool(tool_context: ToolContext[Any], message: str | None = None) -> str:
        """End your work.

        Args:
            message: What to say at last.
        """
        if message is not None and not isinstance(message, str):
            raise ValueError(f"message must be a string, not {type(message).__name__}")
        said = message or _MESSAGE
        if len(said) > max_message_length:
            raise ValueError(f"message has {len(said)} characters; at most {max_message_length} are possible")
        tool_context.agent.cancel(message=said, after_current_tools=True)
        return said

    return stop_tool


stop: DecoratedFunctionTool[..., Coroutine[Any, Any, str]] = make_stop()
"""`make_stop()`, ready to be given to an agent."""
