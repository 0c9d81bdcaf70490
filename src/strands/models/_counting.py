"""How many tokens a prompt takes, when nobody counts them exactly."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._content import plain_text

if TYPE_CHECKING:
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.tools import ToolSpec

_TEXT = 4
_JSON = 2


def estimate(
    messages: Messages, tool_specs: Sequence[ToolSpec] | None, system: str | Sequence[SystemContentBlock] | None
) -> int:
    """Return an estimate: four characters a token in text, two in JSON; media count nothing."""
    blocks: list[Any] = [{"text": system}] if isinstance(system, str) else list(system or ())
    blocks += [block for message in messages for block in message["content"]]
    tokens = sum(map(_block, blocks)) + sum(_json(spec) for spec in tool_specs or ())
    return math.ceil(tokens)


def _block(block: Mapping[str, Any]) -> float:
    if "json" in block:
        return _json(block["json"])
    if "toolUse" in block:
        return len(block["toolUse"]["name"]) / _TEXT + _json(block["toolUse"]["input"])
    if "toolResult" in block:
        return sum(map(_block, block["toolResult"]["content"]))
    if "reasoningContent" in block:
        return len(block["reasoningContent"].get("reasoningText", {}).get("text", "")) / _TEXT
    return len(plain_text(block) or "") / _TEXT


def _json(value: Any) -> float:
    return len(json.dumps(value, ensure_ascii=False, default=str)) / _JSON
