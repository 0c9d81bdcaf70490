"""Commands of the shell."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from strands._threads import in_thread
from strands.tools.decorator import DecoratedFunctionTool, tool
from strands.types.tools import ToolContext

from ._process import DEFAULT_TIMEOUT, Output, run

_DESCRIPTION = (
    "Run a shell command and get its output, its error output and its exit code (0: all went well). "
    "Every command has a new shell: variables and the working directory do not last."
)


def make_shell(
    *, name: str = "shell", description: str = _DESCRIPTION
) -> DecoratedFunctionTool[..., Coroutine[Any, Any, Output]]:
    """Return a tool that runs shell commands on this machine, with the rights of this process.

    Args:
        name: What a model calls it by.
        description: What a model is told about it.
    """

    @tool(name=name, description=description, context=True)
    async def shell_tool(command: str, tool_context: ToolContext[Any], timeout: float = DEFAULT_TIMEOUT) -> Output:
        """Run a shell command.

        Args:
            command: The command.
            timeout: Seconds it may take.
        """
        return await in_thread(lambda: run(command, timeout, tool_context.cancel_signal))

    return shell_tool


shell: DecoratedFunctionTool[..., Coroutine[Any, Any, Output]] = make_shell()
"""`make_shell()`, ready to be given to an agent."""
