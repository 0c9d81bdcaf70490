"""What an MCP server returns, as content of a tool result."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from strands.types.tools import ToolResultContent

    from .mcp_types import MCPToolResult

IMAGES = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
TEXTS = ("json", "x-ndjson", "yaml", "x-yaml", "xml", "toml", "javascript", "sql", "x-sh")
"""What is text although its type does not begin with `text/`: the part behind `application/`."""


def tool_result(tool_use_id: str, data: Mapping[str, Any]) -> MCPToolResult:
    """Return the result of a call from its wire form."""
    content = [block for item in data.get("content") or [] for block in [to_content(item)] if block is not None]
    structured = data.get("structuredContent")
    if not content and structured is not None:
        content = [{"json": structured}]
    failed = bool(data.get("isError"))
    result: MCPToolResult = {
        "toolUseId": tool_use_id,
        "status": "error" if failed else "success",
        "content": content,
        "isError": failed,
    }
    if structured is not None:
        result["structuredContent"] = structured
    if data.get("_meta"):
        result["metadata"] = data["_meta"]
    return result


def to_content(item: Mapping[str, Any]) -> ToolResultContent | None:
    """Return one block of content from its wire form; what a model cannot be shown becomes a line of text."""
    kind = item.get("type")
    if kind == "text":
        return {"text": item["text"]}
    if kind == "image":
        return _binary(item.get("mimeType", ""), item["data"], "image")
    if kind == "resource":
        resource = item["resource"]
        if "text" in resource:
            return {"text": resource["text"]}
        return _binary(resource.get("mimeType") or "", resource["blob"], str(resource.get("uri", "resource")))
    if kind == "resource_link":
        return {"text": f"[{item.get('name') or 'resource'}: {item['uri']}]"}
    return {"text": f"[{kind} content, {item.get('mimeType', 'of unknown type')}, is not shown]"}


def _binary(mime_type: str, data: str, name: str) -> ToolResultContent:
    kind = mime_type.partition(";")[0].strip().lower()
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return {"text": f"[{name}, {kind or 'of unknown type'}, is not shown: it is not base64]"}
    if kind in IMAGES:
        return cast("ToolResultContent", {"image": {"format": IMAGES[kind], "source": {"bytes": content}}})
    if kind in DOCUMENTS:
        plain = "".join(character if character.isalnum() else "-" for character in name)[-60:].strip("-")
        document = {"format": DOCUMENTS[kind], "name": plain or "document", "source": {"bytes": content}}
        return cast("ToolResultContent", {"document": document})
    if _is_text(kind):
        return {"text": content.decode("utf-8", errors="replace")}
    return {"text": json.dumps({"name": name, "type": kind or "unknown", "bytes": len(content)})}


def _is_text(kind: str) -> bool:
    name = kind.rpartition("/")[2]
    return kind.startswith("text/") or name in TEXTS or name.endswith(("+json", "+xml", "+yaml"))
