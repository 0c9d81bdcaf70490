"""file_read and file_write."""

from __future__ import annotations

from typing import Any, Literal

from strands.tools.decorator import tool
from strands_cli.builtin import ToolAccess

MOST_BYTES = 1_000_000


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool `name` for a place."""
    return {"file_read": _file_read, "file_write": _file_write}[name](place)


def _file_read(place: ToolAccess) -> Any:
    @tool
    def file_read(path: str, start_line: int = 1, max_lines: int = 0) -> str:
        """Read a text file.

        Args:
            path: The file, relative to the working directory or to a mount.
            start_line: The first line to return; lines count from 1.
            max_lines: How many lines to return; 0 returns all.
        """
        with place.files.open(path) as file:
            content = file.read(MOST_BYTES + 1)
        cut = len(content) > MOST_BYTES
        text = text_of(content[:MOST_BYTES], path)
        if start_line > 1 or max_lines > 0:
            lines = text.splitlines(keepends=True)[max(start_line, 1) - 1 :]
            text = "".join(lines[:max_lines] if max_lines > 0 else lines)
        return f"{text}\n[cut off after {MOST_BYTES:,} bytes; grep, head and tail read more]" if cut else text

    return file_read


def _file_write(place: ToolAccess) -> Any:
    @tool
    def file_write(path: str, content: str, mode: Literal["write", "append"] = "write") -> str:
        """Write a text file; directories that are missing are made.

        Args:
            path: The file, relative to the working directory or to a mount.
            content: What to write.
            mode: "write" replaces what is there, "append" adds to its end.
        """
        data = content.encode("utf-8")
        if place.rehearsal:
            return f"Rehearsal: {len(data):,} bytes would be written to {place.files.place(path).name!r}."
        place.files.write(path, data, append=mode == "append")
        return f"{'Appended' if mode == 'append' else 'Wrote'} {len(data):,} bytes to {path}."

    return file_write


def text_of(content: bytes, path: str) -> str:
    """Return the text of a file.

    Raises:
        ValueError: It is not text.
    """
    if b"\0" in content[:8192]:
        raise ValueError(f"{path!r} is not a text file")
    return content.decode("utf-8", "replace")
