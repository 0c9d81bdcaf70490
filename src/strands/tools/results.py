"""Whatever a tool returns, as a tool result."""

from __future__ import annotations

import json
from typing import Any, cast

from strands.types.json_value import as_json
from strands.types.tool_use import ToolResult

_BLOCKS = frozenset({"text", "json", "image", "document", "video", "cachePoint", "searchResult"})
"""Keys of the blocks that a tool result may hold, after Bedrock's `ToolResultContentBlock`."""

_FIELDS = frozenset({"toolUseId", "status", "content"})


class ToolFailure(Exception):
    """A tool raised.

    Attributes:
        result: The error result for the model.
        error: What it raised.
    """

    def __init__(self, result: ToolResult, error: Exception) -> None:
        super().__init__(str(error))
        self.result = result
        self.error = error


def as_result(tool_use_id: str, value: Any) -> ToolResult:
    """Return a tool's return value as a tool result; a tool result is kept, with its id set right.

    Raises:
        TypeError: Its JSON holds what JSON has no form for.
        ValueError: Its JSON holds a value that JSON forbids.
    """
    if type(value) is str:
        return {"toolUseId": tool_use_id, "status": "success", "content": [{"text": value}]}
    if isinstance(value, dict) and _is_result(value):
        blocks = [_plain(block) if "json" in block else block for block in value["content"]]
        more = {key: as_json(value[key], f"the result's {key}", any_text=True) for key in value if key not in _FIELDS}
        core = {"toolUseId": tool_use_id, "status": value["status"], "content": blocks}
        return cast(ToolResult, {**core, **more})
    return {"toolUseId": tool_use_id, "status": "success", "content": [{"text": _text(value)}]}


def _plain(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "json": as_json(block["json"], "the result", any_text=True)}


def _is_result(value: dict[str, Any]) -> bool:
    """Whether a dict is a tool result, and not data that looks like one: a known status, and known blocks alone."""
    content = value.get("content")
    return value.get("status") in ("success", "error") and isinstance(content, list) and all(map(_is_block, content))


def _is_block(block: Any) -> bool:
    """Whether it is a block of a result: a text, of which more may be said, or another with nothing beside."""
    if not isinstance(block, dict) or not block:
        return False
    return isinstance(block["text"], str) if "text" in block else block.keys() <= _BLOCKS


def error_result(tool_use_id: str, text: str) -> ToolResult:
    """Return an error result."""
    return {"toolUseId": tool_use_id, "status": "error", "content": [{"text": text}]}


def failure(tool_use_id: str, text: str, error: Exception) -> ToolFailure:
    """Return what to raise when a tool raised `error`."""
    return ToolFailure(error_result(tool_use_id, text), error)


def _text(value: Any) -> str:
    dump = getattr(value, "model_dump_json", None)
    try:
        if dump is not None and not isinstance(value, (type, dict)):
            return str(dump())
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)
