"""Whatever a tool returns, as a tool result."""

from __future__ import annotations

import json
from typing import Any, cast

from strands.types.tools import ToolResult


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
    """Return a tool's return value as a tool result; a tool result is kept, with its id set right."""
    if type(value) is str:
        return {"toolUseId": tool_use_id, "status": "success", "content": [{"text": value}]}
    if isinstance(value, dict) and "status" in value and isinstance(value.get("content"), list):
        return cast(ToolResult, {**value, "toolUseId": tool_use_id})
    return {"toolUseId": tool_use_id, "status": "success", "content": [{"text": _text(value)}]}


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
