"""What agents have used, as the record tells it: tokens in, out and cached, each with the spec that they ran by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from strands_cli.types import Json

_KINDS = ("input", "output", "cache_read", "cache_write")
Used: TypeAlias = tuple[str, str, Mapping[str, Json], Mapping[str, int], str]
"""A step, its agent, what the drive began from, a provider's usage, and the model where it is not the agent's own."""


class TokenCounts(NamedTuple):
    """Tokens by what they cost: `input` is what was read and not cached, `output` what was written."""

    input: int
    output: int
    cache_read: int
    cache_write: int


def tokens_of(usage: Mapping[str, int]) -> TokenCounts:
    """Return a provider's usage with what was cached apart.

    Some providers count what was cached as part of the input, some beside it: then the parts do not make the total.
    """
    read, written = usage.get("inputTokens") or 0, usage.get("outputTokens") or 0
    cached, kept = usage.get("cacheReadInputTokens") or 0, usage.get("cacheWriteInputTokens") or 0
    inside = read + written == total_tokens(usage)
    return TokenCounts(max(read - cached - kept, 0) if inside else read, written, cached, kept)


def usage_by_agent(used: Iterable[Used]) -> dict[str, dict[str, int]]:
    """Return agent id to its tokens: `input` (the cached ones too), `output`, `cache_read`, `cache_write`."""
    found: dict[str, dict[str, int]] = {}
    for _, agent, _, usage, _ in used:
        read, written, cached, kept = tokens_of(usage)
        told = found.get(agent)
        if told is None:
            told = found[agent] = dict.fromkeys(_KINDS, 0)
        told["input"] += read + cached + kept
        told["output"] += written
        told["cache_read"] += cached
        told["cache_write"] += kept
    return found


def total_tokens(usage: Mapping[str, int]) -> int:
    """Return the tokens of a provider's usage: its total, else input plus output."""
    return usage.get("totalTokens") or usage.get("inputTokens", 0) + usage.get("outputTokens", 0)


def money(dollars: float) -> str:
    """Return an amount of US dollars as people read it: $1.25, $0.0031, less than $0.0001."""
    if 0 < dollars < 0.0001:
        return "less than $0.0001"
    return f"${dollars:,.2f}" if dollars >= 0.995 or round(dollars, 4) == round(dollars, 2) else f"${dollars:.4f}"
