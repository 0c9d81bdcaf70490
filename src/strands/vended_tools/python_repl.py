"""Python code, in a process of its own."""

from __future__ import annotations

import re
import sys
from collections.abc import Coroutine
from typing import Any

from strands._threads import in_thread
from strands.tools.decorator import DecoratedFunctionTool, tool
from strands.types.tools import ToolContext

from ._process import DEFAULT_TIMEOUT, Output, run

_DESCRIPTION = (
    "Run Python code and get what it prints, its error output and its exit code (0: all went well). "
    "Every call is a new process: print what you want to see; variables do not last."
)


def make_python_repl(
    *, name: str = "python_repl", description: str = _DESCRIPTION, language: str | None = None
) -> DecoratedFunctionTool[..., Coroutine[Any, Any, Output]]:
    """Return a tool that runs Python code on this machine, with the rights of this process.

    Args:
        name: What a model calls it by.
        description: What a model is told about it.
        language: The interpreter, as `python3.12`; this process's when None.

    Raises:
        ValueError: The name is empty, or `language` is not the name of a program.
    """
    if not name:
        raise ValueError("name is empty; give the tool a name")
    if language is not None and not re.fullmatch(r"[\w./+-]+", language):
        raise ValueError(f"language is {language!r}; give the name or path of an interpreter, such as python3.12")
    interpreter = language or sys.executable

    @tool(name=name, description=description, context=True)
    async def python_repl_tool(code: str, tool_context: ToolContext[Any], timeout: float = DEFAULT_TIMEOUT) -> Output:
        """Run Python code.

        Args:
            code: The code.
            timeout: Seconds it may take.
        """
        return await in_thread(lambda: run([interpreter, "-c", code], timeout, tool_context.cancel_signal))

    return python_repl_tool


python_repl: DecoratedFunctionTool[..., Coroutine[Any, Any, Output]] = make_python_repl()
"""`make_python_repl()`, ready to be given to an agent."""
