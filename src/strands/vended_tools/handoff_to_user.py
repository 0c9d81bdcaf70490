"""A question to a person."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from strands.tools.decorator import DecoratedFunctionTool, tool
from strands.types.tools import ToolContext

HANDOFF_INTERRUPT_NAME = "strands:handoff-to-user"
"""The name of the interrupt by which `handoff_to_user` asks."""
_DESCRIPTION = (
    "Ask the user a question and wait for the answer. Only when you cannot go on without a decision or something that "
    "the user alone knows, not to tell a result or how far you are."
)


def make_handoff_to_user(
    *, name: str = "handoff_to_user", description: str = _DESCRIPTION
) -> DecoratedFunctionTool[..., Coroutine[Any, Any, Any]]:
    """Return a tool by which a model asks a person: an interrupt, whose answer is the tool's result.

    Args:
        name: What a model calls it by.
        description: What a model is told about it.
    """

    @tool(name=name, description=description, context=True)
    async def handoff_to_user_tool(tool_context: ToolContext[Any], message: str) -> Any:
        """Ask the user.

        Args:
            message: The question.
        """
        if not message.strip():
            raise ValueError("message is empty; say what you want to know")
        return tool_context.interrupt(HANDOFF_INTERRUPT_NAME, reason=message)

    return handoff_to_user_tool


handoff_to_user: DecoratedFunctionTool[..., Coroutine[Any, Any, Any]] = make_handoff_to_user()
"""`make_handoff_to_user()`, ready to be given to an agent."""
