"""Files: looked at, made and changed."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Literal, NamedTuple

from strands._threads import in_thread
from strands.tools.decorator import DecoratedFunctionTool, tool

_LARGEST = 1_048_576
_MOST_ENTRIES = 1000
_AROUND = 4
_DESCRIPTION = (
    "Look at, make and change files: view (a file with line numbers, or a directory two levels deep), create, "
    "str_replace and insert. Paths are absolute."
)


def make_file_editor(
    *, name: str = "file_editor", description: str = _DESCRIPTION
) -> DecoratedFunctionTool[..., Coroutine[Any, Any, str]]:
    """Return a tool that views and edits text files of this machine, with the rights of this process.

    Args:
        name: What a model calls it by.
        description: What a model is told about it.
    """

    @tool(name=name, description=description)
    async def file_editor_tool(
        command: Literal["view", "create", "str_replace", "insert"],
        path: str,
        file_text: str | None = None,
        view_range: list[int] | None = None,
        old_str: str | None = None,
        new_str: str | None = None,
        insert_line: int | None = None,
    ) -> str:
        """View and edit files.

        Args:
            command: What to do.
            path: The absolute path of the file, or of a directory to view.
            file_text: What to create the file with.
            view_range: The first and the last line to view; -1 is the last.
            old_str: The text to replace; it must be there once.
            new_str: The text that takes its place, or is inserted.
            insert_line: After which line to insert; 0 is before the first.
        """
        edit = _Edit(command, path, file_text, view_range, old_str, new_str, insert_line)
        return await in_thread(edit.done)

    return file_editor_tool


file_editor: DecoratedFunctionTool[..., Coroutine[Any, Any, str]] = make_file_editor()
"""`make_file_editor()`, ready to be given to an agent."""


class _Edit(NamedTuple):
    """What is asked for."""

    command: str
    path: str
    file_text: str | None
    view_range: list[int] | None
    old_str: str | None
    new_str: str | None
    insert_line: int | None

    def done(self) -> str:
        """Do it, and return what to say of it."""
        file = _checked(self.path)
        if self.command == "create":
            return _create(file, self.file_text)
        if not file.exists():
            raise ValueError(f"there is nothing at {self.path}")
        if self.command == "view":
            return _directory(file) if file.is_dir() else _view(file, self.view_range)
        text = _read(file)
        if self.command == "insert":
            changed, at = _inserted(text, self.insert_line, self.new_str)
        else:
            changed, at = _replaced(text, self.old_str, self.new_str)
        _write(file, changed)
        more = (self.new_str or "").count("\n")
        return f"{file} is changed. It reads now:\n{_numbered(changed, at - _AROUND, at + more + _AROUND)}"


def _checked(path: str) -> Path:
    file = Path(path)
    if not file.is_absolute():
        raise ValueError(f"the path {path!r} is not absolute; it is {os.path.abspath(path)!r} in the working directory")
    if ".." in file.parts:
        raise ValueError(f"the path {path!r} must not have '..' as a part")
    return file


def _read(file: Path) -> str:
    if file.is_dir():
        raise ValueError(f"{file} is a directory, which can only be viewed")
    if file.stat().st_size > _LARGEST:
        raise ValueError(f"{file} has {file.stat().st_size:,} bytes; at most {_LARGEST:,} are possible")
    try:
        return file.read_bytes().decode("utf-8")  # line ends stay as they are
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8 text") from error


def _write(file: Path, text: str) -> None:
    if len(text.encode()) > _LARGEST:
        raise ValueError(f"{file} would have {len(text.encode()):,} bytes; at most {_LARGEST:,} are possible")
    file.write_bytes(text.encode())


def _create(file: Path, text: str | None) -> str:
    if text is None:
        raise ValueError("create needs file_text")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("xb") as made:
            made.write(text.encode())
    except FileExistsError as error:
        raise ValueError(f"there is a file at {file} already; change it with str_replace or insert") from error
    return f"{file} is made."


def _view(file: Path, lines: list[int] | None) -> str:
    text = _read(file)
    if lines is None:
        return _numbered(text, 1, None)
    count = text.count("\n") + 1
    if len(lines) != 2 or not 1 <= lines[0] <= count or (lines[1] != -1 and not lines[0] <= lines[1] <= count):
        raise ValueError(f"view_range is {lines}; the file has the lines 1 to {count}")
    return _numbered(text, lines[0], None if lines[1] == -1 else lines[1])


def _numbered(text: str, first: int, last: int | None) -> str:
    lines = text.split("\n")
    first = max(first, 1)
    return "\n".join(f"{number:>6}  {line}" for number, line in enumerate(lines[first - 1 : last], first))


def _directory(directory: Path) -> str:
    found: list[str] = []
    for entry in sorted(directory.iterdir()):
        if not entry.name.startswith("."):
            found.append(entry.name)
            below = sorted(entry.iterdir()) if entry.is_dir() and os.access(entry, os.R_OK | os.X_OK) else []
            found += [f"{entry.name}/{each.name}" for each in below if not each.name.startswith(".")]
    more = f"\n[{len(found) - _MOST_ENTRIES} more]" if len(found) > _MOST_ENTRIES else ""
    return f"In {directory}, hidden files left out:\n" + "\n".join(found[:_MOST_ENTRIES]) + more


def _replaced(text: str, old: str | None, new: str | None) -> tuple[str, int]:
    if not old:
        raise ValueError("str_replace needs old_str")
    lines = [number for number, line in enumerate(text.split("\n"), 1) if old.split("\n")[0] in line]
    if text.count(old) != 1:
        raise ValueError(
            f"old_str is there {text.count(old)} times (lines that may be meant: {lines[:20]}); give a text that is "
            "there once"
        )
    return text.replace(old, new or "", 1), text[: text.index(old)].count("\n") + 1


def _inserted(text: str, after: int | None, new: str | None) -> tuple[str, int]:
    if after is None or new is None:
        raise ValueError("insert needs insert_line and new_str")
    lines = text.split("\n") if text else []
    if not 0 <= after <= len(lines):
        raise ValueError(f"insert_line is {after}; the file has {len(lines)} lines")
    return "\n".join([*lines[:after], new, *lines[after:]]), after + 1
