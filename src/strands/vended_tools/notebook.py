"""Notes in an agent's state."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Literal

from strands.tools.decorator import DecoratedFunctionTool, tool
from strands.types.tools import ToolContext

_STATE_KEY = "notebooks"
_LARGEST = 1_048_576
_DESCRIPTION = (
    "Keep notes in notebooks: create, list, read, write and clear them. To write, give new_str alone to append, with "
    "old_str to put it in its place, with insert_line to insert it after a line. A notebook has to be created first; "
    "creating one that there is empties it."
)


def make_notebook(
    *, name: str = "notebook", description: str = _DESCRIPTION, max_notebook_size_bytes: int = _LARGEST
) -> DecoratedFunctionTool[..., Coroutine[Any, Any, str]]:
    """Return a tool that keeps notes in the agent's state, and so in its session.

    Args:
        name: What a model calls it by.
        description: What a model is told about it.
        max_notebook_size_bytes: How long a notebook may be, as UTF-8.

    Raises:
        ValueError: The name is empty, or the size is not a whole number above 0.
    """
    largest = max_notebook_size_bytes
    if not name or isinstance(largest, bool) or not isinstance(largest, int) or largest < 1:
        raise ValueError(f"a notebook needs a name and a size above 0, not {name!r} and {largest!r}")

    @tool(name=name, description=description, context=True)
    async def notebook_tool(
        mode: Literal["create", "list", "read", "write", "clear"],
        tool_context: ToolContext[Any],
        name: str = "default",
        new_str: str | None = None,
        old_str: str | None = None,
        insert_line: int | str | None = None,
        read_range: list[int] | None = None,
    ) -> str:
        """Keep notes.

        Args:
            mode: What to do.
            name: The notebook.
            new_str: The text to create it with or to write.
            old_str: The text in whose place new_str is put.
            insert_line: The number of the line, or a text in the line, after which new_str is inserted; -1 is the last.
            read_range: The first and the last line to read; -1 is the last.
        """
        state = tool_context.agent.state
        notebooks: dict[str, str] = state.get(_STATE_KEY) or {"default": ""}
        if mode == "list":
            return "\n".join(f"- {each}: {_size(text)}" for each, text in notebooks.items())
        if mode == "create":
            text = new_str or ""
        elif name not in notebooks:
            raise ValueError(f"there is no notebook {name!r}; there are {sorted(notebooks)}")
        elif mode == "read":
            return _read(notebooks[name], read_range)
        else:
            text = "" if mode == "clear" else _written(notebooks[name], new_str, old_str, insert_line)
        if len(text.encode()) > largest:
            raise ValueError(f"the notebook {name!r} would be longer than {largest} bytes; put less in it")
        state.set(_STATE_KEY, {**notebooks, name: text})
        return f"Notebook '{name}' has {_size(text)} now."

    return notebook_tool


notebook: DecoratedFunctionTool[..., Coroutine[Any, Any, str]] = make_notebook()
"""`make_notebook()`, ready to be given to an agent."""


def _size(text: str) -> str:
    return f"{len(text.splitlines())} lines" if text else "nothing in it"


def _read(text: str, lines: list[int] | None) -> str:
    if lines is None:
        return text or "There is nothing in it."
    if len(lines) != 2:
        raise ValueError("read_range takes two numbers: the first and the last line")
    every = text.split("\n")
    first, last = (each if each >= 0 else len(every) + each + 1 for each in lines)
    read = [f"{number}: {every[number - 1]}" for number in range(max(first, 1), min(last, len(every)) + 1)]
    return "\n".join(read) or f"There are no such lines; it has {len(every)}."


def _written(text: str, new: str | None, old: str | None, after: int | str | None) -> str:
    if new is None or (old is not None and after is not None):
        raise ValueError("to write takes new_str, alone or with one of old_str and insert_line")
    if old is not None:
        if not old or old not in text:
            raise ValueError(f"the text {old!r} is not in the notebook")
        return text.replace(old, new, 1)
    if after is None:
        return f"{text}\n{new}" if text and not text.endswith("\n") else text + new
    lines = text.split("\n")
    at = _line(lines, after)
    return "\n".join([*lines[:at], new, *lines[at:]])


def _line(lines: list[str], after: int | str) -> int:
    """Return behind how many lines comes what is inserted after one."""
    if isinstance(after, str):
        found = [number for number, line in enumerate(lines, 1) if after in line]
        if not found:
            raise ValueError(f"no line has the text {after!r}")
        return found[0]
    at = after if after >= 0 else len(lines) + after + 1
    if at == len(lines) + 1:  # the number that a line at the end would have
        at -= 1
    if not 0 <= at <= len(lines):
        raise ValueError(f"insert_line is {after}; there are {len(lines)} lines")
    return at
