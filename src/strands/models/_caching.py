"""Where a prompt is marked for a provider's cache, as Bedrock's `cachePoint` blocks."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import CacheConfig, CacheToolsConfig


def warn_of_unused(cache: CacheConfig | None, provider: str, used: Collection[str] = ()) -> None:
    """Warn of settings of a cache that a provider has no use for.

    Args:
        cache: What the model is configured to do, or None.
        provider: Whom to name.
        used: The names of the settings that it uses as they are.
    """
    if cache is None:
        return
    given = [each.name for each in dataclasses.fields(cache) if getattr(cache, each.name) != each.default]
    unused = [name for name in given if name not in used]
    if unused:
        warnings.warn(f"{provider} has no use for {', '.join(unused)} of cache_config and ignores it.", stacklevel=4)


def known(cache: CacheConfig | None) -> CacheConfig | None:
    """Return the settings of a cache whose strategy is one; another is warned of and marks nothing."""
    if cache is None or cache.strategy in ("auto", "anthropic"):
        return cache
    warnings.warn(f"{cache.strategy!r} is not a strategy of CacheConfig, so nothing is cached.", stacklevel=4)
    return None


def mark_messages(
    messages: Sequence[Mapping[str, Any]], cache: CacheConfig | None, passing: int = 0
) -> list[dict[str, Any]]:
    """Return the messages with marks in the newest of the user alone; a provider allows few marks.

    Args:
        messages: The conversation; not changed.
        cache: What to mark; None leaves every mark where it is.
        passing: How many blocks at the end of the newest message are made anew for each call: the mark stands before
            them, and where nothing else is there is none.
    """
    if cache is None:
        return [dict(message) for message in messages]
    newest = next((n for n in reversed(range(len(messages))) if _may_end_prefix(messages[n])), None)
    marked = []
    for number, message in enumerate(messages):
        content = [block for block in message["content"] if "cachePoint" not in block]
        if number == newest and content:
            content = _marked_before(message["content"], cache.ttl, passing)
        marked.append({**message, "content": content})
    return marked


def mark_system(
    blocks: Sequence[Mapping[str, Any]], cache: CacheConfig | None, tools: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the blocks of a system prompt with a mark at their end, if the configuration wants one there.

    Args:
        blocks: The system prompt; not changed.
        cache: What to mark; None leaves every mark where it is.
        tools: The mark behind the tools, which stand before it: a mark that lives longer than one before it is refused.
    """
    if cache is None or cache.system_prompt_ttl is False or not blocks:
        return [_filled(block, None) for block in blocks]
    ttl = _lifetime(cache.system_prompt_ttl, cache)
    return _with_mark(blocks, None if ttl == "1h" and tools and tools.get("ttl") != "1h" else ttl)


def tools_mark(cache: CacheConfig | None, cache_tools: str | CacheToolsConfig | None) -> dict[str, Any] | None:
    """Return the mark that stands behind the tools, or None."""
    if cache is not None and cache.tools_ttl is not None:
        return point(_lifetime(cache.tools_ttl, cache)) if cache.tools_ttl else None
    if not cache_tools:
        return None
    ttl = getattr(cache_tools, "ttl", None) or (cache.ttl if cache else None)
    return point(ttl, getattr(cache_tools, "type", cache_tools))


def point(ttl: str | None, kind: Any = "default") -> dict[str, Any]:
    """Return a mark."""
    return {"type": kind, **({"ttl": ttl} if ttl else {})}


def _may_end_prefix(message: Mapping[str, Any]) -> bool:
    return message["role"] == "user" and any("cachePoint" not in block for block in message["content"])


def _with_mark(blocks: Sequence[Mapping[str, Any]], ttl: str | None) -> list[dict[str, Any]]:
    """Return the blocks with the marks they have, whose lifetime is filled in, or with one at the end.

    A mark with nothing before it marks nothing, and is left out.
    """
    begun = next((n for n, block in enumerate(blocks) if "cachePoint" not in block), 0)
    marked = [_filled(block, ttl) for block in blocks[begun:]]
    return marked if any("cachePoint" in block for block in marked) else [*marked, {"cachePoint": point(ttl)}]


def _marked_before(blocks: Sequence[Mapping[str, Any]], ttl: str | None, passing: int) -> list[dict[str, Any]]:
    end = max(0, len(blocks) - passing)
    stays = any("cachePoint" not in block for block in blocks[:end])
    rest = [dict(block) for block in blocks[end:] if "cachePoint" not in block]
    return [*(_with_mark(blocks[:end], ttl) if stays else ()), *rest]


def _filled(block: Mapping[str, Any], ttl: str | None) -> dict[str, Any]:
    if not block.get("cachePoint"):
        return dict(block)
    return {"cachePoint": {**point(ttl), **{name: value for name, value in block["cachePoint"].items() if value}}}


def _lifetime(asked: bool | str, cache: CacheConfig) -> str | None:
    return asked if isinstance(asked, str) else cache.ttl
