"""What a model call reports about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from strands.types.pydantic_fields import for_pydantic


class _UsageCore(TypedDict):
    inputTokens: int
    outputTokens: int
    totalTokens: int


class Usage(_UsageCore, total=False):
    """Tokens of one or several model calls, as the provider counted them."""

    cacheReadInputTokens: int
    cacheWriteInputTokens: int


class _MetricsCore(TypedDict):
    latencyMs: int


class Metrics(_MetricsCore, total=False):
    """Times of one or several model calls, in milliseconds."""

    timeToFirstByteMs: int


def prompt_tokens(usage: Mapping[str, Any]) -> int | None:
    """Return how many tokens a model read, those from a cache included; None when its usage does not say.

    Some providers count what was cached as part of `inputTokens`, some beside it: then the parts do not make the total.
    """
    read, written = usage.get("inputTokens"), usage.get("outputTokens")
    if read is None or written is None:
        return None
    if read + written == usage.get("totalTokens"):
        return int(read)
    return int(read + (usage.get("cacheReadInputTokens") or 0) + (usage.get("cacheWriteInputTokens") or 0))


StopReason = Literal[
    "cancelled",
    "content_filtered",
    "end_turn",
    "guardrail_intervened",
    "interrupt",
    "limit_output_tokens",
    "limit_total_tokens",
    "limit_turns",
    "malformed_tool_use",
    "max_tokens",
    "stop_sequence",
    "tool_use",
]

for_pydantic(globals())
