"""About how many tokens a prompt takes, and how many fit."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.types.content import Message, SystemContentBlock
    from strands.types.tools import ToolSpec

DEFAULT_CONTEXT_WINDOW_LIMIT = 200_000
_TEXT = 4  # characters of text a token takes, about
_JSON = 2
_MEDIA = {"image": 1_600, "document": 3_000, "video": 5_000, "audio": 3_000}


def estimate(
    messages: Iterable[Message],
    tool_specs: list[ToolSpec] | None = None,
    system_prompt: str | None = None,
    system_prompt_content: list[SystemContentBlock] | None = None,
) -> int:
    """Return about how many tokens a prompt takes: 4 characters of text, or 2 of JSON, make one, and a rest another.

    Args:
        messages: The conversation.
        tool_specs: The tools that are offered.
        system_prompt: The instructions as text; not counted when `system_prompt_content` is given.
        system_prompt_content: The instructions as content blocks.
    """
    total = sum(_block(block) for message in messages for block in message["content"])
    total += sum(_json(spec) for spec in tool_specs or ())
    if system_prompt_content:
        total += sum(_block(block) for block in system_prompt_content)
    elif system_prompt:
        total += _text(system_prompt)
    return total


def window_limit(model: Any) -> int:
    """Return how many tokens a model can read: what its configuration says, else 200,000, which is told once."""
    limit = getattr(model, "context_window_limit", None)
    if limit is None:
        config = model.get_config()
        limit = config.get("context_window_limit") if isinstance(config, Mapping) else None
    if limit:
        return int(limit)
    told = f"the model has no context_window_limit, so {DEFAULT_CONTEXT_WINDOW_LIMIT} tokens are assumed"
    warnings.warn(told, stacklevel=1)  # of one place, so that Python says it once
    return DEFAULT_CONTEXT_WINDOW_LIMIT


def _block(block: Mapping[str, Any]) -> int:
    total = 0
    for kind, value in block.items():
        if kind == "text":
            total += _text(value)
        elif kind in _MEDIA:
            total += _MEDIA[kind]
        elif kind == "toolUse":
            total += _text(value["name"]) + _json(value["input"])
        elif kind == "toolResult":
            total += sum(_block(each) for each in value["content"])
        elif kind == "reasoningContent":
            total += _text(value.get("reasoningText", {}).get("text", ""))
        elif kind == "guardContent":
            total += _block(value.get("text") or {})
        elif kind == "citationsContent":
            total += sum(_block(each) for each in value.get("content", []))
        elif kind == "json":
            total += _json(value)
    return total


def _text(text: str) -> int:
    return math.ceil(len(text) / _TEXT)


def _json(value: Any) -> int:
    return math.ceil(len(json.dumps(value, default=str)) / _JSON)
