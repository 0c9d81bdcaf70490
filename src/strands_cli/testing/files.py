"""Reading what tests are written in: YAML, JSON, JSON lines and CSV."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from strands_cli.errors import InputError


def read_data(path: str | PathLike[str]) -> Any:
    """Return what a YAML or JSON file holds; None for an empty one.

    Raises:
        LoadError: It cannot be read, or is neither.
    """
    from strands_cli.loader.load import read_text

    name = fspath(path)
    return parse_data(read_text(Path(path).expanduser(), name), name)


def parse_data(text: str, source: str) -> Any:
    """Return what a YAML or JSON text holds; `source` is what it is called, and says which of them it is."""
    if source.lower().endswith((".json", ".jsonl")):
        from strands_cli.loader.json_reader import read_json as read
    else:
        from strands_cli.loader.yaml_reader import read_yaml as read

        if all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()):
            return None
    data, _ = read(text, source)
    return data


def read_replies(path: str | PathLike[str]) -> dict[str, Any]:
    """Return the scripts in a YAML or JSON file, by agent.

    Raises:
        LoadError: The file cannot be read, or is neither.
        InputError: It does not hold a mapping.
    """
    data = read_data(path)
    if not isinstance(data, Mapping):
        raise InputError(
            f"{str(path)!r} holds no replies", hint="Write a mapping from agents to replies (writer: A poem.)."
        )
    return {str(name): as_script(value) for name, value in data.items()}


def as_script(value: Any) -> Any:
    """Return replies that stand in a file as a script; `{tool: NAME, input: {...}}` is a tool call."""
    return [_as_reply(each) for each in value] if isinstance(value, list) else _as_reply(value)


def _as_reply(value: Any) -> Any:
    if isinstance(value, Mapping) and "tool" in value and set(value) <= {"tool", "input"}:
        from strands.models.scripted import ToolCall

        return ToolCall(str(value["tool"]), value.get("input") or {})
    if isinstance(value, list):
        return [_as_reply(each) for each in value]
    return value if isinstance(value, (str, Mapping)) else str(value)
