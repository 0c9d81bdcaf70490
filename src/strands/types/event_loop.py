"""What a model call reports about itself."""

from __future__ import annotations

from typing import Literal, TypedDict

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
